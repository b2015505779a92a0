package config

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"pgregory.net/rapid"
)

// capture returns a pcap with frames of the given lengths, written by gopacket.
func capture(lengths ...int) []byte {
	var out bytes.Buffer
	w := pcapgo.NewWriter(&out)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		panic(err)
	}
	for _, n := range lengths {
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: n, Length: n}, make([]byte, n)); err != nil {
			panic(err)
		}
	}
	return out.Bytes()
}

func captureNG(lengths ...int) []byte {
	var out bytes.Buffer
	w, err := pcapgo.NewNgWriter(&out, layers.LinkTypeEthernet)
	if err != nil {
		panic(err)
	}
	for _, n := range lengths {
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: n, Length: n}, make([]byte, n)); err != nil {
			panic(err)
		}
	}
	if err := w.Flush(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// bigEndian is a pcap as a machine of the other byte order writes it.
func bigEndian(length uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, 0xa1b23c4d)
	b = append(b, make([]byte, 20)...)
	b = append(b, make([]byte, 8)...)
	b = binary.BigEndian.AppendUint32(b, length)
	b = binary.BigEndian.AppendUint32(b, length)
	return append(b, make([]byte, length)...)
}

func TestWalkCapture(t *testing.T) {
	huge := capture(60)
	binary.LittleEndian.PutUint32(huge[24+8:], 1<<30)
	whole := capture(60, 1514)
	ng := captureNG(60, 61)
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"whole", whole, ""},
		{"no frames", capture(), ""},
		{"big endian, nanoseconds", bigEndian(64), ""},
		{"pcapng", ng, ""},
		{"empty", nil, "is empty; give a pcap or pcapng capture"},
		{"short text", []byte("hi"), "is not a capture; give a pcap or pcapng file, not compressed"},
		{"text", []byte("this is no capture at all"), "is not a capture; give a pcap or pcapng file, not compressed"},
		{"gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"), "is not a capture; give a pcap or pcapng file, not compressed"},
		{"file header", whole[:20], `is a truncated pcap: it ends in the file header; repair it with "editcap -F pcap BAD GOOD" or capture it again`},
		{"record header", whole[:24+16+60+7], `is a truncated pcap: it ends in the header of frame 2; repair it with "editcap -F pcap BAD GOOD" or capture it again`},
		{"frame", whole[:len(whole)-1000], `is a truncated pcap: frame 2 has 514 of its 1514 bytes; repair it with "editcap -F pcap BAD GOOD" or capture it again`},
		{"huge frame", huge, `is damaged: frame 1 claims 1073741824 bytes, more than any capture holds; repair it with "editcap -F pcap BAD GOOD" or capture it again`},
		{"pcapng block", ng[:len(ng)-4], `is a truncated pcapng: the block at frame 2 has 92 of its 96 bytes; repair it with "editcap -F pcap BAD GOOD" or capture it again`},
		{"pcapng header", ng[:8], `is a truncated pcapng: it ends in the block header at frame 1; repair it with "editcap -F pcap BAD GOOD" or capture it again`},
		{"pcapng magic", append([]byte{0x0a, 0x0d, 0x0d, 0x0a}, make([]byte, 30)...), "is not a capture; give a pcap or pcapng file, not compressed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := walkCapture("in.pcap", bytes.NewReader(test.data)); message(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestWalkAgreesWithGopacket cuts captures anywhere: our walk must refuse exactly those that
// gopacket cannot read to the end.
func TestWalkAgreesWithGopacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := capture(rapid.SliceOfN(rapid.IntRange(0, 300), 0, 5).Draw(t, "lengths")...)
		data = data[:rapid.IntRange(1, len(data)).Draw(t, "cut")]
		frames, err := walkCapture("in.pcap", bytes.NewReader(data))
		theirs, whole := readAll(data)
		if (err == nil) != whole {
			t.Fatalf("we say %v, gopacket reads to the end: %v", err, whole)
		}
		if err == nil && frames != theirs {
			t.Fatalf("we count %d frames, gopacket %d", frames, theirs)
		}
	})
}

// readAll counts frames and reports whether gopacket reads them up to the last byte. Bytes are counted because
// gopacket takes a capture that ends right behind a record header for a whole one.
func readAll(data []byte) (frames int, whole bool) {
	r, err := pcapgo.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, false
	}
	read := pcapFileHeader
	for ; ; frames++ {
		frame, _, err := r.ReadPacketData()
		if err != nil {
			return frames, read == len(data)
		}
		read += pcapRecordHeader + len(frame)
	}
}

func TestCheckFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := write("in.pcap", capture(60))
	cut := write("cut.pcap", capture(60)[:50])
	link := filepath.Join(dir, "link.pcap")
	if err := os.Link(whole, link); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.pcap")
	long := write("long.pcap", bigEndian(80066))
	for _, test := range []struct{ name, rx, tx, want string }{
		{"good", whole, out, ""},
		{"absent", dir + "/no.pcap", out, "rx_pcap " + dir + "/no.pcap does not exist; give the path of a capture (relative paths start at the working directory)"},
		{"directory", dir, out, "rx_pcap " + dir + " is a directory; give the path of a capture in it"},
		{"below a file", whole + "/x", out, "rx_pcap " + whole + "/x cannot be read (not a directory); make it readable for this user"},
		{"truncated", cut, out, "rx_pcap " + cut + ` is a truncated pcap: frame 1 has 10 of its 60 bytes; repair it with "editcap -F pcap BAD GOOD" or capture it again`},
		{"long frame", long, out, "rx_pcap " + long + ` has a frame of 80066 bytes (frame 1), but a DPDK frame has at most 65535; cut it, for example with "editcap -s 65535 ` + long + ` GOOD"`},
		{"no directory", whole, dir + "/no/out.pcap", "tx_pcap " + dir + "/no/out.pcap: the directory " + dir + "/no does not exist; create it or write elsewhere"},
		{"onto a directory", whole, dir, "tx_pcap " + dir + " is a directory; give the path of a file in it"},
		{"same file", whole, link, "tx_pcap " + link + " is the same file as rx_pcap " + whole + ` of port "tap0"; write to another file`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := parse(t, "[eal]\nlcores = \"1\"\n[[port]]\nname = \"tap0\"\ndevice = \"net_pcap0,rx_pcap="+test.rx+",tx_pcap="+test.tx+"\"\nrole = \"tap\"\n")
			want := test.want
			if want != "" {
				want = `gateway.toml:5: port "tap0": ` + want
			}
			if got := message(CheckFiles(c)); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestCheckFilesUnreadable needs a user whom permissions bind.
func TestCheckFilesUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads files of mode 0; run as another user")
	}
	path := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(path, capture(60), 0); err != nil {
		t.Fatal(err)
	}
	if err := checkRead(path); err == nil || !strings.HasSuffix(err.Error(), "make it readable for this user") {
		t.Errorf("checkRead = %v", err)
	}
}
