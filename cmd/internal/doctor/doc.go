// Package doctor looks at a host as a gateway will find it, or finds it now, and says of each thing that
// is not as it should be what it is, where, and what to do. It changes nothing.
//
// What the kernel shows as files is read below a root directory, and what it does not is asked of a
// Machine, so that tests can show it any host.
package doctor
