package reference

import "slices"

// Gateway has the sections of gateway.toml, in the order of the page.
func Gateway() []Section {
	return slices.Concat(machineSections(), wayoutSections(), doorSections(), keepingSections(), []Section{bypassSection()}, copySections())
}

// machineSections say what frames move on.
func machineSections() []Section {
	return []Section{
		{Name: "eal", Keys: []Key{
			{Name: "lcores", Type: Text, Required: true, Form: "`\"1\"`, `\"1,3-5\"`, `\"2@1\"`; lcores 0 to 127",
				Meaning: "workers, in EAL's list syntax; `\"2@1\"` is lcore 2 on CPU 1. Each needs a CPU of its own. Worker i polls queue i of every port"},
			{Name: "mirror_lcores", Type: Text, Form: "as `lcores`; at most as many",
				Meaning: "[split mode](architecture.md#split-mode): lcores that send the copies which workers hand over, each with a CPU of its own. Queue i of a tunnel port belongs to the i-th of them, and a wire that is a tunnel port too needs one more transmit queue for each"},
			{Name: "main_lcore", Type: Integer, Absent: "lowest allowed CPU that no worker uses", Least: "0", Most: "127",
				Meaning: "CPU of the main lcore. It may not be a worker, so two CPUs are the least"},
			{Name: "memory_mb", Type: Integer, Unit: "MiB", Default: "512", Least: "64", Most: "1048576",
				Meaning: "for mempools and DPDK's tables. `--check-config` prints what the mempools need"},
			{Name: "data_room", Type: Integer, Unit: "bytes", Default: "2176", Least: "256", Most: "16384",
				Meaning: "of an mbuf that frames are received into, 128 of which stay free before the frame. A longer frame takes several mbufs, where the driver can split it. Larger rooms take jumbo frames in one; smaller ones take less memory, where the frames are short"},
			{Name: "hugepages", Type: Text, Default: `"auto"`, Words: []string{"auto", "require", "never"},
				Meaning: "`auto` uses them when enough are free and says which in the log; `require` refuses to start without. They about double the rate"},
			{Name: "file_prefix", Type: Text, Absent: "chosen at start", Most: "64", Form: "a name",
				Meaning: "of EAL's runtime files"},
		}},
		{Name: "port", Many: true, Keys: append(portKeys(), portWayKeys()...)},
	}
}

func portKeys() []Key {
	return []Key{
		{Name: "name", Type: Text, Required: true, Most: "64", Form: "a name, unique", Meaning: "what everything else calls the port"},
		{Name: "device", Type: Text, Required: true, Form: "a PCI address or a vdev, each once",
			Meaning: "`\"0000:3b:00.0\"`, `\"net_af_packet0,iface=eth1\"`, `\"net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap\"`"},
		{Name: "peer", Type: Text, Form: "name of a port",
			Meaning: "the other side of a wire: what enters here leaves there. Both sides name each other. Implies `role = \"wire\"`"},
		{Name: "role", Type: Text, Absent: "`wire` with a peer, else required", Words: []string{"wire", "tap", "tunnel"},
			Meaning: "`wire`: frames pass between it and its peer; `tap`: frames are only looked at; `tunnel`: copies leave here and nothing else is done"},
		{Name: "queues", Type: Integer, Absent: "1; a tunnel: as many as the largest wire or tap port", Least: "1", Most: "128",
			Meaning: "receive queues and transmit queues, each. Not more than workers, not fewer than the peer has. `net_pcap` has one"},
		{Name: "mtu", Type: Integer, Unit: "bytes", Default: "0", Least: "576", Most: "65535", Form: "or 0",
			Meaning: "of an IP packet; 0 is the driver's, for af_packet, tap and af_xdp the kernel's"},
		{Name: "rx_descriptors", Type: Integer, Default: "1024", Least: "64", Most: "32768", Meaning: "of each receive queue"},
		{Name: "tx_descriptors", Type: Integer, Default: "1024", Least: "64", Most: "32768", Meaning: "of each transmit queue"},
	}
}

// portWayKeys are about copies and about links.
func portWayKeys() []Key {
	return []Key{
		{Name: "tunnel", Type: Boolean, Absent: "true with `role = \"tunnel\"`, else false",
			Meaning: "on a wire port: copies leave here too ([one NIC is enough](#one-nic-is-enough))"},
		{Name: "addresses", Type: Texts, Absent: "required where copies leave", Form: "`[\"192.0.2.1/24\", \"2001:db8::1/64\"]`",
			Meaning: "only where copies leave: the gateway's own addresses there, with the prefix length of the network. With an IPv6 address `mtu` is at least 1280"},
		{Name: "vlan", Type: Integer, Absent: "no tag", Least: "1", Most: "4094",
			Meaning: "only where copies leave: the 802.1Q tag of copies and of everything else that the gateway itself sends there, and of what it answers to. Production on a wire keeps the tags it has"},
		{Name: "repair_checksums", Type: Text, Default: `"auto"`, Words: []string{"auto", "on", "off"},
			Meaning: "wire and tap ports: whether partial TCP and UDP checksums are completed in copies of the port's frames; see [semantics.md](semantics.md#checksums-of-the-inner-frame)"},
		{Name: "link_propagation", Type: Boolean, Default: "true",
			Meaning: "only on a wire: when the link here goes down, the peer's is taken down ([links of a wire](#links-of-a-wire))"},
		{Name: "hold_down", Type: Duration, Default: `"100ms"`, Least: "0s", Most: "1m",
			Meaning: "only on a wire: how long the link here must be down before the peer's is taken down, and up before it is let go"},
	}
}

// wayoutSections say how copies find their targets.
func wayoutSections() []Section {
	return []Section{
		{Name: "route", Many: true, Keys: []Key{
			{Name: "prefix", Type: Text, Required: true, Form: "`\"198.51.100.0/24\"`, `\"2001:db8:1::/48\"`, `\"0.0.0.0/0\"`, `\"::/0\"`",
				Meaning: "the network, without host bits; each once. `/0` is the default route of its family"},
			{Name: "via", Type: Text, Required: true, Form: "an address of the prefix's family",
				Meaning: "the router: an address in a network of the port, or a link-local one"},
			{Name: "port", Type: Text, Absent: "found by `via`", Form: "a port that copies leave by",
				Meaning: "required for a link-local `via` where there are several"},
		}},
		{Name: "neighbor", Many: true, Keys: []Key{
			{Name: "address", Type: Text, Required: true, Form: "an address", Meaning: "of a target, or of a router"},
			{Name: "mac", Type: Text, Required: true, Form: "`\"02:00:00:00:02:10\"`",
				Meaning: "next hop: the host's own, or that of the router that leads to it"},
			{Name: "port", Type: Text, Absent: "found by address", Form: "a port that copies leave by",
				Meaning: "the port that leads there; goes before prefixes and routes"},
		}},
		{Name: "gateway", Keys: []Key{
			{Name: "zone", Type: Text, Most: "128", Form: "printable",
				Meaning: "availability zone of sources that name none: which members of a load balancer get their copies"},
		}},
	}
}
