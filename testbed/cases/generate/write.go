package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mirrorgw/testbed/traffic"
)

// write replaces the files of the case below dir.
func (c Case) write(dir string) error {
	if err := c.check(); err != nil {
		return err
	}
	at := filepath.Join(dir, c.Name)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	texts := map[string]string{
		"description.txt": c.describe(), "gateway.toml": c.gateway(),
		"resources.toml": strings.TrimLeft(c.Resources, "\n"), "expect.toml": c.expectations(),
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := c.writeCaptures(at, c.Wire0, "send.pcap", "expect.pcap"); err != nil {
		return err
	}
	if c.Wire1 == nil {
		return nil
	}
	return c.writeCaptures(at, c.Wire1, "send1.pcap", "expect1.pcap")
}

func (c Case) writeCaptures(at string, in []Frame, send, expect string) error {
	var sent, copies [][]byte
	for _, f := range in {
		sent = append(sent, f.Bytes)
		for _, fate := range f.Fates {
			if fate.Skipped != "" {
				continue
			}
			made, err := c.Outer[fate.Session].copyOf(f.Bytes, fate, c.tunnelMAC())
			if err != nil {
				return fmt.Errorf("%q: %w", f.Says, err)
			}
			copies = append(copies, made)
		}
	}
	if err := traffic.Write(filepath.Join(at, send), sent); err != nil {
		return err
	}
	return traffic.Write(filepath.Join(at, expect), copies)
}

func (c Case) tunnelMAC() string {
	if c.Tap {
		return "02:70:63:61:70:01" // second vdev
	}
	return tunnelMAC
}

func (c Case) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", c.Name, strings.TrimSpace(c.About))
	c.list(&b, "send.pcap", c.Wire0)
	if c.Wire1 != nil {
		c.list(&b, "send1.pcap", c.Wire1)
	}
	return b.String()
}

func (c Case) list(b *strings.Builder, file string, in []Frame) {
	fmt.Fprintf(b, "\n%s\n", file)
	for i, f := range in {
		fmt.Fprintf(b, "  %2d  %4d bytes  %s: %s\n", i+1, len(f.Bytes), f.Says, c.fates(f))
	}
}

func (c Case) fates(f Frame) string {
	if len(f.Fates) == 0 {
		return "not mirrored"
	}
	var all []string
	for _, fate := range f.Fates {
		text := fmt.Sprintf("%s of %s, VNI %d", fate.Direction, fate.Session, c.Outer[fate.Session].VNI)
		switch {
		case fate.Skipped != "":
			text += ", skipped: " + fate.Skipped
		case fate.Cut > 0:
			text += fmt.Sprintf(", cut to %d bytes", fate.Cut)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; and ")
}

// expectations is expect.toml: what leaves where, and the counters of the report.
func (c Case) expectations() string {
	var b strings.Builder
	b.WriteString("# Stated by hand in testbed/cases/generate; bytes add up from the frames named there.\n")
	if !c.Tap {
		b.WriteString("[production]                 # what entered = what must leave, byte for byte\n")
		b.WriteString("\"send.pcap\" = \"out.pcap\"\n")
		if c.Wire1 != nil {
			b.WriteString("\"send1.pcap\" = \"back.pcap\"\n")
		}
	}
	for _, n := range c.Report {
		fmt.Fprintf(&b, "\n[session.%s.%s]\nmatched_packets = %d\nmatched_bytes = %d\nmirrored_packets = %d\ntruncated_packets = %d\nskipped = {%s}\n",
			n.Session, n.Direction, n.Matched, c.matchedBytes(n), n.Mirrored, n.Truncated, skips(n.Skipped))
	}
	return b.String()
}

func skips(reasons map[string]int) string {
	var all []string
	for reason, n := range reasons {
		all = append(all, fmt.Sprintf(" %s = %d", reason, n))
	}
	slices.Sort(all)
	if all == nil {
		return ""
	}
	return strings.Join(all, ",") + " "
}

// matchedBytes adds up the frames, whole, that a session matched in one direction.
func (c Case) matchedBytes(n Counters) int {
	total := 0
	for _, f := range join(c.Wire0, c.Wire1) {
		for _, fate := range f.Fates {
			if fate.Session == n.Session && fate.Direction == n.Direction {
				total += len(f.Bytes)
			}
		}
	}
	return total
}
