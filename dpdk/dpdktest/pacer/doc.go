// Package pacer is a traffic generator and receiver for benchmarks: it sends frames on one port at a
// steady rate by the time stamp counter, receives what comes back on another, and says what was
// lost, reordered or altered, and how long frames were under way.
//
// Go decides what is sent, when and for how long; C sends and receives (pacer.c). A pacer belongs to one
// goroutine, whose thread it makes an EAL thread for the length of a run. It is for tests and
// benchmarks only.
package pacer
