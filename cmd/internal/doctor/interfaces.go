package doctor

import (
	"net"
	"strconv"
	"strings"

	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

const (
	netDir       = "/sys/class/net/"
	maxPacketMTU = 1964 // of net_af_packet, which takes frames of 1,982 bytes
	flagUp       = 0x1  // IFF_UP
	flagNoARP    = 0x80 // IFF_NOARP
	driverPacket = "net_af_packet"
	driverXDP    = "net_af_xdp"
)

// kernelPort is a port on a kernel interface that exists without the gateway.
type kernelPort struct {
	*config.Port
	iface string
}

// kernelPorts are the ports of net_af_packet and net_af_xdp.
func kernelPorts(c *config.Config) (ports []kernelPort) {
	if c == nil {
		return nil
	}
	for i := range c.Ports {
		device := &c.Ports[i].Device
		if device.Driver == driverPacket || device.Driver == driverXDP {
			ports = append(ports, kernelPort{&c.Ports[i], device.Arg("iface")})
		}
	}
	return ports
}

// present are the kernel ports whose interface is there.
func (e *exam) present() (ports []kernelPort) {
	for _, port := range kernelPorts(e.cfg) {
		if e.exists(netDir + port.iface) {
			ports = append(ports, port)
		}
	}
	return ports
}

func (e *exam) interfaces() {
	for _, port := range kernelPorts(e.cfg) {
		if !e.exists(netDir + port.iface) {
			e.findf("interface-absent", "see \"ip link\" for those there are, and [[port]] device", "port %s: there is no kernel interface %s", port.Name, port.iface)
			continue
		}
		e.carrier(port)
		e.quiet(port)
	}
}

// carrier looks at the link of one port.
func (e *exam) carrier(port kernelPort) {
	flags, err := strconv.ParseUint(e.text(netDir+port.iface+"/flags"), 0, 32)
	switch {
	case err != nil:
		return
	case flags&flagUp == 0:
		e.findf("interface-down", "run \"ip link set "+port.iface+" up\"", "port %s: the kernel interface %s is not set up", port.Name, port.iface)
	case e.text(netDir+port.iface+"/carrier") == "0":
		e.findf("link-down", "look at the cable and at the other side", "port %s: the kernel interface %s has no carrier", port.Name, port.iface)
	}
	if flags&flagNoARP == 0 {
		e.findf("interface-arp", "run \"ip link set "+port.iface+" arp off\" if the host has addresses elsewhere that it must not answer for here",
			"port %s: the kernel answers ARP on %s", port.Name, port.iface)
	}
}

// quiet looks at what would make the host itself send on a port's interface.
func (e *exam) quiet(port kernelPort) {
	if e.defaultRoute(port.iface) {
		e.findf("interface-default-route", "use another interface: what the host sends and receives there becomes production traffic",
			"port %s: the host's default route leaves by %s", port.Name, port.iface)
		return // taking its addresses off would cut the host off
	}
	addresses, err := e.Addresses(port.iface)
	if err == nil {
		if kept := routable(addresses); len(kept) > 0 {
			e.findf("interface-address", "run \"ip addr flush dev "+port.iface+"\"", "port %s: the host has the address %s on %s", port.Name, strings.Join(kept, ", "), port.iface)
		}
	}
	if e.text("/proc/sys/net/ipv6/conf/"+port.iface+"/disable_ipv6") == "0" {
		e.findf("interface-ipv6", "run \"sysctl -w net.ipv6.conf."+strings.ReplaceAll(port.iface, ".", "/")+".disable_ipv6=1\"",
			"port %s: IPv6 is on at %s, so that the host itself sends there", port.Name, port.iface)
	}
}

// routable are the addresses that somebody gave; a link-local one comes with IPv6 and is told of as such.
func routable(addresses []net.Addr) (texts []string) {
	for _, address := range addresses {
		if prefix, ok := address.(*net.IPNet); ok && !prefix.IP.IsLinkLocalUnicast() {
			texts = append(texts, prefix.String())
		}
	}
	return texts
}

func (e *exam) mtus() {
	mtu := map[string]int{}
	for _, port := range e.present() {
		n, ok := e.number(netDir + port.iface + "/mtu")
		if !ok {
			continue
		}
		mtu[port.Name] = n
		if n > maxPacketMTU && port.Device.Driver == driverPacket && port.Role != rules.RoleTunnel {
			e.findf("mtu-too-large", "lower it, or use a network card for jumbo frames",
				"port %s: the MTU of %s is %d, and net_af_packet takes frames of an MTU of at most %d", port.Name, port.iface, n, maxPacketMTU)
		}
	}
	for _, port := range e.present() {
		other, ok := mtu[port.Peer]
		if ok && port.Name < port.Peer && mtu[port.Name] != other {
			e.findf("mtu-differs", "set them to the same value with \"ip link set IFACE mtu N\": longer frames are dropped as too_long",
				"ports %s and %s: the MTUs of the two sides of the wire are %d and %d", port.Name, port.Peer, mtu[port.Name], other)
		}
	}
}

func (e *exam) offloads() {
	for _, port := range e.present() {
		on, err := e.Offloads(port.iface)
		if err != nil {
			continue // an interface without ethtool has no offloads
		}
		set := "run \"ethtool -K " + port.iface + " "
		if (on.GRO || on.LRO) && port.Role != rules.RoleTunnel {
			e.findf("receive-merging", set+"gro off lro off\"", "port %s: GRO or LRO of %s merges frames before the gateway sees them, and long ones are cut", port.Name, port.iface)
		}
		if on.TSO || on.GSO {
			e.findf("send-offload", set+"tso off gso off\"", "port %s: TSO or GSO is on at %s; what the host itself sent there would be longer than the MTU", port.Name, port.iface)
		}
		if on.RxVLAN {
			e.findf("vlan-stripping", set+"rxvlan off\"", "port %s: %s takes VLAN tags off; a tag of type 0x88a8 comes back as 0x8100", port.Name, port.iface)
		}
	}
}
