package cli

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// TestManualPage: every command that help shows has its part, with its flags.
func TestManualPage(t *testing.T) {
	page := manualPage((&app{Environment: Environment{Getenv: func(string) string { return "" }}}).root()).Roff()
	for _, want := range []string{".SH \"COMMANDS\"\n", `.SS "mirrorctl session create NAME`, `.SS "mirrorctl status`, `\-\-packet\-length`, `\-\-socket PATH`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "mirrorctl manual") {
		t.Error("a hidden command is on the page")
	}
}

// TestReferencePage: docs/mirrorctl-reference.md is what the program says of itself.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/mirrorctl-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e := Environment{Out: &out, Errs: &out, Getenv: func(string) string { return "" }}
	if code := Run(context.Background(), []string{"manual", "--markdown"}, e); code != 0 || out.String() != string(page) {
		t.Error("docs/mirrorctl-reference.md differs from the commands and flags of mirrorctl; write it with make docs")
	}
}
