package testbed

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// compareFrames fails with the first frame that differs and where in it.
func compareFrames(t *testing.T, file string, got, want [][]byte) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("%s, frame %d differs:\n%s", file, i+1, difference(got[i], want[i]))
			return
		}
	}
	switch {
	case len(got) > len(want):
		t.Errorf("%s has %d frames, want %d; the first too many is\n%s", file, len(got), len(want), summary(got[len(want)]))
	case len(got) < len(want):
		t.Errorf("%s has %d frames, want %d; the first missing is\n%s", file, len(got), len(want), summary(want[len(got)]))
	}
}

// interleaves reports whether got is a and b, each whole and in order, merged in some way.
func interleaves(got, a, b [][]byte) bool {
	if len(got) != len(a)+len(b) {
		return false
	}
	return furthest(got, a, b) == len(got)
}

// furthest returns how many frames at the start of got can be told as a merge of a and b. It keeps
// every way to split them (number taken from a), so equal frames in a and b do no harm.
func furthest(got, a, b [][]byte) int {
	ways := map[int]bool{0: true}
	for n, frame := range got {
		next := map[int]bool{}
		for i := range ways {
			if i < len(a) && bytes.Equal(a[i], frame) {
				next[i+1] = true
			}
			if j := n - i; j < len(b) && bytes.Equal(b[j], frame) {
				next[i] = true
			}
		}
		if len(next) == 0 {
			return n
		}
		ways = next
	}
	return len(got)
}

// explainInterleaving says where the merge ends.
func explainInterleaving(got, a, b [][]byte) string {
	n := furthest(got, a, b)
	if n == len(got) {
		return "the last frames are missing"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "frame %d fits neither:\n%s\n", n+1, summary(got[n]))
	for name, frames := range map[string][][]byte{"expect.pcap": a, "expect1.pcap": b} {
		for i := range min(len(frames), 40) {
			if bytes.Equal(frames[i], got[n]) {
				fmt.Fprintf(&text, "it is frame %d of %s: too early, too late or twice\n", i+1, name)
			} else if sameInner(frames[i], got[n]) {
				fmt.Fprintf(&text, "its inner frame is that of frame %d of %s:\n%s\n", i+1, name, difference(got[n], frames[i]))
			}
		}
	}
	return text.String()
}

func sameInner(a, b []byte) bool {
	const shortest = 14 + 20 + 8 + 8
	return len(a) > shortest && len(a) == len(b) && bytes.Equal(a[shortest:], b[shortest:])
}

// difference shows two frames: what they are, and the bytes around the first that differs.
func difference(got, want []byte) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf(" got %s\nwant %s\nfirst difference at byte %d (%s):\n got …% x\nwant …% x",
		summary(got), summary(want), at, place(want, at), window(got, at), window(want, at))
}

func window(b []byte, at int) []byte { return b[max(0, min(at-4, len(b))):min(at+16, len(b))] }

// place names the header of a copy that a byte belongs to.
func place(frame []byte, at int) string {
	end := 0
	for _, l := range gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default).Layers() {
		if end += len(l.LayerContents()); at < end {
			return l.LayerType().String()
		}
	}
	return "payload"
}

// summary names the layers of a frame in one line, outer ones with their addresses.
func summary(frame []byte) string {
	var parts []string
	for _, l := range gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default).Layers() {
		switch l := l.(type) {
		case *layers.Ethernet:
			parts = append(parts, fmt.Sprintf("Ethernet %s > %s", l.SrcMAC, l.DstMAC))
		case *layers.IPv4:
			parts = append(parts, fmt.Sprintf("IPv4 %s > %s length %d", l.SrcIP, l.DstIP, l.Length))
		case *layers.IPv6:
			parts = append(parts, fmt.Sprintf("IPv6 %s > %s length %d", l.SrcIP, l.DstIP, l.Length))
		case *layers.UDP:
			parts = append(parts, fmt.Sprintf("UDP %d > %d", l.SrcPort, l.DstPort))
		case *layers.TCP:
			parts = append(parts, fmt.Sprintf("TCP %d > %d", l.SrcPort, l.DstPort))
		case *layers.VXLAN:
			parts = append(parts, fmt.Sprintf("VXLAN %d", l.VNI))
		case *layers.Dot1Q:
			parts = append(parts, fmt.Sprintf("VLAN %d", l.VLANIdentifier))
		default:
			parts = append(parts, l.LayerType().String())
		}
	}
	return fmt.Sprintf("%d bytes: %s", len(frame), strings.Join(parts, " | "))
}

func TestInterleaves(t *testing.T) {
	frames := func(names ...string) (out [][]byte) {
		for _, n := range names {
			out = append(out, []byte(n))
		}
		return out
	}
	a, b := frames("1", "2", "x"), frames("x", "3")
	for name, c := range map[string]struct {
		got  [][]byte
		want bool
	}{
		"one after the other":      {frames("1", "2", "x", "x", "3"), true},
		"mixed, the equal one too": {frames("x", "1", "2", "3", "x"), true},
		"out of order":             {frames("2", "1", "x", "x", "3"), false},
		"one missing":              {frames("1", "2", "x", "3"), false},
		"one strange":              {frames("1", "2", "x", "x", "4"), false},
	} {
		if interleaves(c.got, a, b) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}
