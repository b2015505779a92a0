package main

import "fmt"

// gateway is gateway.toml: the case's own, or one wire and a tunnel port.
func (c Case) gateway() string {
	if c.Gateway != "" {
		return c.Gateway
	}
	return eal + c.wire("") + tunnelPort("net_pcap2", "") + neighbors
}

const eal = `[eal]
lcores = "1"
memory_mb = 512
hugepages = "auto"
`

// wire is the pair wire0 and wire1; extra goes into both ports. Frames of send.pcap enter wire0 and
// leave wire1 into out.pcap, frames of send1.pcap enter wire1 and leave wire0 into back.pcap.
func (c Case) wire(extra string) string {
	receive := ""
	if c.Wire1 != nil {
		receive = "rx_pcap=send1.pcap,"
	}
	return fmt.Sprintf(`
[[port]]
name = "wire0"
device = "net_pcap0,rx_pcap=send.pcap,tx_pcap=back.pcap"
peer = "wire1"
%[1]s
[[port]]
name = "wire1"
device = "net_pcap1,%[2]stx_pcap=out.pcap"
peer = "wire0"
%[1]s`, extra, receive)
}

// tunnelPort is where copies leave into mirror.pcap.
func tunnelPort(device, extra string) string {
	return fmt.Sprintf(`
[[port]]
name = "tun0"
device = "%s,tx_pcap=mirror.pcap"
role = "tunnel"
addresses = ["192.0.2.1/24", "2001:db8::1/64"]
%s`, device, extra)
}

const neighbors = `
[[neighbor]]
address = "192.0.2.10"
mac = "02:00:00:00:02:10"

[[neighbor]]
address = "192.0.2.20"
mac = "02:00:00:00:02:20"

[[neighbor]]
address = "2001:db8::10"
mac = "02:00:00:00:02:66"
`
