package main

import (
	"fmt"
	"os"
	"path/filepath"

	"mirrorgw/testbed/traffic"
)

// export writes what a generator with network cards needs to repeat the paced loads: for each a
// capture with its frames, and the resources that mirror all of them.
func export(dir string, loads []workload) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, w := range loads {
		capture := filepath.Join(dir, w.name+".pcap")
		frames := w.frames()
		if err := traffic.Write(capture, frames); err != nil {
			return err
		}
		resources := filepath.Join(dir, w.name+".toml")
		if err := os.WriteFile(resources, []byte(w.resources()), 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d frames; %s\n", capture, len(frames), resources)
	}
	return nil
}
