// Package dpdk is a thin binding to libdpdk 22.11: EAL, lcores, mempools, ports and RCU.
//
// It holds no policy and never touches a packet: whoever moves packets is C that runs on an EAL
// worker lcore (packages pipeline and lcore). Its vocabulary is DPDK's own and that of
// github.com/yerden/go-dpdk, so that DPDK's manual explains it.
//
// # Boundary
//
// Go reads no field of a DPDK struct. shim.h is free of DPDK headers and declares small structs
// of ours that shim_*.c fill. A DPDK object leaves this package as an unsafe.Pointer
// (Mempool.Pointer, QSBR.Pointer), because a cgo type is private to its package.
//
// # Life cycle
//
// Init once per process, then ports and pools, RemoteLaunch, WaitLcore, Port Stop and Close,
// Mempool.Free, EAL.Cleanup. Nothing has a finalizer: who makes an object frees it. After Cleanup
// no other function of this package may be called on a port, pool or lcore.
//
// # Threads
//
// Every function may be called from any goroutine. Calls that change one port or one pool must
// not run at the same time as each other. EAL's main lcore is a thread of this package's own,
// never a goroutine of the caller's.
package dpdk
