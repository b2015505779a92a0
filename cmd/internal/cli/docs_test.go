package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// everyCommand walks the command tree.
func everyCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, c := range cmd.Commands() {
		everyCommand(c, do)
	}
}

func tree() *cobra.Command {
	a := &app{Environment: Environment{Getenv: func(string) string { return "" }}}
	return a.root()
}

// TestDocumentation: docs/mirrorctl.md names every command, flag and exit code, and no flag that
// does not exist.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/mirrorctl.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"--help": true}
	everyCommand(tree(), func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		path := strings.TrimPrefix(cmd.CommandPath(), "mirrorctl ")
		words := strings.Fields(path)
		if k := kindOf(words[0]); k != nil && len(words) == 2 && !slices.Contains([]string{"member", "accept", "reject"}, words[1]) {
			path = "KIND " + words[1] // the page tells these once for all kinds
		}
		if !regexp.MustCompile(`\b` + path + `\b`).Match(text) {
			t.Errorf("docs/mirrorctl.md does not name the command %q", path)
		}
		for _, m := range flagNames.FindAllStringSubmatch(cmd.Flags().FlagUsages()+cmd.PersistentFlags().FlagUsages(), -1) {
			flag := "--" + m[1]
			if !known[flag] && !regexp.MustCompile(flag+`\b`).Match(text) {
				t.Errorf("docs/mirrorctl.md does not name the flag %s of %s", flag, cmd.CommandPath())
			}
			known[flag] = true
		}
	})
	for _, flag := range regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(string(text), -1) {
		if !known[flag] && flag != "--unix-socket" {
			t.Errorf("docs/mirrorctl.md names the flag %s, which no command has", flag)
		}
	}
	for _, line := range strings.Split(exitCodesHelp, "\n")[1:] {
		if code := strings.Fields(line)[0]; !strings.Contains(string(text), "\n| "+code+" |") {
			t.Errorf("docs/mirrorctl.md has no row for exit code %s", code)
		}
	}
}

func TestHelp(t *testing.T) {
	r := run(t, newFake(), "session create --help")
	same(t, "help", r.out, `create a session; it is in force when this returns

Usage:
  mirrorctl session create NAME [flags]

Examples:
  mirrorctl session create s1 --source web-1 --target ids --filter web --number 1 --vni 100

Flags:
      --source INTERFACE          interface to mirror, name or ID (required)
      --number 1-32766            the lowest number of a source is tried first (required)
      --target TARGET             where copies go, name or ID (required)
      --filter FILTER             filter that selects, name or ID (required)
      --vni 1-16777215            VXLAN network identifier; absent: one that is not in use
      --packet-length 1-65535     bytes of each frame to mirror; absent: all
      --sample-one-in 2-1000000   mirror one flow in so many; absent: all
      --rate-limit-pps RATE       copies a second; absent: no limit
      --rate-limit-bps RATE       bits a second of copies, outer headers included; absent: no limit
      --description TEXT          what it is for
      --tag KEY=VALUE             a tag, KEY=VALUE; may be repeated
      --client-token TOKEN        a TOKEN makes a repeated create harmless for 24 h; drawn when absent
      --if-match REVISION         only if REVISION is still the last one
      --account DIGITS            whose resources are meant, by 12 DIGITS (default: the default account)
  -h, --help                      help for create

Global Flags:
  -o, --output FORMAT      in which FORMAT: json for programs, name for scripts; export: toml or json
      --socket PATH        PATH of the daemon's control socket; also MIRRORCTL_SOCKET (default "/run/mirrorgw/ctl.sock")
      --timeout DURATION   DURATION to wait for an answer (default 30s)
`)
	for _, line := range []string{"", "--help", "help"} {
		if r := run(t, newFake(), line); r.code != ExitOK || !strings.Contains(r.out, exitCodesHelp) || r.errs != "" {
			t.Errorf("%q: %+v", line, r)
		}
	}
	if r := run(t, newFake(), "help rule create"); !strings.Contains(r.out, "--destination-ports") {
		t.Errorf("%+v", r)
	}
}
