package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/testbed/traffic"
)

// TestMirrorFileOfDemo lets tshark and tcpdump read the copies of the demo's day.
func TestMirrorFileOfDemo(t *testing.T) {
	needTool(t, "tshark")
	needTool(t, "tcpdump")
	r := &rig{dir: t.TempDir()}
	for _, name := range []string{"in0.pcap", "in1.pcap", "gateway.toml", "resources.toml"} {
		content, err := os.ReadFile(filepath.Join("demo", name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(r.dir, name), string(content))
	}
	r.run(t)
	checkOuterByTools(t, r)
}

// TestMirrorFileOfCaptures lets them read the copies of real traffic, some of it malformed.
func TestMirrorFileOfCaptures(t *testing.T) {
	needTool(t, "tshark")
	needTool(t, "tcpdump")
	paths := captureList(t, 8)
	r := captureRig(t, paths[:min(8, len(paths))])
	r.run(t)
	checkOuterByTools(t, r)
}

// checkOuterByTools asserts that the outer headers in mirror.pcap are right in the eyes of tshark
// and that tcpdump recognises every copy.
func checkOuterByTools(t *testing.T, r *rig) {
	t.Helper()
	path := filepath.Join(r.dir, "copies.pcap")
	only := copiesIn(t, r.dir, "mirror.pcap")
	if err := traffic.Write(path, only); err != nil {
		t.Fatal(err)
	}
	copies := len(only)
	if copies == 0 {
		t.Fatal("nothing was mirrored: there is nothing to judge")
	}
	if lines := tshark(t, path, outerColumns...); len(lines) != copies {
		t.Errorf("tshark reads %d copies, want %d", len(lines), copies)
	} else {
		for i, line := range lines {
			if problem := outerProblem(line); problem != "" {
				t.Errorf("copy %d: tshark says %s; all columns: %q", i+1, problem, line)
			}
		}
	}
	recognised := 0
	for _, line := range toolLines(t, exec.Command("tcpdump", "-nn", "-r", path)) {
		if strings.Contains(line, ".4789: VXLAN, flags [I] (0x08), vni ") || strings.Contains(line, "4789: [udp sum ok] VXLAN") {
			recognised++
		}
	}
	if recognised != copies {
		t.Errorf("tcpdump recognises %d copies as VXLAN, want %d", recognised, copies)
	}
}

// outerColumns ask tshark for the outer headers. With occurrence=f it prints the first occurrence of
// a field, which is the outer one wherever the outer header has the field. Inner frames may be
// malformed, real ones often are. That the outer headers are not is told by the chain of protocols:
// tshark ends it where a header is malformed, so what reached VXLAN and its VNI is sound before it.
var outerColumns = []string{
	"-d", "udp.port==4789,vxlan", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
	"-T", "fields", "-E", "separator=|", "-E", "occurrence=f",
	"-e", "frame.protocols", "-e", "eth.type", "-e", "ip.checksum.status", "-e", "ip.flags.df", "-e", "ip.ttl",
	"-e", "ipv6.hlim", "-e", "udp.checksum", "-e", "udp.checksum.status", "-e", "vxlan.flags", "-e", "vxlan.vni",
}

// outerProblem judges a line of outerColumns; "" means that the outer headers are right.
func outerProblem(line string) string {
	f := strings.Split(line, "|")
	if len(f) != 10 {
		return fmt.Sprintf("%d columns, want 10", len(f))
	}
	chain, etherType, flags, vni := f[0], f[1], f[8], f[9]
	switch {
	case flags != "0x0800" || vni == "" || vni == "0":
		return fmt.Sprintf("VXLAN flags %s, VNI %s", flags, vni)
	case etherType == "0x0800" && strings.HasPrefix(chain, "eth:ethertype:ip:udp:vxlan"):
		return outerIPv4Problem(f[2], f[3], f[4], f[6], f[7])
	case etherType == "0x86dd" && strings.HasPrefix(chain, "eth:ethertype:ipv6:udp:vxlan"):
		return outerIPv6Problem(f[5], f[7])
	}
	return "a chain of headers that no copy has: " + chain
}

// tshark's values of ip.checksum.status and udp.checksum.status.
const (
	checksumGood       = "1"
	checksumNotPresent = "3"
)

func outerIPv4Problem(checksum, df, ttl, udpChecksum, udpStatus string) string {
	switch {
	case checksum != checksumGood || df != "1" || ttl != "64":
		return fmt.Sprintf("outer IPv4 checksum status %s, DF %s, TTL %s", checksum, df, ttl)
	case udpChecksum != "0x0000" || udpStatus != checksumNotPresent:
		return fmt.Sprintf("outer UDP checksum %s over IPv4, want none", udpChecksum)
	}
	return ""
}

func outerIPv6Problem(hops, udpStatus string) string {
	// An IPv4 field may be there as well: the inner frame's.
	if udpStatus != checksumGood || hops != "64" {
		return fmt.Sprintf("outer UDP checksum status %s over IPv6, hop limit %s", udpStatus, hops)
	}
	return ""
}

// plainRules are rules that a display filter can say as well. Both sides are read the same way only
// of traffic like plainDay's: no fragments (tshark would judge ports after reassembly), no tunnels
// and no ICMP errors (tshark matches a field in any header of a frame, also in a quoted or inner
// one), none of the types that are never mirrored, and TCP and UDP headers that are whole.
var plainRules = []struct{ name, rule, filter string }{
	{"all", "", "ip || ipv6"},
	{"tcp", `protocol = "tcp"`, "tcp"},
	{"udp", `protocol = "udp"`, "udp"},
	{"icmp", `protocol = 1`, "icmp"},
	{"http", "protocol = \"tcp\"\ndestination_ports = \"80\"", "tcp.dstport == 80"},
	{"https answers", "protocol = \"tcp\"\nsource_ports = \"443\"", "tcp.srcport == 443"},
	{"udp range", "protocol = \"udp\"\ndestination_ports = \"1000-6000\"", "udp.dstport >= 1000 && udp.dstport <= 6000"},
	{"from 10/8", `source = "10.0.0.0/8"`, "ip.src == 10.0.0.0/8"},
	{"to 192.168/16", `destination = "192.168.0.0/16"`, "ip.dst == 192.168.0.0/16"},
	{"to IPv6", `destination = "2001:db8::/32"`, "ipv6.dst == 2001:db8::/32"},
	{"tcp within 10/8", "protocol = \"tcp\"\nsource = \"10.0.0.0/8\"\ndestination = \"10.0.0.0/8\"", "tcp && ip.src == 10.0.0.0/8 && ip.dst == 10.0.0.0/8"},
}

// plainDay is generated traffic for plainRules, every combination of hosts, protocols and tags.
func plainDay() (frames [][]byte) {
	hosts := []traffic.Host{
		traffic.NewHost("a", "02:00:00:00:00:01", "10.0.0.5", "2001:db8:1::5"),
		traffic.NewHost("b", "02:00:00:00:00:02", "10.9.0.6", "2001:db8:2::6"),
		traffic.NewHost("c", "02:00:00:00:00:03", "192.168.1.7", "fd00::7"),
		traffic.NewHost("d", "02:00:00:00:00:04", "11.0.0.8", "2001:db9::8"),
	}
	for _, from := range hosts {
		for _, to := range hosts {
			if from.Name == to.Name {
				continue
			}
			for _, p := range []traffic.Packet{
				traffic.From(from).To(to), traffic.From(from).To(to).OverIPv6(),
				traffic.From(from).To(to).VLAN(7), traffic.From(from).To(to).QinQ(8, 9),
			} {
				frames = append(frames, p.TCP(40000, 80).SYN().Frame(), p.TCP(443, 40001).SYNACK().Frame(),
					p.TCP(80, 8080).Frame(), p.UDP(5000, 999).Frame(), p.UDP(5000, 1000).Frame(),
					p.UDP(999, 6000).Frame(), p.UDP(999, 6001).Frame(), p.Ping(1).Frame())
			}
		}
	}
	return frames
}

// plainCaptures are real captures for which the conditions of plainRules hold.
var plainCaptures = []string{
	"suricata-verify__tests__pop3__input.pcap",
	"zeek__testing__btest__Traces__tls__tls-1.2-stream-keylog.pcap",
}

// TestDisplayFiltersAgree runs each of plainRules as the only rule of a session and compares the
// number of copies with what tshark selects of the same input.
func TestDisplayFiltersAgree(t *testing.T) {
	needTool(t, "tshark")
	generated := filepath.Join(t.TempDir(), "day.pcap")
	if err := traffic.Write(generated, plainDay()); err != nil {
		t.Fatal(err)
	}
	t.Run("generated", func(t *testing.T) { compareFilters(t, generated, true) })
	for _, name := range plainCaptures {
		t.Run(name, func(t *testing.T) {
			dir, err := filepath.Abs(captureDir())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			if _, err := os.Stat(path); err != nil {
				t.Skip("the capture is not there: set MIRRORGW_CAPTURES")
			}
			compareFilters(t, path, false)
		})
	}
}

// compareFilters runs one daemon with a wire a rule, all fed with the same capture.
func compareFilters(t *testing.T, path string, all bool) {
	r := &rig{dir: t.TempDir()}
	symlink(t, path, filepath.Join(r.dir, "in.pcap"))
	var rest strings.Builder
	for i, p := range plainRules {
		r.inputs = append(r.inputs, "in.pcap")
		fmt.Fprintf(&rest, "[[filter]]\nname = \"f%d\"\n[[filter.rule]]\ndirection = \"egress\"\nnumber = 1\naction = \"accept\"\n%s\n", i, p.rule)
		fmt.Fprintf(&rest, "[[session]]\nname = \"s%d\"\nsource = \"src%d\"\ntarget = \"ids\"\nfilter = \"f%d\"\nnumber = 1\n", i, i, i)
	}
	r.write(t, rest.String())
	report := r.run(t)
	for i, p := range plainRules {
		got := report.Sessions[fmt.Sprintf("s%d", i)].Egress
		want := counted(t, path, p.filter, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE")
		if got.MatchedPackets != uint64(want) || got.MirroredPackets != uint64(want) {
			t.Errorf("%s: %d matched, %d mirrored, tshark -Y %q selects %d", p.name, got.MatchedPackets, got.MirroredPackets, p.filter, want)
		}
		if all && want == 0 {
			t.Errorf("%s: tshark -Y %q selects nothing, so the case shows nothing", p.name, p.filter)
		}
	}
}
