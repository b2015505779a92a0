package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestEmbeddedCapturesAreGenerated fails when a capture and its generator have drifted apart; then
// run go generate ./testbed/demo and commit what it wrote.
func TestEmbeddedCapturesAreGenerated(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"in0.pcap", "in1.pcap"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("testbed/demo/%s is not what the generator writes; run go generate ./testbed/demo", name)
		}
		if len(got) > 300_000 {
			t.Errorf("%s has %d bytes, want at most 300,000", name, len(got))
		}
	}
}
