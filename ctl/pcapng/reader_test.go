package pcapng

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	someInterfaces = []Interface{{Name: "wire0/ingress", Description: "frames received", Snap: 96}, {Name: "tun0/copies", Snap: 65535}}
	somePackets    = []Packet{{Interface: 1, Time: time.Unix(1700000000, 123456789).UTC(), Length: 1500, Data: []byte("abcde"), Outbound: true, Comment: "session x"},
		{Time: time.Unix(1700000001, 0).UTC(), Length: 4, Data: []byte("abcd")}, {Time: time.Unix(1700000002, 0).UTC(), Length: 60, Data: []byte{}}}
)

func written(t testing.TB) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, &Section{Application: "test", OS: "Linux"})
	for i := 0; i < len(someInterfaces) && err == nil; i++ {
		err = w.AddInterface(&someInterfaces[i])
	}
	for i := 0; i < len(somePackets) && err == nil; i++ {
		err = w.Packet(&somePackets[i])
	}
	if err == nil {
		err = w.Statistics(&Statistics{Interface: 1, Received: 7})
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// read returns packets, and what ended them.
func read(source io.Reader) (packets []Packet, interfaces []Interface, err error) {
	r := NewReader(source)
	for {
		p, err := r.Packet()
		if err != nil {
			return packets, r.interfaces, err
		}
		p.Data = bytes.Clone(p.Data)
		packets = append(packets, *p)
	}
}

// TestReader: what was written is read, in whatever pieces it comes; what is cut is told so.
func TestReader(t *testing.T) {
	file := written(t)
	packets, interfaces, err := read(iotest.OneByteReader(bytes.NewReader(file)))
	if diff := cmp.Diff(somePackets, packets); diff != "" || !errors.Is(err, io.EOF) {
		t.Errorf("%v, (-written +read):\n%s", err, diff)
	}
	if diff := cmp.Diff(someInterfaces, interfaces); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	whole := map[error]int{}
	for n := range file {
		_, _, err := read(bytes.NewReader(file[:n]))
		whole[err]++
	}
	if whole[io.EOF] != 7 || whole[io.ErrUnexpectedEOF] != len(file)-7 { // between blocks, and before the first
		t.Errorf("a cut file is read to %v", whole)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(written(f))
	f.Fuzz(func(t *testing.T, file []byte) {
		packets, _, err := read(bytes.NewReader(file))
		if err == nil || len(packets)*32 > len(file) {
			t.Errorf("%d packets of %d bytes: %v", len(packets), len(file), err)
		}
	})
}
