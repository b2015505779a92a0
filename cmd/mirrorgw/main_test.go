package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestCommandLine: nothing of this reads a file.
func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string // in what is printed
	}{
		{"--help", 0, "usage: mirrorgw --config FILE"},
		{"--version", 0, "mirrorgw "},
		{"", 2, "--config is missing"},
		{"--config", 2, "--config needs a value; see mirrorgw --help"},
		{"--check-config=perhaps", 2, `--check-config "perhaps" is not true or false`},
		{"--version=perhaps", 2, `--version "perhaps" is not true or false`},
		{"stat", 2, `unexpected argument "stat"`},
		{"state", 2, "state needs an action: check, export or compact; see mirrorgw state --help"},
		{"state --help", 0, "usage: mirrorgw state ACTION"},
		{"state check --help", 0, "usage: mirrorgw state ACTION"},
		{"state repair --config x", 2, `state has no action "repair"`},
		{"state check", 2, "--config is missing"},
		{"state check export --config x", 2, `unexpected argument "export"`},
		{"state check --konfig x", 2, "there is no flag --konfig"},
		{"bypass --help", 0, "usage: mirrorgw bypass bypass|inline --config FILE"},
		{"bypass --config x", 2, "bypass needs an event: bypass or inline; see mirrorgw bypass --help"},
		{"bypass perhaps --config x", 2, `bypass has no event "perhaps"`},
		{"bypass inline", 2, "--config is missing"},
		{"bypass bypass --config /nonexistent.toml", 1, "/nonexistent.toml: the file cannot be read"},
		{"doctor --help", 0, "usage: mirrorgw doctor [--config FILE]"},
		{"doctor now", 2, `unexpected argument "now"`},
		{"doctor --json=perhaps", 2, `--json "perhaps" is not true or false`},
		{"doctor --config /nonexistent.toml", 1, "configuration: /nonexistent.toml: there is no such file"},
		{"doctor --config /nonexistent.toml --json", 1, `"finding": "configuration-invalid"`},
		{"state --config /nonexistent.toml check", 1, "/nonexistent.toml: there is no such file"},
	} {
		t.Run(c.args, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(strings.Fields(c.args), &out, &errs)
			if code != c.code || !strings.Contains(out.String()+errs.String(), c.want) {
				t.Errorf("exit code %d, want %d with %q; printed\n%s%s", code, c.code, c.want, out.String(), errs.String())
			}
		})
	}
}
