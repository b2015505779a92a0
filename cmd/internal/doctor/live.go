package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Live is the machine that the program runs on.
type Live struct {
	DPDKVersion string // of the library that the program is linked with
}

// Root implements Machine.
func (Live) Root() bool { return os.Geteuid() == 0 }

// DPDK implements Machine.
func (l Live) DPDK() string { return l.DPDKVersion }

// Memlock implements Machine.
func (Live) Memlock() (uint64, error) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit)
	return limit.Cur, err
}

// Synchronised implements Machine.
func (Live) Synchronised() (bool, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, err
}

// Free implements Machine.
func (Live) Free(dir string) (uint64, error) {
	var fs unix.Statfs_t
	err := unix.Statfs(dir, &fs)
	return fs.Bavail * uint64(fs.Bsize), err
}

// Listen implements Machine.
func (Live) Listen(address netip.AddrPort) error {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(address))
	if err != nil {
		return err
	}
	return l.Close()
}

// Addresses implements Machine.
func (Live) Addresses(name string) ([]net.Addr, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	return i.Addrs()
}

// Commands and flags of SIOCETHTOOL (linux/ethtool.h).
const (
	ethtoolTSO   = 0x1e
	ethtoolGSO   = 0x23
	ethtoolFlags = 0x25
	ethtoolGRO   = 0x2b

	flagRxVLAN = 1 << 8
	flagLRO    = 1 << 15
)

// Offloads implements Machine.
func (Live) Offloads(name string) (o Offloads, err error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return o, err
	}
	defer unix.Close(socket)
	var flags bool
	var value uint32
	for command, on := range map[uint32]*bool{ethtoolTSO: &o.TSO, ethtoolGSO: &o.GSO, ethtoolGRO: &o.GRO, ethtoolFlags: &flags} {
		v, failed := ethtool(socket, name, command)
		if failed != nil {
			return o, fmt.Errorf("ethtool %s: %w", name, failed)
		}
		if *on = v != 0; command == ethtoolFlags {
			value = v
		}
	}
	o.LRO, o.RxVLAN = value&flagLRO != 0, value&flagRxVLAN != 0
	return o, nil
}

// ethtool asks for one value (struct ifreq with a pointer to struct ethtool_value).
func ethtool(socket int, name string, command uint32) (uint32, error) {
	value := struct{ command, data uint32 }{command: command}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return 0, errno
	}
	return value.data, nil
}

// Unit implements Machine, by systemctl.
func (Live) Unit(name string) (u Unit, ok bool) {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return u, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--property=LoadState,ActiveState,Result,UnitFileState,NRestarts", name).Output()
	if err != nil {
		return u, false
	}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "LoadState":
			ok = value == "loaded"
		case "ActiveState":
			u.Active = value
		case "Result":
			u.Result = value
		case "UnitFileState":
			u.File = value
		case "NRestarts":
			u.Restarts, _ = strconv.Atoi(value)
		}
	}
	return u, ok
}
