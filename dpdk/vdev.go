package dpdk

import (
	"fmt"
	"net"
	"regexp"
	"strings"
)

// IsVdev reports whether a device is a virtual one, "net_pcap0,rx_pcap=in.pcap", and not a PCI
// address.
func IsVdev(device string) bool { return strings.HasPrefix(device, "net_") }

// VdevName returns a device without its arguments: "net_pcap0,rx_pcap=in.pcap" is "net_pcap0".
// That is the name of its port too.
func VdevName(device string) string {
	name, _, _ := strings.Cut(device, ",")
	return name
}

// VdevArg returns the value of a device's argument: iface of "net_af_packet0,iface=eth1".
func VdevArg(device, key string) (string, bool) {
	for i, arg := range strings.Split(device, ",") {
		if k, v, ok := strings.Cut(arg, "="); i > 0 && ok && k == key {
			return v, true
		}
	}
	return "", false
}

var pciPattern = regexp.MustCompile(`^([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$`)

// portName is the name that DPDK gives the port of a device.
func portName(device string) (string, error) {
	name := VdevName(device)
	if IsVdev(name) {
		return name, nil
	}
	address := strings.ToLower(name)
	if !pciPattern.MatchString(address) {
		return "", fmt.Errorf("device %q: write a PCI address such as 0000:00:03.0 or a vdev such as net_pcap0,rx_pcap=in.pcap", device)
	}
	if strings.Count(address, ":") == 1 {
		address = "0000:" + address
	}
	return address, nil
}

// KernelMTU returns the MTU (bytes of the IP packet) of the kernel interface behind a vdev. ok
// is false when the device has none, or when the kernel interface does not exist yet.
func KernelMTU(device string) (mtu int, ok bool, err error) {
	if !DriverOf(VdevName(device)).KernelMTU {
		return 0, false, nil
	}
	name, given := VdevArg(device, "iface")
	if !given {
		return 0, false, nil
	}
	link, err := net.InterfaceByName(name)
	if err != nil {
		if strings.HasPrefix(device, "net_tap") {
			return 0, false, nil // the driver creates it
		}
		return 0, false, fmt.Errorf("device %s: interface %s: %w", VdevName(device), name, err)
	}
	return link.MTU, true, nil
}
