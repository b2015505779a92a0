// Command generate writes the tables of docs/configuration.md.
package main

import (
	"flag"
	"fmt"
	"os"

	"mirrorgw/ctl/reference"
)

func main() {
	page := flag.String("page", "docs/configuration.md", "the page, `FILE`")
	flag.Parse()
	if err := write(*page); err != nil {
		fmt.Fprintf(os.Stderr, "generate: %s: %v\n", *page, err)
		os.Exit(1)
	}
}

func write(page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	filled, err := reference.Fill(string(text))
	if err != nil || filled == string(text) {
		return err
	}
	return os.WriteFile(page, []byte(filled), 0o644)
}
