package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestBadDocuments has one row per rule: what is changed in a good document, and the exact
// sentences that refuse it.
func TestBadDocuments(t *testing.T) {
	for _, test := range []struct{ name, base, old, new, want string }{
		{"syntax", good, `memory_mb = 512`, `memory_mb = `, `gateway.toml:4: this is not valid TOML (expected value but found '\n' instead); write key = value, [section] or [[section]], with text in double quotes`},
		{"unterminated header", good, `[eal]`, `[eal`, `gateway.toml:2: this is not valid TOML (expected '.' or ']' to end table name, but got '\n' instead); write key = value, [section] or [[section]], with text in double quotes`},
		{"unterminated list header", good, `[[neighbor]]`, `[[neighbor]`, `gateway.toml:23: this is not valid TOML (expected end of table array name delimiter ']', but got '\n' instead); write key = value, [section] or [[section]], with text in double quotes`},
		{"unquoted", good, `peer = "wire1"`, `peer = wire1`, `gateway.toml:9: this is not valid TOML (expected value but found "wire" instead); write key = value, [section] or [[section]], with text in double quotes`},
		{"key twice", good, "queues = 1", `peer = "wire1"`, `gateway.toml:10: this is not valid TOML (Key 'port.peer' has already been defined); keep one of the two`},
		{"unknown key", good, "queues = 1", "queue = 1", `gateway.toml:10: port "wire0": unknown key "queue"; did you mean "queues"?`},
		{"unknown key, nothing near", good, "queues = 1", "colour = 1", `gateway.toml:10: port "wire0": unknown key "colour"; remove it or use one of: name, device, peer, role, queues, mtu, rx_descriptors, tx_descriptors, tunnel, vlan, repair_checksums, addresses, link_propagation, hold_down`},
		{"unknown section", good, "[eal]", "[eall]", `gateway.toml:2: unknown key "eall"; did you mean "eal"?`},
		{"section not a list", good, "[[neighbor]]", "[neighbor]", `gateway.toml:23: neighbor is a section, not a list of sections; write each one under a line [[neighbor]]`},
		{"no lcores", good, `lcores = "1"`, ``, `gateway.toml:2: [eal]: lcores is missing; add a line like lcores = "1"`},
		{"lcores number", good, `lcores = "1"`, `lcores = 1`, `gateway.toml:3: [eal]: lcores is a whole number, not text; write lcores = "1"`},
		{"lcores empty", good, `lcores = "1"`, `lcores = ""`, `gateway.toml:3: [eal]: lcores is empty; write a value like lcores = "1"`},
		{"lcores words", good, `lcores = "1"`, `lcores = "all"`, `gateway.toml:3: [eal]: lcores "all": "all" is not an lcore; write numbers and ranges like 1 or 1,3 or 2-5`},
		{"lcores backwards", good, `lcores = "1"`, `lcores = "3-1"`, `gateway.toml:3: [eal]: lcores "3-1": range 3-1 runs backwards; write 1-3`},
		{"lcores twice", good, `lcores = "1"`, `lcores = "1,1"`, `gateway.toml:3: [eal]: lcores "1,1": lcore 1 is named twice; name it once`},
		{"impossible lcore", good, `lcores = "1"`, `lcores = "4000"`, `gateway.toml:3: [eal]: lcores "4000": lcore 4000 does not exist; DPDK numbers them from 0 to 127`},
		{"main is worker", good, `lcores = "1"`, "lcores = \"1\"\nmain_lcore = 1", `gateway.toml:4: [eal]: main_lcore 1 is a worker too; take it out of lcores or name another CPU`},
		{"memory low", good, "memory_mb = 512", "memory_mb = 8", `gateway.toml:4: [eal]: memory_mb = 8 is out of range; use a number from 64 to 1048576`},
		{"data room", good, "memory_mb = 512", "data_room = 128", `gateway.toml:4: [eal]: data_room = 128 is out of range; use a number from 256 to 16384`},
		{"memory text", good, "memory_mb = 512", `memory_mb = "512"`, `gateway.toml:4: [eal]: memory_mb is text, not a whole number; write a number from 64 to 1048576 without quotes`},
		{"hugepages switched", good, "memory_mb = 512", `hugepages = false`, `gateway.toml:4: [eal]: hugepages is true or false, not text; write one of these in double quotes: auto, require, never`},
		{"hugepages", good, "memory_mb = 512", `hugepages = "yes"`, `gateway.toml:4: [eal]: hugepages "yes" is not known; use one of: auto, require, never`},
		{"file prefix", good, "memory_mb = 512", `file_prefix = "a/b"`, `gateway.toml:4: [eal]: file_prefix "a/b" is not allowed; use 1 to 64 letters, digits, dots, underscores and hyphens`},
		{"no name", good, `name = "tun0"`, ``, `gateway.toml:17: port 3: name is missing; add a line like name = "wire0"`},
		{"bad name", good, `name = "tun0"`, `name = "tun 0"`, `gateway.toml:18: port "tun 0": name "tun 0" is not allowed; use 1 to 64 letters, digits, dots, underscores and hyphens`},
		{"duplicate name", good, `name = "tun0"`, `name = "wire0"`, `gateway.toml:18: port "wire0": the name is taken by the port at line 7; choose another`},
		{"duplicate name of a wire", good, `name = "wire1"`, `name = "wire0"`, `gateway.toml:13: port "wire0": the name is taken by the port at line 7; choose another`},
		{"no device", good, `device = "net_pcap2,tx_pcap=mirror.pcap"`, ``, `gateway.toml:17: port "tun0": device is missing; add a line like device = "net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap"`},
		{"kernel interface", good, `net_pcap2,tx_pcap=mirror.pcap`, `eth0`, `gateway.toml:19: port "tun0": device "eth0" is not a DPDK device; for the kernel interface use net_af_packet0,iface=eth0`},
		{"no driver number", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_pcap,tx_pcap=m.pcap`, `gateway.toml:19: port "tun0": device "net_pcap" has no number; write net_pcap0`},
		{"nonsense device", good, `net_pcap2,tx_pcap=mirror.pcap`, `/dev/eth0 up`, `gateway.toml:19: port "tun0": device "/dev/eth0 up" is neither a PCI address nor a DPDK virtual device; write one like 0000:3b:00.0 or net_pcap0,rx_pcap=in.pcap`},
		{"malformed vdev", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_PCAP2`, `gateway.toml:19: port "tun0": device "net_PCAP2" is not a DPDK virtual device; write driver and number like net_pcap0 or net_af_packet0`},
		{"unknown driver", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_pcup2,tx_pcap=m.pcap`, `gateway.toml:19: port "tun0": device: DPDK has no driver net_pcup; did you mean net_pcap?`},
		{"unknown driver without number", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_af_paket`, `gateway.toml:19: port "tun0": device: DPDK has no driver net_af_paket; did you mean net_af_packet?`},
		{"unknown driver, nothing near", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_carrierpigeon0`, `gateway.toml:19: port "tun0": device: DPDK has no driver net_carrierpigeon; use one of: net_af_packet, net_af_xdp, net_bonding, net_failsafe, net_memif, net_null, net_pcap, net_ring, net_softnic, net_tap, net_tun, net_vdev_netvsc, net_vhost, net_virtio_user`},
		{"empty argument", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_pcap2,,tx_pcap=m.pcap`, `gateway.toml:19: port "tun0": device "net_pcap2,,tx_pcap=m.pcap" has an empty argument; write name,key=value,key=value`},
		{"pcap without file", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_pcap2`, `gateway.toml:19: port "tun0": device "net_pcap2" neither reads nor writes; add rx_pcap=FILE, tx_pcap=FILE or both`},
		{"pcap argument", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_pcap2,tx_pcp=mirror.pcap`, `gateway.toml:19: port "tun0": device "net_pcap2,tx_pcp=mirror.pcap": net_pcap has no argument "tx_pcp"; did you mean "tx_pcap"?`},
		{"pcap argument without value", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_pcap2,tx_pcap`, `gateway.toml:19: port "tun0": device "net_pcap2,tx_pcap": tx_pcap has no value; write tx_pcap=VALUE`},
		{"pcap argument twice", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_pcap2,tx_pcap=a,tx_pcap=b`, `gateway.toml:19: port "tun0": device "net_pcap2,tx_pcap=a,tx_pcap=b" has tx_pcap twice; net_pcap has one queue, so keep one of the two`},
		{"pcap onto itself", good, `tx_pcap=back.pcap`, `tx_pcap=./in.pcap`, `gateway.toml:8: port "wire0": device "net_pcap0,rx_pcap=in.pcap,tx_pcap=./in.pcap" would overwrite the capture that it reads; write to another tx_pcap`},
		{"af_packet without iface", good, `net_pcap2,tx_pcap=mirror.pcap`, `net_af_packet0`, `gateway.toml:19: port "tun0": device "net_af_packet0" names no kernel interface; add one: net_af_packet0,iface=eth0`},
		{"same vdev", good, `net_pcap2,tx_pcap`, `net_pcap1,tx_pcap`, `gateway.toml:19: port "tun0": device net_pcap1 is already used by port "wire1"; give each port a number of its own, like net_pcap2`},
		{"same PCI", queued, `"3b:00.1"`, `"3B:00.0"`, `gateway.toml:10: port "wire1": device 0000:3b:00.0 is already used by port "wire0"; give each port a PCI address of its own`},
		{"same tx_pcap", good, `tx_pcap=mirror.pcap`, `tx_pcap=./out.pcap`, `gateway.toml:19: port "tun0": tx_pcap out.pcap is already written by port "wire1"; give each port a file of its own`},
		{"tx_pcap is read", good, `tx_pcap=mirror.pcap`, `tx_pcap=in1.pcap`, `gateway.toml:19: port "tun0": tx_pcap in1.pcap is the capture that port "wire1" reads; write to another file`},
		{"neither peer nor role", good, "peer = \"wire1\"\n", "", `gateway.toml:6: port "wire0": the port has neither peer nor role; add peer = "NAME", role = "tap" or role = "tunnel"`},
		{"wire without peer", good, `peer = "wire1"`, `role = "wire"`, `gateway.toml:6: port "wire0": a wire port needs a peer; add peer = "NAME" of the port on the other side`},
		{"missing peer", good, `peer = "wire1"`, `peer = "wire9"`, `gateway.toml:9: port "wire0": peer "wire9" is not a configured port; name one of: wire1, tun0`},
		{"own peer", good, `peer = "wire1"`, `peer = "wire0"`, `gateway.toml:9: port "wire0": the port is its own peer; name one of: wire1, tun0`},
		{"tunnel as peer", good, `peer = "wire1"`, `peer = "tun0"`, `gateway.toml:9: port "wire0": peer "tun0" is a tunnel port; name a wire port or remove its role`},
		{"asymmetric peer", queued, `[[port]]
name = "tun0"`, `[[port]]
name = "wire2"
device = "3b:00.2"
peer = "wire0"
queues = 2
[[port]]
name = "tun0"`, `gateway.toml:16: port "wire2": peer "wire0" has the peer "wire1"; set peer = "wire2" there or name another port here`},
		{"tunnel with peer", good, `role = "tunnel"`, "role = \"tunnel\"\npeer = \"wire0\"", `gateway.toml:21: port "tun0": a tunnel port has no peer; remove peer or remove role to make it a wire port`},
		{"unknown role", good, `role = "tunnel"`, `role = "mirror"`, `gateway.toml:20: port "tun0": role "mirror" is not known; use one of: wire, tap, tunnel`},
		{"tunnel without address", good, `addresses = ["192.0.2.1/24", "2001:db8::1/64"]`, ``, `gateway.toml:17: port "tun0": a tunnel port needs an address; add addresses = ["192.0.2.1/24"]`},
		{"wire with address", good, "queues = 1", `addresses = ["192.0.2.1/24"]`, `gateway.toml:10: port "wire0": a wire port without tunnel has no addresses; remove them, or set tunnel = true to send copies here too`},
		{"address without length", good, `"192.0.2.1/24", "2001:db8::1/64"`, `"192.0.2.1"`, `gateway.toml:21: port "tun0": address "192.0.2.1" has no prefix length; write it with the network's, like 192.0.2.1/24`},
		{"address length", good, `"192.0.2.1/24", "2001:db8::1/64"`, `"192.0.2.1/33"`, `gateway.toml:21: port "tun0": address "192.0.2.1/33" has a wrong prefix length; use 1 to 32`},
		{"address nonsense", good, `"192.0.2.1/24", "2001:db8::1/64"`, `"here/24"`, `gateway.toml:21: port "tun0": address "here" is not an IP address; write one like 192.0.2.1 or 2001:db8::1`},
		{"address multicast", good, `"192.0.2.1/24", "2001:db8::1/64"`, `"224.0.0.1/24"`, `gateway.toml:21: port "tun0": address "224.0.0.1" is not the address of one host on the network; write a unicast address`},
		{"address mapped", good, `"192.0.2.1/24", "2001:db8::1/64"`, `"::ffff:192.0.2.1/120"`, `gateway.toml:21: port "tun0": address "::ffff:192.0.2.1" is IPv4 in IPv6 notation; write 192.0.2.1`},
		{"address twice", good, `"192.0.2.1/24", "2001:db8::1/64"`, `"192.0.2.1/24", "192.0.2.1/16"`, `gateway.toml:21: port "tun0": address 192.0.2.1 is named twice; keep one of the two`},
		{"addresses text", good, `["192.0.2.1/24", "2001:db8::1/64"]`, `"192.0.2.1/24"`, `gateway.toml:21: port "tun0": addresses is text, not a list; write addresses = ["192.0.2.1/24"]`},
		{"mtu", good, "queues = 1", "mtu = 100", `gateway.toml:10: port "wire0": mtu = 100 is too small; use a number from 576 to 65535, or 0 for the driver's`},
		{"descriptors", good, "queues = 1", "rx_descriptors = 100000", `gateway.toml:10: port "wire0": rx_descriptors = 100000 is out of range; use a number from 64 to 32768`},
		{"queues of peer", queued, "peer = \"wire0\"\nqueues = 2", "peer = \"wire0\"\nqueues = 1", `gateway.toml:12: port "wire1": the port has 1 queue but port "wire0" uses 2 and every worker that sends here needs its own; set queues = 2`},
		{"queues of tunnel", queued, `role = "tunnel"`, "role = \"tunnel\"\nqueues = 1", `gateway.toml:17: port "tun0": the port has 1 queue but port "wire0" uses 2 and every worker that sends here needs its own; set queues = 2`},
		{"queues of net_pcap", good, "queues = 1", "queues = 2", `gateway.toml:10: port "wire0": net_pcap has one queue, not 2; set queues = 1 on all ports and name one lcore`},
		{"default queues of net_pcap", queued, "net_af_packet0,iface=eth0", "net_pcap0,tx_pcap=m.pcap", `gateway.toml:15: port "tun0": net_pcap has one queue but the workers need 2 here; use one queue on all ports or another driver`},
		{"more lcores than queues", good, `lcores = "1"`, `lcores = "1-3"`, `gateway.toml:3: [eal]: lcores names 3 workers but no wire or tap port has more than 1 queue, so one would have nothing to do; name fewer lcores or set queues = 3`},
		{"more mirror lcores than workers", good, `lcores = "1"`, "lcores = \"1\"\nmirror_lcores = \"2-3\"", `gateway.toml:4: [eal]: mirror_lcores names 2 but lcores only 1 worker, and each worker hands its copies to one; name at most 1`},
		{"no mirror lcore", good, `lcores = "1"`, "lcores = \"1\"\nmirror_lcores = \"x\"", `gateway.toml:4: [eal]: mirror_lcores "x": "x" is not an lcore; write numbers and ranges like 1 or 1,3 or 2-5`},
		{"more queues than lcores", queued, `lcores = "1-2"`, `lcores = "1"`, `gateway.toml:7: port "wire0": the port has 2 queues but lcores names 1 worker, so queue 1 would have no worker; set queues = 1 or name 2 lcores`},
		{"neighbour without mac", good, `mac = "02:00:00:00:02:10"`, ``, `gateway.toml:23: neighbor 192.0.2.10: mac is missing; add a line like mac = "02:00:00:00:02:10"`},
		{"neighbour mac", good, "02:00:00:00:02:10", "02:00:00:00:02", `gateway.toml:25: neighbor 192.0.2.10: mac "02:00:00:00:02" is not a MAC address; write six bytes like 02:00:00:00:00:01`},
		{"neighbour multicast", good, "02:00:00:00:02:10", "01:00:5e:00:00:01", `gateway.toml:25: neighbor 192.0.2.10: mac "01:00:5e:00:00:01" is a multicast address; write the interface's own address, whose first byte is even`},
		{"neighbour zero", good, "02:00:00:00:02:10", "00:00:00:00:00:00", `gateway.toml:25: neighbor 192.0.2.10: mac "00:00:00:00:00:00" is the zero address; write the interface's own address`},
		{"neighbour address", good, `address = "192.0.2.10"`, `address = "192.0.2.10/24"`, `gateway.toml:24: neighbor 1: address "192.0.2.10/24" has a prefix length; write 192.0.2.10`},
		{"neighbour is us", good, `address = "192.0.2.10"`, `address = "192.0.2.1"`, `gateway.toml:24: neighbor 192.0.2.1: the address belongs to our own port "tun0"; name the other host's address`},
		{"neighbour twice", good, `[[neighbor]]`, "[[neighbor]]\naddress = \"192.0.2.10\"\nmac = \"02:00:00:00:02:11\"\n[[neighbor]]", `gateway.toml:27: neighbor 192.0.2.10: the address has a neighbor section already; keep one of the two`},
		{"neighbour port", good, `address = "192.0.2.10"`, "address = \"192.0.2.10\"\nport = \"wire0\"", `gateway.toml:25: neighbor 192.0.2.10: port "wire0" is a wire port; name a tunnel port, one of: tun0`},
		{"neighbour no port", good, `address = "192.0.2.10"`, "address = \"192.0.2.10\"\nport = \"tun1\"", `gateway.toml:25: neighbor 192.0.2.10: port "tun1" is not a configured port; name a tunnel port, one of: tun0`},
		{"outer source", good, "[eal]", "[tunnel]\nouter_source = \"port\"\n[eal]", `gateway.toml:3: [tunnel]: outer_source "port" is not known; use one of: interface, tunnel`},
		{"exclude", good, "[eal]", "[exclude]\narp = \"no\"\n[eal]", `gateway.toml:3: [exclude]: arp is text, not true or false; write arp = true or arp = false`},
		{"resolver", good, "[eal]", "dns_resolvers = [\"dns.example\"]\n[eal]", `gateway.toml:2: dns_resolvers: address "dns.example" is not an IP address; write one like 192.0.2.1 or 2001:db8::1`},
		{"resolver twice", good, "[eal]", "dns_resolvers = [\"10.0.0.2\", \"10.0.0.2\"]\n[eal]", `gateway.toml:2: dns_resolvers names 10.0.0.2 twice; keep one of the two`},
		{"resolvers of other types", good, "[eal]", "dns_resolvers = [1]\n[eal]", `gateway.toml:2: dns_resolvers holds a whole number, not text; write each entry in double quotes`},
		{"too many resolvers", good, "[eal]", "dns_resolvers = [" + manyAddresses(17) + "]\n[eal]", `gateway.toml:2: dns_resolvers has 17 addresses; keep at most 16`},
		{"quota", good, "[eal]", "[quotas]\nsessions_per_source = 257\n[eal]", `gateway.toml:3: [quotas]: sessions_per_source = 257 is out of range; use a number from 1 to 256`},
		{"log level", good, "[eal]", "[log]\nlevel = \"loud\"\n[eal]", `gateway.toml:3: [log]: level "loud" is not known; use one of: debug, info, warn, error`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("gateway.toml", []byte(change(t, test.base, test.old, test.new)))
			if got := message(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func manyAddresses(n int) string {
	addresses := make([]string, n)
	for i := range addresses {
		addresses[i] = fmt.Sprintf(`"10.0.0.%d"`, i+1)
	}
	return strings.Join(addresses, ", ")
}

func TestNoPorts(t *testing.T) {
	_, err := Parse("gateway.toml", []byte("[eal]\nlcores = \"1\"\n"))
	want := `gateway.toml: no port carries production traffic; add [[port]] sections with peer or role = "tap"`
	if message(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestMaxPorts(t *testing.T) {
	taps := func(n int) []byte {
		var text strings.Builder
		text.WriteString("[eal]\nlcores = \"1\"\n")
		for i := range n {
			fmt.Fprintf(&text, "[[port]]\nname = \"tap%[1]d\"\ndevice = \"net_null%[1]d\"\nrole = \"tap\"\n", i)
		}
		return []byte(text.String())
	}
	if _, err := Parse("gateway.toml", taps(MaxPorts)); err != nil {
		t.Errorf("%d ports: %v", MaxPorts, err)
	}
	want := "gateway.toml:3: 33 ports are configured, but Debian's DPDK 22.11 has room for 32; remove some"
	if _, err := Parse("gateway.toml", taps(33)); message(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestManyProblems asserts that all problems are reported at once, by line, up to the limit.
func TestManyProblems(t *testing.T) {
	text := "[log]\nlevel = 1\n[eal]\nmemory_mb = 1\n" + strings.Repeat("[[neighbor]]\n", 11)
	_, err := Parse("gateway.toml", []byte(text))
	lines := strings.Split(message(err), "\n")
	if len(lines) != 21 || lines[20] != "and 5 more; correct these first" {
		t.Fatalf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
	if !strings.HasPrefix(lines[0], "gateway.toml:2: [log]: ") || !strings.HasPrefix(lines[1], "gateway.toml:3: [eal]: ") {
		t.Errorf("not in the order of the lines: %q", lines[:2])
	}
}
