package doctor

import (
	"net"
	"net/netip"
)

// Machine is what a host does not show as files.
type Machine interface {
	// Root is whether this process is root's.
	Root() bool
	// DPDK is the version of the library, such as "DPDK 22.11.11".
	DPDK() string
	// Memlock is the soft limit of locked memory, bytes.
	Memlock() (uint64, error)
	// Synchronised says whether the kernel's clock follows a time source.
	Synchronised() (bool, error)
	// Free is what may still be written to the file system of a directory, bytes.
	Free(dir string) (uint64, error)
	// Listen tries to listen on TCP; its error says why that cannot be.
	Listen(address netip.AddrPort) error
	// Addresses are those of a kernel interface.
	Addresses(name string) ([]net.Addr, error)
	// Offloads are those of a kernel interface.
	Offloads(name string) (Offloads, error)
	// Unit is the service's state; ok is false where there is no service manager or no such unit.
	Unit(name string) (unit Unit, ok bool)
}

// Offloads of a kernel interface that are on.
type Offloads struct {
	GRO, LRO, GSO, TSO, RxVLAN bool
}

// Unit is what the service manager says of a unit.
type Unit struct {
	Active   string // as systemctl's ActiveState: active, failed, inactive, …
	Result   string // why it failed
	File     string // as UnitFileState: enabled, disabled, static, …
	Restarts int
}
