// Command generate writes what docs/ has from ctl/reference: the tables of configuration.md, and api-reference.md. It runs in the
// root of the tree.
package main

import (
	"fmt"
	"os"

	"mirrorgw/ctl/reference"
)

func main() {
	for _, write := range []func() error{configuration, api} {
		if err := write(); err != nil {
			fmt.Fprintf(os.Stderr, "generate: %v\n", err)
			os.Exit(1)
		}
	}
}

func configuration() error {
	const page = "docs/configuration.md"
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	filled, err := reference.Fill(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return os.WriteFile(page, []byte(filled), 0o644)
}

func api() error {
	text, err := reference.APIPage("ctl")
	if err != nil {
		return err
	}
	return os.WriteFile("docs/api-reference.md", []byte(text), 0o644)
}
