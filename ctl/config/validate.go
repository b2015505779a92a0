package config

import (
	"fmt"
	"path/filepath"
	"strconv"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// MaxPorts is how many ports a gateway can have: RTE_MAX_ETHPORTS of Debian's DPDK 22.11.
const MaxPorts = 32

// validate judges what one section alone cannot show, and settles the defaults that depend on
// other sections.
func validate(c *Config, root *tomldoc.Table) {
	if len(c.PortNames(rules.RoleWire))+len(c.PortNames(rules.RoleTap)) == 0 {
		root.Errorf("port", "no port carries production traffic; add [[port]] sections with peer or role = \"tap\"")
		return
	}
	if len(c.Ports) > MaxPorts {
		root.Errorf("port", "%d ports are configured, but Debian's DPDK 22.11 has room for %d; remove some", len(c.Ports), MaxPorts)
		return
	}
	if !checkNames(c) {
		return // peers and neighbors name ports: what they mean cannot be judged
	}
	checkDevices(c)
	checkPeers(c)
	checkQueues(c)
	checkCaptures(c)
	checkTunnelAddresses(c)
	checkRoutes(c)
	checkNeighbors(c)
	checkMainLcore(c)
}

// checkNames reports whether each port has a name of its own.
func checkNames(c *Config) bool {
	names := map[string]*Port{}
	for i := range c.Ports {
		p := &c.Ports[i]
		if first := names[p.Name]; first != nil {
			p.src.Errorf("name", "the name is taken by the port at line %d; choose another", first.src.Position("name").Line)
		} else {
			names[p.Name] = p
		}
	}
	return len(names) == len(c.Ports)
}

func checkDevices(c *Config) {
	devices := map[string]*Port{}
	for i := range c.Ports {
		p := &c.Ports[i]
		if first := devices[p.Device.Name]; first != nil {
			p.src.Errorf("device", "device %s is already used by port %q; %s", p.Device.Name, first.Name, otherDevice(c, p.Device))
		} else {
			devices[p.Device.Name] = p
		}
	}
}

func otherDevice(c *Config, d Device) string {
	if d.Driver == PCI {
		return "give each port a PCI address of its own"
	}
	taken := map[string]bool{}
	for i := range c.Ports {
		taken[c.Ports[i].Device.Name] = true
	}
	n := 0
	for taken[d.Driver+strconv.Itoa(n)] {
		n++
	}
	return fmt.Sprintf("give each port a number of its own, like %s%d", d.Driver, n)
}

func checkPeers(c *Config) {
	for i := range c.Ports {
		p := &c.Ports[i]
		if p.Peer == "" {
			continue
		}
		j := c.PortIndex(p.Peer)
		switch {
		case p.Peer == p.Name:
			p.src.Errorf("peer", "the port is its own peer; name one of: %s", list(others(c, p.Name)))
		case j < 0:
			p.src.Errorf("peer", "peer %q is not a configured port; name one of: %s", p.Peer, list(others(c, p.Name)))
		case c.Ports[j].Role != rules.RoleWire:
			p.src.Errorf("peer", "peer %q is a %s port; name a wire port or remove its role", p.Peer, c.Ports[j].Role)
		case c.Ports[j].Peer != p.Name && isWire(c, c.Ports[j].Peer, p.Peer):
			p.src.Errorf("peer", "peer %q has the peer %q; set peer = %q there or name another port here",
				p.Peer, c.Ports[j].Peer, p.Name)
		}
	}
}

// isWire reports whether peer is a wire port other than the port itself. A port whose peer is
// not one has its own problem, which need not be told from both sides.
func isWire(c *Config, peer, itself string) bool {
	i := c.PortIndex(peer)
	return i >= 0 && peer != itself && c.Ports[i].Role == rules.RoleWire
}

func others(c *Config, name string) []string {
	var names []string
	for i := range c.Ports {
		if c.Ports[i].Name != name {
			names = append(names, c.Ports[i].Name)
		}
	}
	return names
}

// cleanPath makes two spellings of one relative or absolute path equal.
func cleanPath(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Clean(path)
}

// checkCaptures refuses capture files that a port would overwrite under another's hands.
func checkCaptures(c *Config) {
	writers, readers := map[string]string{}, map[string]string{}
	for i := range c.Ports {
		if file := cleanPath(c.Ports[i].Device.Arg("rx_pcap")); file != "" {
			readers[file] = c.Ports[i].Name
		}
	}
	for i := range c.Ports {
		p := &c.Ports[i]
		file := cleanPath(p.Device.Arg("tx_pcap"))
		if file == "" {
			continue
		}
		if other, taken := writers[file]; taken {
			p.src.Errorf("device", "tx_pcap %s is already written by port %q; give each port a file of its own", file, other)
		}
		if other, taken := readers[file]; taken {
			p.src.Errorf("device", "tx_pcap %s is the capture that port %q reads; write to another file", file, other)
		}
		writers[file] = p.Name
	}
}

func checkMainLcore(c *Config) {
	for _, lcore := range c.EAL.All() {
		if c.EAL.MainLcore == lcore.CPU || c.EAL.MainLcore == lcore.ID {
			c.EAL.src.Errorf("main_lcore", "main_lcore %d is a worker too; take it out of lcores or name another CPU", c.EAL.MainLcore)
			return
		}
	}
}
