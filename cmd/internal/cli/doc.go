// Package cli is mirrorctl: its commands, what they print and how they end. It knows the daemon
// only as a Gateway, so that every command is tested without one.
//
// Resources of all kinds go through the same code: kinds.go says of each kind which fields it has,
// and a field says which flag sets it, which JSON member it is and how people read it.
// Everything that -o json prints is what the API said, members and order unchanged.
package cli
