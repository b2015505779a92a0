package cli

import (
	"strings"
	"testing"
)

// TestManualPage: every command that help shows has its part, with its flags.
func TestManualPage(t *testing.T) {
	page := manualPage((&app{Environment: Environment{Getenv: func(string) string { return "" }}}).root())
	for _, want := range []string{".SH \"COMMANDS\"\n", `.SS "mirrorctl session create NAME`, `.SS "mirrorctl status`, `\-\-packet\-length`, `\-\-socket PATH`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "mirrorctl manual") {
		t.Error("a hidden command is on the page")
	}
}
