package pipeline

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket/pcapgo"
)

// pools are the values that random packets and random rules have in common.
type pools struct {
	macs                   [][6]byte
	addresses4, addresses6 []netip.Addr
	pieces                 map[int][][]byte // of datagrams that have begun, by port
}

func newPools() *pools {
	p := &pools{}
	for i := range 6 {
		p.macs = append(p.macs, [6]byte{2, 0, 0, 0, 0, byte(i + 1)})
	}
	for _, a := range []string{"10.0.0.5", "10.0.0.9", "192.0.2.10", "10.0.1.1", "172.16.3.4", "192.0.2.55", "203.0.113.7", "169.254.169.253", "169.254.169.254", "169.254.169.250"} {
		p.addresses4 = append(p.addresses4, netip.MustParseAddr(a))
	}
	for _, a := range []string{"2001:db8::5", "2001:db8::10", "2001:db8:1::9", "2001:db8:ffff::1", "fe80::1", "fd00:ec2::253", "fd00:ec2::254"} {
		p.addresses6 = append(p.addresses6, netip.MustParseAddr(a))
	}
	return p
}

// randomFrame builds a frame byte by byte, right in structure more often than not.
func (p *pools) randomFrame(r *rand.Rand) []byte {
	src, dst := pick(r, p.macs...), pick(r, p.macs...)
	frame := append(append([]byte(nil), dst[:]...), src[:]...)
	for range pick(r, 0, 0, 0, 1, 1, 2, 3) {
		frame = binary.BigEndian.AppendUint16(frame, pick(r, uint16(0x8100), 0x8100, 0x88a8, 0x9100))
		frame = binary.BigEndian.AppendUint16(frame, pick(r, uint16(10), 20, 100, 0x2000|10, uint16(r.Uint32())))
	}
	switch r.IntN(12) {
	case 0:
		frame = binary.BigEndian.AppendUint16(frame, pick(r, uint16(0x0806), 0x88cc, 0x8847, uint16(r.Uint32())))
		return append(frame, randomBytes(r, r.IntN(60))...)
	case 1, 2, 3, 4:
		return p.appendIPv6(r, binary.BigEndian.AppendUint16(frame, 0x86dd))
	}
	return p.appendIPv4(r, binary.BigEndian.AppendUint16(frame, 0x0800))
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (p *pools) appendIPv4(r *rand.Rand, frame []byte) []byte {
	words := pick(r, 5, 5, 5, 5, 6, 15)
	h := make([]byte, 4*words)
	h[0] = 0x40 | byte(words)
	binary.BigEndian.PutUint16(h[6:], pick(r, uint16(0), 0, 0, 0x4000, 0x2000, 0x2001, 0x0005, 0x8000))
	h[8], h[9] = 64, pick(r, byte(6), 6, 6, 17, 17, 17, 1, 132, 50, byte(r.Uint32()))
	src, dst := pick(r, p.addresses4...).As4(), pick(r, p.addresses4...).As4()
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	return appendL4(r, append(frame, h...))
}

func (p *pools) appendIPv6(r *rand.Rand, frame []byte) []byte {
	h := make([]byte, 40)
	h[0], h[7] = 0x60, 64
	src, dst := pick(r, p.addresses6...).As16(), pick(r, p.addresses6...).As16()
	copy(h[8:], src[:])
	copy(h[24:], dst[:])
	next := &h[6]
	var chain []byte
	for range pick(r, 0, 0, 0, 1, 2, 3, 7, 8, 9) {
		*next = pick(r, byte(0), 43, 44, 51, 60, 135, 139, 140)
		header := randomExtension(r, *next)
		chain = append(chain, header...)
		next = &chain[len(chain)-len(header)]
	}
	*next = pick(r, byte(6), 6, 17, 17, 58, 132, 50, 59, byte(r.Uint32()))
	return appendL4(r, append(append(frame, h...), chain...))
}

func randomExtension(r *rand.Rand, kind byte) []byte {
	if kind == 44 {
		h := make([]byte, 8)
		binary.BigEndian.PutUint16(h[2:], pick(r, uint16(0), 0, 1, 8, 9, 6, uint16(r.Uint32())))
		return h
	}
	units := r.IntN(3)
	if kind == 51 {
		h := randomBytes(r, 4*(units+2))
		h[1] = byte(units)
		return h
	}
	h := randomBytes(r, 8*(units+1))
	h[1] = byte(units)
	return h
}

func appendL4(r *rand.Rand, frame []byte) []byte {
	for range 2 {
		port := pick(r, 22, 53, 53, 67, 68, 80, 80, 123, 443, 546, 547, 4789, 40000, r.IntN(65536))
		frame = binary.BigEndian.AppendUint16(frame, uint16(port))
	}
	return append(frame, randomBytes(r, pick(r, 0, 4, 16, 40, 100, 200, 600, 1460, 8900))...)
}

// mutate changes, cuts or lengthens a frame a little.
func mutate(r *rand.Rand, frame []byte) []byte {
	frame = append([]byte(nil), frame...)
	switch r.IntN(6) {
	case 0:
		return frame[:r.IntN(len(frame)+1)]
	case 1:
		return append(frame, randomBytes(r, r.IntN(64))...)
	case 2, 3:
		for range 1 + r.IntN(4) {
			if len(frame) > 0 {
				frame[r.IntN(min(len(frame), 80))] = byte(r.Uint32())
			}
		}
	}
	return frame
}

// cut splits a length at random bounds, sometimes into very small pieces.
func cut(r *rand.Rand, length int) []int {
	if length < 2 || r.IntN(2) == 0 {
		return []int{length}
	}
	var cuts []int
	for left := length; left > 0; {
		n := min(left, 1+r.IntN(pick(r, 4, 40, 400, 2048)))
		if len(cuts) == 10 {
			n = left
		}
		cuts = append(cuts, n)
		left -= n
	}
	return cuts
}

// captures lists the real captures; a test that needs them skips, saying so, without.
func captures(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("MIRRORGW_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob(filepath.Join(dir, "*.pcapng"))
	if files = append(files, more...); len(files) == 0 {
		t.Skipf("no captures in %s: set MIRRORGW_CAPTURES to a directory of captures", dir)
	}
	return files
}

// readCapture returns the frames up to the first that cannot be read.
func readCapture(t testing.TB, path string) (frames [][]byte) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read := func() ([]byte, error) { return nil, os.ErrInvalid }
	if reader, err := pcapgo.NewReader(file); err == nil {
		read = func() ([]byte, error) { data, _, err := reader.ReadPacketData(); return data, err }
	} else if _, err := file.Seek(0, 0); err == nil {
		if reader, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions); err == nil {
			read = func() ([]byte, error) { data, _, err := reader.ReadPacketData(); return data, err }
		}
	}
	for {
		data, err := read()
		if err != nil {
			return frames
		}
		if len(data) <= 65535-72 {
			frames = append(frames, data)
		}
	}
}
