package store

import (
	"fmt"
	"mirrorgw/ctl"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mirrorgw/rules"
)

// TestAcceptedAlwaysCompiles draws documents, good and bad: whatever the store accepts, Compile must
// accept too, and must hold as many sessions as the document.
func TestAcceptedAlwaysCompiles(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := drawDocument(rt)
		doc, err := ctl.ParseDocument("resources.toml", []byte(text))
		if err != nil {
			return
		}
		r, _, err := Resources(doc, Options{Config: cfg(t, gateway)})
		if err != nil {
			return
		}
		accepted++
		snapshot, err := rules.Compile(r)
		if err != nil {
			rt.Fatalf("the store accepts and Compile refuses: %v\n%s", err, text)
		}
		if len(snapshot.Sessions) != len(doc.Sessions) {
			rt.Fatalf("%d sessions of %d\n%s", len(snapshot.Sessions), len(doc.Sessions), text)
		}
	})
	if accepted == 0 {
		t.Error("no drawn document was accepted, so nothing was tested")
	}
}

// drawDocument mostly picks right values and sometimes, on every kind of key, a wrong one.
func drawDocument(t *rapid.T) string {
	var text strings.Builder
	pick := func(label string, choices ...string) string { return rapid.SampledFrom(choices).Draw(t, label) }
	maybe := func(label, line string) {
		if rapid.Bool().Draw(t, label) {
			text.WriteString(line + "\n")
		}
	}
	interfaces := rapid.IntRange(1, 4).Draw(t, "interfaces")
	for i := range interfaces {
		fmt.Fprintf(&text, "[[interface]]\nname = \"i%d\"\nmac = \"02:00:00:00:00:%02x\"\n", i, rapid.IntRange(i*8, i*8+9).Draw(t, "mac"))
		maybe("port", "port = \""+pick("which", "wire0", "wire1", "tap0")+"\"")
		maybe("vlan", fmt.Sprintf("vlan = %d", rapid.IntRange(1, 3).Draw(t, "vid")))
		maybe("addresses", `addresses = [`+pick("address", `"10.0.0.1"`, `"fd00::1"`, `"192.0.2.10"`, `"fd00::2", "10.0.0.9"`)+`]`)
		maybe("mtu", "mtu = "+pick("bytes", "68", "1500", "9000", "65535"))
	}
	targets := rapid.IntRange(1, 3).Draw(t, "targets")
	for i := range targets {
		fmt.Fprintf(&text, "[[target]]\nname = \"t%d\"\n", i)
		text.WriteString(pick("where", `address = "192.0.2.10"`, `address = "2001:db8::9"`, `address = "198.51.100.7"`, `interface = "i0"`) + "\n")
		maybe("target mtu", "mtu = "+pick("target bytes", "576", "1280", "1500", "9001", "65535"))
	}
	drawFilter(t, &text)
	for i := range rapid.IntRange(0, 4).Draw(t, "sessions") {
		fmt.Fprintf(&text, "[[session]]\nname = \"s%d\"\nsource = \"i%d\"\ntarget = \"t%d\"\nfilter = \"f\"\nnumber = %d\n", i,
			rapid.IntRange(0, interfaces-1).Draw(t, "source"), rapid.IntRange(0, targets-1).Draw(t, "target"), rapid.IntRange(1, 32766).Draw(t, "number"))
		maybe("vni", "vni = "+pick("id", "1", "16777215"))
		maybe("length", "packet_length = "+pick("cut", "1", "65535"))
		maybe("sample", "sample_one_in = "+pick("of", "2", "1000000"))
		maybe("limit", "rate_limit_pps = "+pick("packets", "1", "1000000000"))
	}
	return text.String()
}

func drawFilter(t *rapid.T, text *strings.Builder) {
	pick := func(label string, choices ...string) string { return rapid.SampledFrom(choices).Draw(t, label) }
	text.WriteString("[[filter]]\nname = \"f\"\n")
	for range rapid.IntRange(0, 4).Draw(t, "rules") {
		fmt.Fprintf(text, "[[filter.rule]]\ndirection = %q\nnumber = %d\naction = %q\n", pick("direction", "ingress", "egress"),
			rapid.IntRange(1, 32766).Draw(t, "rule"), pick("action", "accept", "reject"))
		text.WriteString(pick("match", "", "protocol = -1\n", "protocol = 255\n", "protocol = \"tcp\"\nsource_ports = 0\n",
			"protocol = \"udp\"\ndestination_ports = \"0-65535\"\n", "destination_ports = 1\n"))
		text.WriteString(pick("blocks", "", "source = \"10.0.0.0/8\"\n", "destination = \"::/0\"\n",
			"source = \"0.0.0.0/0\"\ndestination = \"10.0.0.1/32\"\n", "source = \"::/0\"\ndestination = \"10.0.0.0/8\"\n"))
	}
}
