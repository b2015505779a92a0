// Package dpdktest gives a test binary one EAL, and its tests devices, mempools and frames.
//
// A package that needs EAL has
//
//	func TestMain(m *testing.M) { dpdktest.Main(m) }
//
// EAL runs with --no-huge, without PCI devices, under a random file prefix; the Go threads are
// confined to the main lcore's CPU, so that workers have theirs to themselves. Only tests import
// this package.
package dpdktest
