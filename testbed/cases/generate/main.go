// Command generate writes the golden cases of testbed/cases from the descriptions in this package.
//
//	go run ./testbed/cases/generate            # from the root of the repository
//	go run ./testbed/cases/generate --dir DIR
//
// Each description states, frame by frame, which session mirrors it and how many bytes of it. No
// code of the gateway is used: what leaves here is what a person said must happen. The outer
// headers are built with gopacket, the UDP source port with a second implementation of the
// documented hash (flow.go).
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	dir := flag.String("dir", "testbed/cases", "directory that holds the cases")
	flag.Parse()
	for _, c := range cases() {
		if err := c.write(*dir); err != nil {
			fmt.Fprintf(os.Stderr, "generate: case %s: %v\n", c.Name, err)
			os.Exit(1)
		}
	}
}
