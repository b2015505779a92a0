package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mirrorgw/ctl/tomldoc"
)

// PCI is the Driver of a device that is given by its PCI address.
const PCI = "pci"

// Device is the parsed device string of a port.
type Device struct {
	Text   string // as EAL takes it, in -a for PCI and in --vdev otherwise
	Name   string // vdev name such as net_pcap0, or PCI address with domain, such as 0000:3b:00.0
	Driver string // vdev driver such as net_pcap, or PCI
	Args   []DeviceArg
}

// DeviceArg is one key=value behind the name.
type DeviceArg struct {
	Key, Value string
}

// Arg returns the value of the first argument key, or nothing.
func (d *Device) Arg(key string) string {
	for _, arg := range d.Args {
		if arg.Key == key {
			return arg.Value
		}
	}
	return ""
}

// Has reports whether one of the arguments is present.
func (d *Device) Has(keys ...string) bool {
	return slices.ContainsFunc(d.Args, func(arg DeviceArg) bool { return slices.Contains(keys, arg.Key) })
}

var (
	pciAddress = regexp.MustCompile(`^(?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]$`)
	vdevName   = regexp.MustCompile(`^(net_[a-z][a-z_]*[a-z])([0-9]+)$`)
	kernelName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9@.:_-]{0,14}$`)
	driverOnly = regexp.MustCompile(`^net_[a-z_]*[a-z]$`)
)

// vdevDrivers are the Ethernet drivers of DPDK 22.11 that make virtual devices on any machine.
var vdevDrivers = []string{"net_af_packet", "net_af_xdp", "net_bonding", "net_failsafe", "net_memif", "net_null",
	"net_pcap", "net_ring", "net_softnic", "net_tap", "net_tun", "net_vdev_netvsc", "net_vhost", "net_virtio_user"}

func unknownDriver(name string) error {
	if near := tomldoc.Nearest(name, vdevDrivers); near != "" {
		return fmt.Errorf("device: DPDK has no driver %s; did you mean %s?", name, near)
	}
	return fmt.Errorf("device: DPDK has no driver %s; use one of: %s", name, list(vdevDrivers))
}

const maxDeviceName = 63 // RTE_DEV_NAME_MAX_LEN without the final zero

// ParseDevice reads a PCI address or a DPDK virtual device, either with arguments: "3b:00.0",
// "net_pcap0,rx_pcap=in.pcap". What a driver makes of its arguments is checked for the drivers
// that a newcomer meets first.
func ParseDevice(text string) (Device, error) {
	name, rest, hasArgs := strings.Cut(text, ",")
	d := Device{Text: text, Name: name}
	switch match := vdevName.FindStringSubmatch(name); {
	case pciAddress.MatchString(name):
		d.Driver, d.Name = PCI, normalPCI(name)
	case match != nil && len(name) <= maxDeviceName:
		if d.Driver = match[1]; !slices.Contains(vdevDrivers, d.Driver) {
			return d, unknownDriver(d.Driver)
		}
	default:
		return d, badDevice(name)
	}
	if hasArgs {
		for _, item := range strings.Split(rest, ",") {
			key, value, _ := strings.Cut(item, "=")
			if key == "" {
				return d, fmt.Errorf("device %q has an empty argument; write name,key=value,key=value", text)
			}
			d.Args = append(d.Args, DeviceArg{key, value})
		}
	}
	return d, d.checkArgs()
}

func normalPCI(address string) string {
	if strings.Count(address, ":") == 1 {
		address = "0000:" + address
	}
	return strings.ToLower(address)
}

func badDevice(name string) error {
	switch {
	case driverOnly.MatchString(name) && !slices.Contains(vdevDrivers, name):
		return unknownDriver(name)
	case driverOnly.MatchString(name):
		return fmt.Errorf("device %q has no number; write %s0", name, name)
	case strings.HasPrefix(name, "net_"):
		return fmt.Errorf("device %q is not a DPDK virtual device; write driver and number like net_pcap0 or net_af_packet0", name)
	case kernelName.MatchString(name):
		return fmt.Errorf("device %q is not a DPDK device; for the kernel interface use net_af_packet0,iface=%s", name, name)
	}
	return fmt.Errorf("device %q is neither a PCI address nor a DPDK virtual device; write one like 0000:3b:00.0 or net_pcap0,rx_pcap=in.pcap", name)
}

var pcapArgs = []string{"rx_pcap", "tx_pcap", "rx_iface", "rx_iface_in", "tx_iface", "iface", "phy_mac", "infinite_rx"}

func (d *Device) checkArgs() error {
	switch d.Driver {
	case "net_pcap":
		return d.checkPcapArgs()
	case "net_af_packet", "net_af_xdp":
		if d.Arg("iface") == "" {
			return fmt.Errorf("device %q names no kernel interface; add one: %s,iface=eth0", d.Text, d.Name)
		}
	}
	return nil
}

func (d *Device) checkPcapArgs() error {
	seen := map[string]bool{}
	for _, arg := range d.Args {
		switch {
		case !slices.Contains(pcapArgs, arg.Key):
			return fmt.Errorf("device %q: net_pcap has no argument %q; %s", d.Text, arg.Key, suggest(arg.Key, pcapArgs))
		case arg.Value == "":
			return fmt.Errorf("device %q: %s has no value; write %s=VALUE", d.Text, arg.Key, arg.Key)
		case seen[arg.Key]:
			return fmt.Errorf("device %q has %s twice; net_pcap has one queue, so keep one of the two", d.Text, arg.Key)
		}
		seen[arg.Key] = true
	}
	if !d.Has("rx_pcap", "tx_pcap", "rx_iface", "rx_iface_in", "tx_iface", "iface") {
		return fmt.Errorf("device %q neither reads nor writes; add rx_pcap=FILE, tx_pcap=FILE or both", d.Text)
	}
	return d.checkPcapSame()
}

func (d *Device) checkPcapSame() error {
	if file := d.Arg("tx_pcap"); file != "" && cleanPath(file) == cleanPath(d.Arg("rx_pcap")) {
		return errors.New("device " + fmt.Sprintf("%q", d.Text) + " would overwrite the capture that it reads; write to another tx_pcap")
	}
	return nil
}

func suggest(word string, candidates []string) string {
	if near := tomldoc.Nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "use one of: " + strings.Join(candidates, ", ")
}
