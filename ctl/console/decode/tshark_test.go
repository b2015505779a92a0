package decode

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// compared are fields by tshark's name, and where they are here: the first layer with one of the names.
var compared = []struct {
	tshark, layers, field string
	number                bool // in whatever base; tshark counts offsets of fragments by 8 bytes
}{
	{"eth.src", "Ethernet", "Source", false}, {"eth.dst", "Ethernet", "Destination", false},
	{"vlan.id", "802.1Q VLAN|802.1ad VLAN|QinQ VLAN", "VLAN", true},
	{"mpls.label", "MPLS", "Label", true},
	{"arp.opcode", "ARP", "Operation", true}, {"arp.src.proto_ipv4", "ARP", "Sender address", false},
	{"ip.src", "IPv4", "Source", false}, {"ip.dst", "IPv4", "Destination", false}, {"ip.ttl", "IPv4", "TTL", true}, {"ip.id", "IPv4", "Identification", true},
	{"ip.len", "IPv4", "Total length", true}, {"ip.proto", "IPv4", "Protocol", true}, {"ip.frag_offset", "IPv4", "Fragment offset", true},
	{"ipv6.src", "IPv6", "Source", false}, {"ipv6.dst", "IPv6", "Destination", false}, {"ipv6.hlim", "IPv6", "Hop limit", true}, {"ipv6.plen", "IPv6", "Payload length", true},
	{"ipv6.fraghdr.offset", "IPv6 fragment", "Fragment offset", true},
	{"tcp.srcport", "TCP", "Source port", true}, {"tcp.dstport", "TCP", "Destination port", true}, {"tcp.seq_raw", "TCP", "Sequence number", true}, {"tcp.flags", "TCP", "Flags", true},
	{"tcp.window_size_value", "TCP", "Window", true}, {"tcp.hdr_len", "TCP", "Header length", true},
	{"udp.srcport", "UDP", "Source port", true}, {"udp.dstport", "UDP", "Destination port", true}, {"udp.length", "UDP", "Length", true},
	{"icmp.type", "ICMP", "Type", true}, {"icmp.code", "ICMP", "Code", true}, {"icmpv6.type", "ICMPv6", "Type", true}, {"icmpv6.nd.ns.target_address", "ICMPv6", "Target", false},
	{"vxlan.vni", "VXLAN", "VNI", true}, {"geneve.vni", "GENEVE", "VNI", true}, {"gre.proto", "GRE", "Protocol", true},
	{"dns.id", "DNS|mDNS|LLMNR", "Identifier", true}, {"dns.count.queries", "DNS|mDNS|LLMNR", "Questions", true}, {"dns.count.answers", "DNS|mDNS|LLMNR", "Answers", true},
	{"sctp.srcport", "SCTP", "Source port", true},
}

// tsharkReads writes frames to a file, and has tshark tell the fields of each, the first of a name.
func tsharkReads(t *testing.T, frames []sample) [][]string {
	t.Helper()
	tool, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed: it is the judge here")
	}
	path := filepath.Join(t.TempDir(), "all.pcap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(file)
	writer := pcapgo.NewWriter(out)
	err = writer.WriteFileHeader(1<<18, layers.LinkTypeEthernet)
	for i := 0; i < len(frames) && err == nil; i++ {
		err = writer.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(int64(i), 0), CaptureLength: len(frames[i].data), Length: frames[i].length}, frames[i].data)
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-n", "-r", path, "-T", "fields", "-E", "occurrence=f", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
		"-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.try_heuristic_first:FALSE"}
	for _, c := range compared {
		args = append(args, "-e", c.tshark)
	}
	told, err := exec.CommandContext(t.Context(), tool, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.SplitSeq(strings.TrimSuffix(string(told), "\n"), "\n") {
		rows = append(rows, strings.Split(line, "\t"))
	}
	if len(rows) != len(frames) {
		t.Fatalf("tshark tells of %d of %d frames", len(rows), len(frames))
	}
	return rows
}

// first is the value of a field in the first layer with one of the names.
func first(p *Packet, names, field string) string {
	for _, l := range p.Layers {
		for name := range strings.SplitSeq(names, "|") {
			if l.Name != name && l.Name != name+" (quoted)" {
				continue
			}
			for _, f := range l.Fields {
				if f.Name == field {
					return f.Value
				}
			}
			return ""
		}
	}
	return ""
}

// asNumber reads the number that a value begins with.
func asNumber(text string) string {
	text, _, _ = strings.Cut(text, " ")
	if n, err := strconv.ParseUint(text, 0, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	return text
}

// verdict counts, for a field, frames of which both read the same, and of which one reads nothing: tshark
// knows more protocols, and goes less far in what is malformed.
type verdict struct{ same, here, there int }

// TestTshark: of real frames tshark reads the same addresses, ports, numbers and flags.
func TestTshark(t *testing.T) {
	frames := captures(t)
	verdicts := map[string]*verdict{}
	for i, row := range tsharkReads(t, frames) {
		p := Frame(frames[i].data, frames[i].length)
		for n, c := range compared {
			v := verdicts[c.tshark]
			if v == nil {
				v = &verdict{}
				verdicts[c.tshark] = v
			}
			want, got := row[n], first(p, c.layers, c.field)
			if c.number {
				want, got = asNumber(want), asNumber(got)
			}
			if strings.HasSuffix(c.field, "offset") && want != "" {
				units, _ := strconv.Atoi(want)
				want = strconv.Itoa(8 * units)
			}
			switch {
			case want == "" && got == "":
			case want == got:
				v.same++
			case want == "":
				v.here++
			case got == "":
				v.there++
			case !isISL(frames[i].data) && !(c.tshark == "ip.len" && got == "0"): // which tshark guesses
				t.Errorf("frame %d of %s: tshark reads %s %q, and here it is %q (%s: %s %s)", i, frames[i].from, c.tshark, want, got, p.Protocol, p.Info, p.Fault)
			}
		}
	}
	for name, v := range verdicts {
		t.Logf("%s: %+v", name, *v)
		if v.same == 0 || max(v.here, v.there) > 15+v.same/20 {
			t.Errorf("%s is read the same in %d frames, by nobody but this decoder in %d and by nobody but tshark in %d", name, v.same, v.here, v.there)
		}
	}
}

// isISL says that tshark takes a frame for one of Cisco's ISL, with another frame in it.
func isISL(data []byte) bool {
	return len(data) > 5 && data[0] == 1 && data[1] == 0 && data[2] == 0x0c && data[3] == 0 && data[4] == 0
}
