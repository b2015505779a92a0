// Package control steers a running gateway in tests, from outside: by the mirrorctl program, as a
// person would (Tool), and by reading what Linux says of the daemon's memory (Memory).
package control
