// Package tally counts what the control plane itself does: requests that it answers, and how long
// its changes take. Whoever does the work counts here, and package metrics reads. All of it may be
// used from any goroutine, and costs well below a microsecond.
package tally
