package config

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// oldPcap has one frame of 60 zero bytes that was 1514 bytes on the wire, in a file of the given
// version and snapshot length.
func oldPcap(minor uint16, snapLen, first, second uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, minor)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, snapLen)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, first)
	b = binary.LittleEndian.AppendUint32(b, second)
	return append(b, make([]byte, 60)...)
}

// withSnapLen changes the snapshot length of a little-endian pcap.
func withSnapLen(data []byte, snapLen uint32) []byte {
	binary.LittleEndian.PutUint32(data[16:], snapLen)
	return data
}

// simpleBlock makes the first enhanced packet block of captureNG(length) a simple one.
func simpleBlock(length int) []byte {
	b := captureNG()
	size := uint32(16 + (length+3)&^3)
	for _, word := range []uint32{blockSimple, size, uint32(length)} {
		b = binary.LittleEndian.AppendUint32(b, word)
	}
	b = append(b, make([]byte, (length+3)&^3)...)
	return binary.LittleEndian.AppendUint32(b, size)
}

func TestFramesOfCaptures(t *testing.T) {
	const cut = `, but a DPDK frame has at most 65535; cut it, for example with "editcap -s 65535 in.pcap GOOD"`
	for _, test := range []struct {
		name   string
		data   []byte
		frames int
		want   string
	}{
		{"none", capture(), 0, ""},
		{"three", capture(60, 0, 1514), 3, ""},
		{"pcapng", captureNG(60, 61, 62), 3, ""},
		{"longest", withSnapLen(capture(60, 65535), 262144), 2, ""},
		{"too long", withSnapLen(capture(60, 65536), 262144), 0, "has a frame of 65536 bytes (frame 2)" + cut},
		{"snapshot length 0 is none", withSnapLen(capture(80066), 0), 0, "has a frame of 80066 bytes (frame 1)" + cut},
		{"cut to the snapshot length", withSnapLen(capture(80066, 60), 65535), 2, ""},
		{"cut to a snapshot length too long", withSnapLen(capture(80066), 70000), 0, "has a frame of 70000 bytes (frame 1)" + cut},
		{"pcapng, longest", captureNG(65535), 1, ""},
		{"pcapng, too long", captureNG(60, 65536), 0, "has a frame of 65536 bytes (frame 2)" + cut},
		{"simple block", simpleBlock(61), 1, ""},
		{"simple block, too long", simpleBlock(70001), 0, "has a frame of 70001 bytes (frame 1)" + cut},
		{"version 2.2", oldPcap(2, 1500, 1514, 60), 1, ""},
		{"version 2.3", oldPcap(3, 1500, 60, 1514), 1, ""},
		{"version 2.3, other way round", oldPcap(3, 1500, 1514, 60), 1, ""},
		{"version 2.4", oldPcap(4, 1500, 60, 1514), 1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			frames, err := walkCapture("in.pcap", bytes.NewReader(test.data))
			if message(err) != test.want || frames != test.frames {
				t.Errorf("got  %d, %v\nwant %d, %s", frames, err, test.frames, test.want)
			}
		})
	}
}

func TestCountFrames(t *testing.T) {
	dir := t.TempDir()
	good, bad, pipe := filepath.Join(dir, "good"), filepath.Join(dir, "bad"), filepath.Join(dir, "pipe")
	for path, data := range map[string][]byte{good: capture(60, 61), bad: []byte("hello")} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		bad:         bad + " is not a capture; give a pcap or pcapng file, not compressed",
		pipe:        pipe + " is not a regular file, so its frames cannot be counted; give a capture file",
		dir + "/no": dir + "/no cannot be read (no such file or directory); make it readable for this user",
	} {
		if n, err := CountFrames(path); n != 0 || message(err) != want {
			t.Errorf("got  %d, %v\nwant %s", n, err, want)
		}
	}
	if n, err := CountFrames(good); n != 2 || err != nil {
		t.Errorf("CountFrames = %d, %v, want 2", n, err)
	}
}

// TestKernelInterfaces relies on the loopback interface, which every network namespace has.
func TestKernelInterfaces(t *testing.T) {
	for _, driver := range []string{"net_af_packet", "net_af_xdp"} {
		text := "[eal]\nlcores = \"1\"\n[[port]]\nname = \"tap0\"\ndevice = \"" + driver + "0,iface=lo\"\nrole = \"tap\"\n"
		if err := CheckFiles(parse(t, text)); err != nil {
			t.Errorf("%s on lo: %v", driver, err)
		}
		want := `gateway.toml:5: port "tap0": device: there is no kernel interface "nosuchif0"; see "ip link" for those there are`
		if err := CheckFiles(parse(t, strings.Replace(text, "=lo", "=nosuchif0", 1))); message(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
