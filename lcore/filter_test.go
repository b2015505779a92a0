package lcore

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
	"github.com/google/gopacket/pcapgo"
	"pgregory.net/rapid"
)

// filters are what people ask tcpdump for, and what makes it use each kind of instruction.
var filters = []string{
	"tcp", "udp or icmp", "not ip", "arp", "ip6", "ip6 and tcp port 80", "tcp port 443", "portrange 1-1023", "tcp dst port 445",
	"src net 10.0.0.0/8", "host 192.168.1.1 or host 10.0.0.1", "net 192.168.0.0/16 and not port 53", "ip6 net fe80::/10",
	"vlan", "vlan and tcp", "vlan 10 and host 10.0.0.1", "mpls", "pppoes", "ether multicast", "broadcast", "ether src 00:00:00:00:00:01",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", "ip[6:2] & 0x1fff != 0", "ip[2:2] * 2 > len + 7",
	"greater 1000", "less 60", "len % 7 = 3", "len / (ip[8] - 64) = 1", "len - ip[2:2] = 14 and ip[8] ^ 3 > 1 << (ip[1] + 2)", "icmp[icmptype] = icmp-echo", "sctp or ip proto 47",
	"ip6[6] = 58 and ip6[40] = 135", "-ip[8] < 4294967200", "ether[0xffff0000] = 1", "udp[2000:4] = 0", "ether proto 0x88cc or stp",
}

// capturedFrames reads Ethernet captures, at most so many of them.
func capturedFrames(t *testing.T, most int) (frames [][]byte) {
	t.Helper()
	dir := os.Getenv("MIRRORGW_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
	if err != nil || len(files) == 0 {
		t.Skipf("no captures in %s: set MIRRORGW_CAPTURES to a directory of captures", dir)
	}
	if os.Getenv("MIRRORGW_FULL") == "1" {
		most = len(files)
	}
	for i := range most {
		handle, err := pcap.OpenOffline(files[i*len(files)/most])
		if err != nil || handle.LinkType() != layers.LinkTypeEthernet {
			continue // some are damaged on purpose
		}
		for {
			data, _, err := handle.ReadPacketData()
			if err != nil {
				break
			}
			if len(data) > 0 {
				frames = append(frames, data)
			}
		}
		handle.Close()
	}
	if len(frames) < 1000 {
		t.Fatalf("only %d frames in %d captures", len(frames), most)
	}
	return frames
}

// TestFiltersAsTcpdump compares with what tcpdump takes out of the same frames, which lie in several
// segments here.
func TestFiltersAsTcpdump(t *testing.T) {
	frames := capturedFrames(t, 60)
	file := filepath.Join(t.TempDir(), "all.pcap")
	writeNumbered(t, file, frames)
	r := rand.New(rand.NewPCG(1, 2))
	segments := make([][][]byte, len(frames))
	for i := range frames {
		segments[i] = cut(r, frames[i])
	}
	taken := 0
	for _, filter := range filters {
		program, err := compileFilter(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		want := tcpdump(t, file, filter)
		for i := range frames {
			if got := tryFilter(program, segments[i]); got != want[i] {
				t.Errorf("%s: %v for a frame that tcpdump says %v of: %x", filter, got, want[i], frames[i])
				break
			}
		}
		taken += len(want)
	}
	if taken < len(frames) {
		t.Errorf("only %d of %d frames were taken by any filter", taken, len(frames))
	}
}

// cut cuts a frame at up to three places.
func cut(r *rand.Rand, frame []byte) (segments [][]byte) {
	for range r.IntN(4) {
		if len(frame) < 2 {
			break
		}
		at := 1 + r.IntN(min(len(frame)-1, 60))
		segments = append(segments, frame[:at])
		frame = frame[at:]
	}
	return append(segments, frame)
}

// writeNumbered writes frames whose times are their numbers, seconds.
func writeNumbered(t *testing.T, path string, frames [][]byte) {
	t.Helper()
	var text bytes.Buffer
	w := pcapgo.NewWriter(&text)
	if err := w.WriteFileHeader(1<<18, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i, f := range frames {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(int64(i), 0), CaptureLength: len(f), Length: len(f)}, f); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tcpdump returns the numbers of the frames that it takes.
func tcpdump(t *testing.T, file, filter string) map[int]bool {
	t.Helper()
	cmd := exec.Command("tcpdump", "-r", file, "-w", "-", "--", filter)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tcpdump %s: %v: %s", filter, err, errs.String())
	}
	r, err := pcapgo.NewReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	taken := map[int]bool{}
	for {
		_, info, err := r.ReadPacketData()
		if err != nil {
			return taken
		}
		taken[int(info.Timestamp.Unix())] = true
	}
}

func TestFiltersRefused(t *testing.T) {
	for _, text := range []string{"tcp porf 80", "inbound", "ifname eth0", "host", "tcp and (udp", "tcp\x00udp", strings.Repeat("tcp or ", 600) + "udp", "ether host 1", "port http-none-such", "ip6 protochain 17"} {
		program, err := compileFilter(text)
		if err == nil {
			t.Errorf("%.20q is taken, with %d instructions", text, len(program))
		} else if strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%.20q: %q", text, err)
		}
	}
	for _, text := range []string{"", "  \n"} {
		if program, err := compileFilter(text); err != nil || program != nil {
			t.Errorf("%q: %v, %v", text, program, err)
		}
	}
}

// TestProgramsRefused: each is one mistake away from a program that is taken.
func TestProgramsRefused(t *testing.T) {
	accept := instruction{code: bpfRET, k: 1}
	for name, program := range map[string][]instruction{
		"empty":               {},
		"aside":               {{code: bpfLD | bpfB | bpfABS, k: 0xfffff004}, accept},
		"no return":           {{code: bpfLD | bpfIMM}},
		"jump behind the end": {{code: bpfJMP | bpfJA, k: 1}, accept},
		"far jump":            {{code: bpfJMP | bpfJA, k: 0xffffffff}, accept},
		"branch to the end":   {{code: bpfJMP | 0x10, jt: 1}, accept},
		"other branch":        {{code: bpfJMP | 0x10, jf: 200}, accept},
		"memory":              {{code: bpfLD | bpfMEM, k: 16}, accept},
		"memory, X":           {{code: bpfLDX | bpfMEM, k: 16}, accept},
		"store":               {{code: bpfST, k: 16}, accept},
		"store, X":            {{code: bpfSTX, k: 0xffffffff}, accept},
		"division by 0":       {{code: bpfALU | bpfDIV}, accept},
		"remainder by 0":      {{code: bpfALU | bpfMOD}, accept},
		"shift":               {{code: bpfALU | bpfLSH, k: 32}, accept},
		"unknown":             {{code: 0x100}, accept},
		"unknown load":        {{code: bpfLD | 0xc0}, accept},
		"unknown size":        {{code: bpfLD | bpfABS | 0x18}, accept},
		"long":                append(make([]instruction, bpfMaxInstructions), accept),
	} {
		if err := checkProgram(program); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := checkProgram([]instruction{{code: bpfJMP | 0x10}, accept}); err != nil {
		t.Error(err)
	}
}

// TestProgramsAsLibpcap: any program that is not refused does what libpcap's interpreter does, and reads
// no byte that is not there, which ASan sees.
func TestProgramsAsLibpcap(t *testing.T) {
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		program := drawProgram(t)
		if checkProgram(program) != nil {
			return
		}
		checked++
		oracle, err := newOracle(program)
		if err != nil {
			t.Fatalf("libpcap refuses what is taken here: %v: %v", err, program)
		}
		for range 5 {
			frame := rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "frame")
			segments := cut(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cut"), 0)), frame)
			if got, want := tryFilter(program, segments), oracle(frame); got != want {
				t.Fatalf("%v, want %v, for %x by %v", got, want, frame, program)
			}
		}
	})
	if checked < 5 {
		t.Errorf("only %d programs were taken", checked)
	}
}

