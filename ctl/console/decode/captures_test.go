package decode

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/gopacket/pcapgo"
)

// sample is a frame of a capture.
type sample struct {
	data   []byte
	length int
	from   string
}

// captures are the frames of the real captures, as far as each file can be read.
func captures(t testing.TB) (all []sample) {
	t.Helper()
	folder := os.Getenv("MIRRORGW_CAPTURES")
	if folder == "" {
		folder = "../../../../shared/captures"
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("no captures in %s; set MIRRORGW_CAPTURES to a folder of captures", folder)
	}
	for _, path := range paths {
		all = append(all, framesOf(t, path)...)
	}
	return all
}

func framesOf(t testing.TB, path string) (all []sample) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := pcapgo.NewReader(file)
	if err != nil {
		t.Logf("%s is left out: %v", path, err)
		return nil
	}
	for {
		data, info, err := reader.ReadPacketData()
		if errors.Is(err, io.EOF) || err != nil {
			return all // some are cut on purpose
		}
		all = append(all, sample{data, info.Length, filepath.Base(path)})
	}
}

// decoded is what is told of a frame, with the promises about it checked; a panic is not caught.
func decoded(t testing.TB, data []byte, length int) *Packet {
	t.Helper()
	d := newDecoder(data, length)
	d.run()
	p := d.out
	count := 0
	for _, layer := range p.Layers {
		checkText(t, layer.Name, layer.Summary, layer.Fault)
		if layer.Name == "" || layer.At < 0 || layer.Length < 0 || layer.At+layer.Length > d.length {
			t.Fatalf("%s is at %d, %d bytes of %d", layer.Name, layer.At, layer.Length, d.length)
		}
		count += checkFields(t, layer.Fields, layer.At, layer.At+layer.Length)
	}
	checkText(t, p.Source, p.Destination, p.Protocol, p.Info, p.Fault, strings.Join(p.Wrapped, " "))
	switch {
	case len(p.Layers) == 0 || len(p.Layers) > maxLayers+2 || count > 2*maxFields:
		t.Fatalf("%d layers, %d fields", len(p.Layers), count)
	case p.Protocol == "":
		t.Fatalf("no protocol: %+v", p)
	case p.Cut && (p.Fault == "" || len(data) >= length):
		t.Fatalf("cut, and %q of %d of %d bytes", p.Fault, len(data), length)
	}
	if text, err := json.Marshal(p); err != nil || len(text) > 256<<10 {
		t.Fatalf("%d bytes of JSON: %v", len(text), err)
	}
	return p
}

func checkFields(t testing.TB, fields []Field, from, to int) (count int) {
	t.Helper()
	for _, f := range fields {
		checkText(t, f.Name, f.Value)
		if f.Name == "" || f.At < from || f.Length < 0 || f.At+f.Length > to {
			t.Fatalf("the field %s is at %d, %d bytes, outside of %d to %d", f.Name, f.At, f.Length, from, to)
		}
		count += 1 + checkFields(t, f.Fields, f.At, f.At+f.Length)
	}
	return count
}

func checkText(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if i := strings.IndexFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsGraphic(r) }); i >= 0 {
			t.Fatalf("%q is not printable at %d", text, i)
		}
	}
}

// TestCaptures: whatever real and hostile frames have in them, whole and cut anywhere, is told within
// the bounds.
func TestCaptures(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	known, all := 0, captures(t)
	for _, s := range all {
		p := decoded(t, s.data, s.length)
		if p.Protocol != "Ethernet" && p.Info != "" {
			known++
		}
		part := r.IntN(len(s.data) + 1)
		decoded(t, s.data[:part:part], s.length)
		decoded(t, s.data[:part:part], part)
		spoilt := append([]byte{}, s.data...)
		for range 4 {
			if len(spoilt) > 12 {
				spoilt[12+r.IntN(len(spoilt)-12)] = byte(r.Uint32())
			}
		}
		decoded(t, spoilt, s.length)
	}
	t.Logf("%d of %d frames have a line about them", known, len(all))
	if known < len(all)*9/10 {
		t.Errorf("only %d of %d frames have a line about them", known, len(all))
	}
}

func FuzzFrame(f *testing.F) {
	for _, c := range cases {
		f.Add(c.frame(f), 0)
	}
	f.Add([]byte{}, 100)
	f.Fuzz(func(t *testing.T, data []byte, length int) {
		if len(data) > 1<<16 || length > 1<<16 {
			return
		}
		decoded(t, data, length)
	})
}

func BenchmarkFrame(b *testing.B) {
	all := captures(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s := &all[i%len(all)]
		Frame(s.data, s.length)
	}
}
