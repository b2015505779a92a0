package dpdk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// SetKernelLink sets a kernel interface up or down, as "ip link set NAME up" does.
func SetKernelLink(name string, up bool) error {
	if err := setKernelLink(name, up); err != nil {
		return fmt.Errorf("kernel interface %s: %w", name, err)
	}
	return nil
}

func setKernelLink(name string, up bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return os.NewSyscallError("SIOCGIFFLAGS", err)
	}
	flags := request.Uint16() &^ unix.IFF_UP
	if up {
		flags |= unix.IFF_UP
	}
	request.SetUint16(flags)
	return os.NewSyscallError("SIOCSIFFLAGS", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request))
}