// codes are all that there are, and a few that there are not.
var codes = func() (all []uint16) {
	for code := range uint16(0x200) {
		if (&instruction{code: code}).known() {
			all = append(all, code)
		}
	}
	return append(all, 0x18, 0xc0, 0x94|0x60, 0x105)
}()

// drawProgram begins with clearing the memory, which libpcap's interpreter does not.
func drawProgram(t *rapid.T) (program []instruction) {
	for k := range uint32(bpfWords) {
		program = append(program, instruction{code: bpfST, k: k})
	}
	n := rapid.IntRange(1, 30).Draw(t, "instructions")
	small := rapid.Uint32Range(0, 40)
	for left := n; left > 0; left-- {
		i := instruction{code: rapid.SampledFrom(codes).Draw(t, "code"), k: small.Draw(t, "k")}
		switch i.class() {
		case bpfJMP:
			i.jt, i.jf = uint8(rapid.IntRange(0, left-1).Draw(t, "jt")), uint8(rapid.IntRange(0, left-1).Draw(t, "jf"))
			i.k %= uint32(left + 1)
		case bpfALU:
			if i.code&0xf0 != bpfLSH && i.code&0xf0 != bpfRSH {
				i.k = rapid.Uint32().Draw(t, "operand")
			}
		}
		if i.class() == bpfRET && left > 1 && rapid.IntRange(0, 3).Draw(t, "go on") > 0 {
			i = instruction{code: bpfMISC | bpfTAX}
		}
		program = append(program, i)
	}
	return append(program, instruction{code: bpfRET | bpfA})
}

// newOracle has libpcap run the program.
func newOracle(program []instruction) (func(frame []byte) bool, error) {
	same := make([]pcap.BPFInstruction, len(program))
	for n, i := range program {
		same[n] = pcap.BPFInstruction{Code: i.code, Jt: i.jt, Jf: i.jf, K: i.k}
	}
	bpf, err := (*pcap.Handle)(nil).NewBPFInstructionFilter(same) // it needs none
	if err != nil {
		return nil, err
	}
	return func(frame []byte) bool {
		return bpf.Matches(gopacket.CaptureInfo{CaptureLength: len(frame), Length: len(frame)}, frame)
	}, nil
}
