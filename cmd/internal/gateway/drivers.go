package gateway

import (
	"fmt"
	"io"
	"slices"

	"mirrorgw/ctl/config"
)

// driverNotes says what each driver loses or alters of production, by its name in DPDK 22.11. All
// of it was seen on frames; a driver that is not listed has shown nothing.
var driverNotes = []struct {
	driver string
	notes  []string
}{
	{"net_af_packet", []string{
		"A frame longer than the kernel interface's MTU allows cannot leave; it is dropped and counted as too_long.",
		"The kernel reassembles IPv4 fragments before the gateway sees them.",
		"An outer VLAN tag of type 0x88a8 leaves as 0x8100.",
		"Frames that this host itself sends on the interface are received as production; keep addresses and IPv6 off it.",
		"Local senders may leave checksums to the network card, so that they are incomplete in production and in truncated copies; other copies are completed.",
	}},
	{"net_af_xdp", []string{
		"A frame longer than the kernel interface's MTU allows cannot leave; it is dropped and counted as too_long.",
		"Local senders may leave checksums to the network card, so that they are incomplete in production and in truncated copies; other copies are completed.",
	}},
	{"net_tap", []string{
		"A frame longer than the kernel interface's MTU allows cannot leave; it is dropped and counted as too_long.",
	}},
	{"net_pcap", []string{
		"It has one queue, and without tx_pcap or tx_iface it throws away what is sent and counts it as sent.",
		"A frame over 16128 bytes cannot leave whole; it is dropped and counted as too_long.",
	}},
	{"net_null", []string{
		"It receives frames of zeros without end unless no-rx=1, and throws away what is sent and counts it as sent.",
	}},
	{"net_ring", []string{
		"The peer receives the very memory of a frame; it must not write to it while copies are made.",
	}},
	{"net_memif", []string{
		"With zero-copy=yes the peer process sees the very memory of a frame; it must not write to it while copies are made.",
	}},
}

// notesOf returns what a driver loses or alters, one sentence each. The result is not to be
// modified.
func notesOf(driver string) []string {
	for i := range driverNotes {
		if driverNotes[i].driver == driver {
			return driverNotes[i].notes
		}
	}
	return nil
}

// partialAdvice says what to do about so many frames that arrived on a port with partial checksums. The
// interface that wants it belongs to another host or namespace, which the port cannot name.
func partialAdvice(port string, frames uint64) []string {
	if frames == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d mirrored frames arrived on %s with incomplete TCP or UDP checksums, because the host behind it leaves them to its network card; run \"ethtool -K IFACE tx off gso off tso off\" on the host behind port %s, for its interface IFACE there.", frames, port, port)}
}

// printNotes writes the notes of every driver that is used.
func printNotes(w io.Writer, cfg *config.Config) error {
	var told []string
	for i := range cfg.Ports {
		driver := cfg.Ports[i].Device.Driver
		if slices.Contains(told, driver) {
			continue
		}
		told = append(told, driver)
		for _, note := range notesOf(driver) {
			if _, err := fmt.Fprintf(w, "\n%s: %s\n", driver, note); err != nil {
				return err
			}
		}
	}
	return nil
}
