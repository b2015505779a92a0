package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(args, &out, &errs); code != exitOK {
		t.Fatalf("%v: exit code %d, %s", args, code, errs.String())
	}
	return out.String()
}

// TestReferencePage: docs/mirrorgw.md is what the program says of itself.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/mirrorgw.md")
	if err != nil {
		t.Fatal(err)
	}
	if printed(t, "manual", "--markdown") != string(page) {
		t.Error("docs/mirrorgw.md differs from the flags and commands of mirrorgw; write it with make docs")
	}
}

func TestManualPage(t *testing.T) {
	page := printed(t, "manual")
	for _, want := range []string{`.B "\-\-check\-config"`, `.B "\-\-state PATH"`, "mirrorctl(1)", `.B "\-\-json"`, `.B "/etc/mirrorgw/mirrorgw.toml"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestCompletion: each script knows each flag, and a shell that is installed reads it.
func TestCompletion(t *testing.T) {
	for _, c := range []struct{ shell, flag string }{{"bash", "--until-idle "}, {"zsh", "'--until-idle["}, {"fish", "-l until-idle "}} {
		script := printed(t, "completion", c.shell)
		if !strings.Contains(script, c.flag) {
			t.Errorf("%s lacks %q:\n%s", c.shell, c.flag, script)
		}
		if _, err := exec.LookPath(c.shell); err != nil {
			continue
		}
		cmd := exec.Command(c.shell, "-n", "/dev/stdin")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s\n%s", c.shell, err, out, script)
		}
	}
}

// TestBashCompletes asks bash what it offers.
func TestBashCompletes(t *testing.T) {
	script := printed(t, "completion", "bash")
	for _, c := range []struct{ words, want string }{{"--ch", "--check-config\n"}, {"st", "state\n"}, {"state ex", "export\n"}} {
		cmd := exec.Command("bash", "-c", script+"COMP_WORDS=(mirrorgw "+c.words+"); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _mirrorgw; printf '%s\\n' \"${COMPREPLY[@]}\"")
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != c.want {
			t.Errorf("%s: %v %q, want %q", c.words, err, out, c.want)
		}
	}
}
