package history

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzChunk: whatever decodes encodes to something that decodes to the same.
func FuzzChunk(f *testing.F) {
	s := &slots{}
	for minute := range 60 {
		s.add(&detailed, minute, []int64{1, int64(minute), int64(minute * minute), 1 << 60})
	}
	whole := appendChunk(nil, s)
	body, _, _ := chunkBody(whole)
	f.Add(body)
	f.Add([]byte{0, 0})
	f.Add([]byte{0xff, 0x01, 3, 0, 9, 2, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, k := range []Key{wire0, basic, detailed, rollup(1, ByType, "x")} {
			s, err := decodeChunk(data, &k)
			if err != nil {
				continue
			}
			body, need, err := chunkBody(appendChunk(nil, s))
			if err != nil || need != 0 {
				t.Fatalf("encoded anew: need %d, %v", need, err)
			}
			again, err := decodeChunk(body, &k)
			if err != nil {
				t.Fatal(err)
			}
			for i := range columns[k.Kind] {
				if diff := cmp.Diff(s.column(i, k.Step), again.column(i, k.Step)); diff != "" || s.present != again.present {
					t.Fatalf("column %d: %s", i, diff)
				}
			}
		}
	})
}

// FuzzFile opens files of any content. The checksums of records are made good, so that what is in
// them is reached.
func FuzzFile(f *testing.F) {
	var block []byte
	builder := &blockBuilder{budget: 1 << 20}
	s := &slots{}
	s.add(&detailed, 7, []int64{1, 2, 3})
	builder.put(0, appendName(nil, 0, &detailed), appendChunk(nil, s))
	block, _ = builder.frames(cover{1, 1 << 7, 0}, 9, 0)
	f.Add(byte(frameNames), appendName(nil, 3, &basic), true)
	f.Add(byte(frameBlock), block[len(block)-60:], true)
	f.Add(byte(frameMinute), appendRow([]byte{3, 0}, 0, []int64{1, 2}), false)
	f.Add(byte(frameHead), make([]byte, 16), false)
	f.Fuzz(func(t *testing.T, kind byte, body []byte, isPart bool) {
		dir := t.TempDir()
		data := appendFrame(nil, frameBegin, magic, len(magic))
		name := headName
		if isPart {
			name = "00000000-x" + partSuffix
		} else if frameKind(kind) != frameHead {
			data = appendFrame(data, frameHead, make([]byte, 16), 16)
		}
		names := appendName(nil, 0, &detailed)
		if frameKind(kind) != frameHead {
			data = appendFrame(data, frameNames, names, len(names))
		}
		data = appendFrame(data, frameKind(kind), body, len(body))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		for _, k := range opened.Series(Filter{}) {
			opened.Points(k, []int{0, 1}, noon.AddDate(-60, 0, 0), noon.AddDate(100, 0, 0))
		}
		if err := opened.Add(Minute{Time: after(0), Rows: []Row{{wire0, []int64{4}}}}); err != nil {
			t.Fatal(err)
		}
		if got := values(t, opened, wire0, 0); got[0] != 4 {
			t.Fatalf("added 4, read %v", got)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(appendFrame(nil, frameBegin, magic, len(magic)))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := readFrame(bytes.NewReader(data), 0, int64(len(data)))
		if err == nil && frame.end() > int64(len(data)) {
			t.Fatal("a frame goes beyond its file")
		}
	})
}
