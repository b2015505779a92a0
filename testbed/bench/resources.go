package main

import (
	"fmt"
	"strings"
)

// gatewayTOML is the gateway of all workloads beside testpmd.
func gatewayTOML(w *workload) string { return gatewayOn(w, captureSource, sink, copySink) }

// gatewayOn is a gateway on three devices. The tunnel port and the targets take 9,000 bytes, so that
// no copy is truncated: a copy of 1,514 bytes is an IP packet of 1,550.
func gatewayOn(w *workload, wire0, wire1, tunnel string) string {
	return settingsTOML(w) + wireTOML(wire0, wire1) + fmt.Sprintf(`
[[port]]
name = "tun0"
device = "%s"
role = "tunnel"
mtu = 9000
addresses = ["192.0.2.1/24"]
%s`, tunnel, neighbors())
}

// sharedOn is a gateway on two devices: copies leave by wire1, behind production. Long ones are truncated.
func sharedOn(w *workload, wire0, wire1 string) string {
	return settingsTOML(w) + wireTOML(wire0, wire1) + `tunnel = true
mtu = 1500
addresses = ["192.0.2.1/24"]
` + neighbors()
}

// settingsTOML is what no port says. The capture has no end, so bursts of wire0 are always full: that is no
// backlog (docs/congestion.md).
func settingsTOML(w *workload) string {
	return fmt.Sprintf(`[eal]
lcores = "%d"
main_lcore = %d
memory_mb = %d
%shugepages = "require"

[quotas]
rules_per_filter = 10000
sessions_per_source = 256
sessions_per_account = 30000

[congestion]
receive = "auto"
`, workerCPU, controlCPU, w.memory(), dataRoomTOML(w.dataRoom))
}

// wireTOML ends within the table of wire1.
func wireTOML(wire0, wire1 string) string {
	return fmt.Sprintf(`
[[port]]
name = "wire0"
device = "%s"
peer = "wire1"

[[port]]
name = "wire1"
device = "%s"
peer = "wire0"
`, wire0, wire1)
}

func dataRoomTOML(bytes int) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("data_room = %d\n", bytes)
}

// The devices that the gateway and its peer share. Both programs run in the workload's directory.
const (
	captureSource = "net_pcap0,rx_pcap=" + captureFile + ",infinite_rx=1"
	sink          = "net_null0,no-rx=1"
	copySink      = "net_null1,no-rx=1"
)

const targets = 3

func neighbors() string {
	var text strings.Builder
	for i := range targets {
		fmt.Fprintf(&text, "\n[[neighbor]]\naddress = \"192.0.2.%d\"\nmac = \"02:00:00:00:02:%02x\"\n", 10+i, 10+i)
	}
	return text.String()
}

func targetTOML() string {
	var text strings.Builder
	for i := range targets {
		fmt.Fprintf(&text, "[[target]]\nname = \"ids-%d\"\naddress = \"192.0.2.%d\"\nmtu = 9000\n\n", i+1, 10+i)
	}
	return text.String()
}

// nothing is the document of a gateway that only forwards.
func nothing() string { return "" }

// oneSource mirrors web-1 by one session whose filter has the given rules.
func oneSource(rules string) string {
	return interfaceTOML("web-1", webServer.MAC.String(), webServer.IPv4.String()) + targetTOML() +
		"[[filter]]\nname = \"filter-1\"\n" + rules + sessionTOML("web-1", 1, 100)
}

// tenRules is a filter of ten rules, of which the last accepts what udpFlows sends. The other nine
// differ from it in protocol, ports, source or destination, so that each must be looked at.
func tenRules() string {
	return oneSource(egressRules(append(nineRules(), `source = "10.0.0.0/16"`+"\n"+`destination = "10.9.0.0/16"`)))
}

// tenRulesShare accepts what shareFlows wants mirrored, by the last.
func tenRulesShare() string {
	return oneSource(egressRules(append(nineRules(), fmt.Sprintf("protocol = \"udp\"\ndestination_ports = \"%d\"", sharedPort))))
}

// tenRulesIPv6 is their like for ipv6Flows.
func tenRulesIPv6() string {
	return oneSource(egressRules([]string{
		`protocol = "tcp"`,
		`protocol = "tcp"` + "\n" + `destination_ports = "443"`,
		`protocol = "udp"` + "\n" + `destination_ports = "53"`,
		`protocol = "udp"` + "\n" + `destination_ports = "4000-4999"`,
		`protocol = "udp"` + "\n" + `source_ports = "1024-1999"`,
		`protocol = "icmpv6"`,
		`source = "2001:db8:1::/48"`,
		`destination = "2001:db8:8::/48"`,
		`protocol = "udp"` + "\n" + `source = "2001:db8::5/128"` + "\n" + `destination = "2001:db8:a::/48"`,
		`source = "2001:db8::/48"` + "\n" + `destination = "2001:db8:9::/48"`,
	}))
}

// nineRules match nothing of udpFlows.
func nineRules() []string {
	return []string{
		`protocol = "tcp"`,
		`protocol = "tcp"` + "\n" + `destination_ports = "443"`,
		`protocol = "udp"` + "\n" + `destination_ports = "53"`,
		`protocol = "udp"` + "\n" + `destination_ports = "4000-4999"`,
		`protocol = "udp"` + "\n" + `source_ports = "1024-1999"`,
		`protocol = "icmp"`,
		`source = "10.1.0.0/16"`,
		`destination = "10.8.0.0/16"`,
		`protocol = "udp"` + "\n" + `source = "10.0.0.5/32"` + "\n" + `destination = "192.168.0.0/16"`,
	}
}

// egressRules accept what the matches say, in this order.
func egressRules(matches []string) string {
	var text strings.Builder
	for i, match := range matches {
		fmt.Fprintf(&text, "[[filter.rule]]\ndirection = \"egress\"\nnumber = %d\naction = \"accept\"\n%s\n", 10*(i+1), match)
	}
	return text.String()
}

// threeSessions gives each of n sources three sessions; the filters of the first two match none of
// sourceFrames, the third accepts all.
func threeSessions(n int) func() string {
	return func() string {
		var text strings.Builder
		text.WriteString(targetTOML())
		for i, match := range []string{`protocol = "tcp"`, `protocol = "udp"` + "\n" + `destination_ports = "53"`, `protocol = "udp"`} {
			fmt.Fprintf(&text, "[[filter]]\nname = \"filter-%d\"\n[[filter.rule]]\ndirection = \"egress\"\nnumber = 10\naction = \"accept\"\n%s\n\n", i+1, match)
		}
		for i := range n {
			host := source(i)
			text.WriteString(interfaceTOML(host.Name, host.MAC.String(), host.IPv4.String()))
			for number := 1; number <= 3; number++ {
				text.WriteString(sessionTOML(host.Name, number, 1+3*i+number))
			}
		}
		return text.String()
	}
}

func interfaceTOML(name, mac, address string) string {
	return fmt.Sprintf("[[interface]]\nname = %q\nport = \"wire0\"\nmac = %q\naddresses = [%q]\n\n", name, mac, address)
}

// sessionTOML is a session whose target and filter have its number.
func sessionTOML(source string, number, vni int) string {
	return fmt.Sprintf("[[session]]\nname = \"%s-%d\"\nsource = %q\ntarget = \"ids-%d\"\nfilter = \"filter-%d\"\nnumber = %d\nvni = %d\n\n",
		source, number, source, number, number, number, vni)
}
