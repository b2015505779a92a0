// Package vm tries the installed package on network cards: QEMU boots a Debian with three emulated PCI cards of one model,
// mirrorgw-host gives them to user space, and frames go in and come out at the other ends of their cables, which this
// package holds. "make test-vm" runs it; "make test" only what needs no machine.
package vm
