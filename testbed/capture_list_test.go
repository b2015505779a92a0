package testbed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"mirrorgw/testbed/traffic"
)

// fullTests reports whether the long tests were asked for (make test-full).
func fullTests() bool { return os.Getenv("MIRRORGW_FULL") == "1" }

// captureDir is where the real captures are, relative to this directory unless MIRRORGW_CAPTURES
// says otherwise.
func captureDir() string {
	if dir := os.Getenv("MIRRORGW_CAPTURES"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "shared", "captures")
}

// captureList returns the absolute paths of the real captures in the order of their names: all of
// them, or n spread evenly when that many are enough. It skips the test when there are none.
func captureList(t *testing.T, n int) []string {
	t.Helper()
	dir, err := filepath.Abs(captureDir())
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Skip("no captures: set MIRRORGW_CAPTURES to a directory of pcap files, or lay them in shared/captures beside the repository")
	}
	if fullTests() || n >= len(all) {
		return all
	}
	chosen := make([]string, n)
	for i := range chosen {
		chosen[i] = all[i*len(all)/n]
	}
	return chosen
}

// readAsLibpcap returns the frames that libpcap, and so net_pcap, delivers from a capture. gopacket
// refuses two kinds of pcap that libpcap takes: versions before 2.4, and records that are longer
// than the file's snapshot length, which libpcap cuts to it.
func readAsLibpcap(t *testing.T, path string) [][]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := traffic.Read(path)
	if err == nil {
		return frames
	}
	if frames, err = decodePcap(content); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return frames
}

// Fields of the pcap format, draft-ietf-opsawg-pcap sections 4 and 5.
const (
	pcapMagic        = 0xa1b2c3d4
	pcapMagicNanos   = 0xa1b23c4d
	pcapFileHeader   = 24
	pcapRecordHeader = 16
)

func decodePcap(content []byte) (frames [][]byte, err error) {
	order, err := pcapOrder(content)
	if err != nil {
		return nil, err
	}
	captured := 8 // where a record header has the captured length
	if order.Uint16(content[6:]) < 3 {
		captured = 12 // before version 2.3 the two lengths stood the other way round
	}
	snap := int(order.Uint32(content[16:]))
	if snap == 0 {
		snap = len(content) // libpcap takes 0 for no limit
	}
	for rest := content[pcapFileHeader:]; len(rest) > 0; {
		if len(rest) < pcapRecordHeader {
			return frames, fmt.Errorf("ends in the header of frame %d", len(frames)+1)
		}
		length := int(order.Uint32(rest[captured:]))
		if rest = rest[pcapRecordHeader:]; length > len(rest) {
			return frames, fmt.Errorf("ends in frame %d", len(frames)+1)
		}
		frames = append(frames, bytes.Clone(rest[:min(length, snap)]))
		rest = rest[length:]
	}
	return frames, nil
}

func pcapOrder(content []byte) (binary.ByteOrder, error) {
	if len(content) < pcapFileHeader {
		return nil, errors.New("is shorter than a pcap file header")
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if magic := order.Uint32(content); magic == pcapMagic || magic == pcapMagicNanos {
			return order, nil
		}
	}
	return nil, errors.New("is not a pcap")
}

// TestDecodePcap holds the reader of last resort against gopacket, and shows what gopacket refuses.
func TestDecodePcap(t *testing.T) {
	var file bytes.Buffer
	want := [][]byte{bytes.Repeat([]byte{1}, 60), bytes.Repeat([]byte{2}, 90)}
	if err := traffic.Encode(&file, want); err != nil {
		t.Fatal(err)
	}
	got, err := decodePcap(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	compareFrames(t, "plain", got, want)

	short := bytes.Clone(file.Bytes())
	binary.LittleEndian.PutUint32(short[16:], 80)
	if got, err = decodePcap(short); err != nil {
		t.Fatal(err)
	}
	compareFrames(t, "snapshot length 80", got, [][]byte{want[0], want[1][:80]})

	if _, err = decodePcap(file.Bytes()[:file.Len()-1]); err == nil {
		t.Error("a cut-off capture is no error")
	}
}
