package dpdk

/*
#include <rte_version.h>
*/
import "C"

// Version names the libdpdk that the process runs with, like "DPDK 22.11.11". It needs no EAL.
func Version() string { return C.GoString(C.rte_version()) }
