// Command generate writes the captures that the demo embeds: testbed/demo/in0.pcap (frames that
// enter wire0) and in1.pcap (frames that enter wire1).
//
//	go run ./testbed/demo/generate --dir testbed/demo
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"mirrorgw/testbed/traffic"
)

func main() {
	dir := flag.String("dir", "testbed/demo", "directory that gets in0.pcap and in1.pcap")
	flag.Parse()
	if err := write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	var south, north [][]byte
	for _, s := range day() {
		if isSouth(s.By) {
			south = append(south, s.Frame)
		} else {
			north = append(north, s.Frame)
		}
	}
	if err := traffic.Write(filepath.Join(dir, "in0.pcap"), south); err != nil {
		return err
	}
	return traffic.Write(filepath.Join(dir, "in1.pcap"), north)
}
