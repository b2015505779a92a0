package cli

import (
	"errors"
	"strings"
	"testing"
)

// completions runs cobra's hidden command as the shell scripts do; the last argument is what has
// been begun.
func completions(g Gateway, args ...string) (words []string, directive string) {
	r := runWords(g, "", append([]string{"__complete"}, args...)...)
	lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		word, _, _ := strings.Cut(line, "\t")
		words = append(words, word)
	}
	return words, lines[len(lines)-1]
}

const (
	noFiles = ":4"
	noSpace = ":6" // nor files
)

func TestCompletion(t *testing.T) {
	f := newFake()
	build(t, f)
	run(t, f, "interface create web-2")
	run(t, f, "rule create --filter web --direction egress --number 7 --action accept")
	f.state = healthy()
	for _, test := range []struct{ line, want, directive string }{
		{"interface show ", "web-1 web-2", noFiles},
		{"interface show web-1 ", "web-2", noFiles},
		{"interface show x", "", noFiles},
		{"interface modify web-1 ", "", noFiles},
		{"interface create ", "", noFiles},
		{"interface create a --port ", "wire0", noFiles},
		{"interface create a --monitoring d", "detailed", noFiles},
		{"session create s2 --source ", "web-1 web-2", noFiles},
		{"session create s2 --target ", "ids", noFiles},
		{"session create s2 --filter w", "web", noFiles},
		{"session modify s", "s1", noFiles},
		{"rule create --direction ", "ingress egress", noFiles},
		{"rule create --action r", "reject", noFiles},
		{"rule create --protocol t", "tcp", noFiles},
		{"rule delete ", "web/", noSpace},
		{"rule delete web/", "web/ingress/100 web/egress/7", noFiles},
		{"rule delete web/e", "web/egress/7", noFiles},
		{"rule modify web/ingress/100 --unset p", "protocol", noFiles},
		{"tag list s", "session/ share/", noSpace},
		{"tag list session/", "session/s1", noFiles},
		{"tag list rule/web/i", "rule/web/ingress/100", noFiles},
		{"session list --where v", "vni=", noSpace},
		{"explain --source ", "web-1 web-2", noFiles},
		{"explain --direction i", "ingress", noFiles},
		{"stats --kind s", "sessions sources", noFiles},
		{"stats --session ", "s1", noFiles},
		{"top --sort ", "packets bits skipped name", noFiles},
		{"completion ", "bash zsh fish", noFiles},
		{"interface list -o ", "json name toml", noFiles},
		{"inter", "interface", noFiles},
	} {
		words, directive := completions(f, strings.Split(test.line, " ")...)
		if got := strings.Join(words, " "); got != test.want || directive != test.directive {
			t.Errorf("%q: %q %s, want %q %s", test.line, got, directive, test.want, test.directive)
		}
	}
}

func TestCompletionIsQuiet(t *testing.T) {
	f := newFake()
	f.fail = errors.New("nobody listens")
	for _, line := range []string{"interface show ", "rule show ", "rule show web/", "session create s --filter ", "interface create a --port ", "tag list session/"} {
		r := runWords(f, "", append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if r.code != ExitOK || strings.Contains(r.out+r.errs, "nobody") || strings.Count(r.out, "\n") != 1 {
			t.Errorf("%q: %+v", line, r)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	for shell, piece := range map[string]string{"bash": "__start_mirrorctl", "zsh": "#compdef mirrorctl", "fish": "complete -c mirrorctl"} {
		if r := run(t, newFake(), "completion "+shell); r.code != ExitOK || !strings.Contains(r.out, piece) {
			t.Errorf("%s: exit %d, %d bytes", shell, r.code, len(r.out))
		}
	}
}
