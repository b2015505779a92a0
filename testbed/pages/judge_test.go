package pages

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/server"
	"mirrorgw/testbed/daemon"
)

// record is a shell that carries nothing out: every program is a function that writes down its arguments, one a line. Redirections
// stay in its directory.
const record = `set -f +e
PATH=/nonexistent
note() { local word line=; for word in "$@"; do line+=${word//$'\n'/ }$'\037'; done; printf '%s\n' "$line" >&9; echo 1; }
command_not_found_handle() { note "$@"; }
for name in cd kill wait exec source . eval trap ulimit export api mac; do eval "$name() { note $name \"\$@\"; }"; done
`

// commands are what a script asks for, with its arguments.
func commands(t *testing.T, where, script string) (found [][]string) {
	t.Helper()
	if m := regexp.MustCompile(`>\s*(/(?:etc|usr|var|run|proc|sys)\S*)`).FindString(script); m != "" {
		t.Errorf("%s: the shell would write: %s; copy a file there instead", where, m)
		return nil
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "exec 9>noted\n"+record+script)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	if out, err := cmd.CombinedOutput(); strings.Contains(string(out), "syntax error") || ctx.Err() != nil {
		t.Errorf("%s: no shell takes this (%v): %s\n%s", where, err, out, script)
		return nil
	}
	noted, err := os.ReadFile(filepath.Join(dir, "noted"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(noted)), "\n") {
		if line != "" {
			found = append(found, strings.Split(strings.TrimSuffix(line, "\037"), "\037"))
		}
	}
	return found
}

// TestCommandsAreRight judges every command of every page, run or not: the real programs parse those of mirrorgw and mirrorctl,
// requests have a path of the API, make has the target, files of the tree are there.
func TestCommandsAreRight(t *testing.T) {
	j := newJudge(t)
	names, blocks := all(t)
	for _, name := range names {
		for i := range blocks[name] {
			if b := &blocks[name][i]; b.Commands() {
				for _, words := range commands(t, b.String(), b.Mark.Before+"\n"+b.Script()) {
					j.command(b.String(), words)
				}
			}
		}
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range Inline(string(text)) {
			j.inline(name, strings.Fields(strings.NewReplacer(`"`, "", "'", "").Replace(command)))
		}
	}
	if len(j.judged) < 100 {
		t.Errorf("only %d commands were judged", len(j.judged))
	}
}

// judge knows what is right.
type judge struct {
	t        *testing.T
	paths    []*regexp.Regexp // of the API
	targets  string           // the Makefile
	mirrorgw string           // docs/mirrorgw.md, which is what the program says of itself
	aws      string           // docs/aws.md
	judged   map[string]bool
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	j := &judge{t: t, judged: map[string]bool{}}
	text, err := server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Paths map[string]any }
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for path := range document.Paths {
		j.paths = append(j.paths, regexp.MustCompile("^"+regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, "[^/?]+")+`(\?.*)?$`))
	}
	makefile, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "mirrorgw.md"))
	if err != nil {
		t.Fatal(err)
	}
	actions, err := os.ReadFile(filepath.Join(root(t), "docs", "aws.md"))
	if err != nil {
		t.Fatal(err)
	}
	j.targets, j.mirrorgw, j.aws = string(makefile), string(page), string(actions)
	return j
}

// command judges one, and what it starts itself.
func (j *judge) command(where string, words []string) {
	if key := strings.Join(words, "\037"); j.judged[key] {
		return
	} else if j.judged[key] = true; len(words) == 0 {
		return
	}
	program := filepath.Base(words[0])
	switch program {
	case "mirrorctl", "mirrorgw":
		j.parse(where, program, words[1:])
	case "curl", "api":
		j.request(where, words)
	case "aws":
		j.action(where, words[1:])
	case "make":
		j.targetsOf(where, words[1:])
	case "xargs", "sudo", "ip", "taskset", "timeout", "watch", "env":
		for i, word := range words[1:] {
			if word == "mirrorctl" || word == "mirrorgw" {
				rest := words[i+1:]
				if program == "xargs" {
					rest = append(slices.Clone(rest), "what-it-reads")
				}
				j.command(where, rest)
				break
			}
		}
	}
	for _, word := range words {
		j.file(where, word)
	}
}

// parse has the program read its command line. It finds no daemon and no configuration, which is another exit code than that
// of a command line that makes no sense.
func (j *judge) parse(where, program string, args []string) {
	const usage = 2
	bin := daemon.BuildControl(j.t)
	args = slices.Clone(args)
	if program == "mirrorgw" {
		bin = daemon.Build(j.t)
		for i, arg := range args {
			if i > 0 && args[i-1] == "--config" {
				args[i] = "nonexistent/" + filepath.Base(arg)
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Dir = j.t.TempDir()
	if err := os.WriteFile(filepath.Join(cmd.Dir, "resources.toml"), nil, 0o600); err != nil {
		j.t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "MIRRORCTL_SOCKET="+filepath.Join(cmd.Dir, "nonexistent.sock"))
	if i := slices.Index(args, "--socket"); i >= 0 && i+1 < len(args) {
		cmd.Args[i+2] = filepath.Join(cmd.Dir, "nonexistent.sock")
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == usage && !strings.Contains(string(out), "no such file") {
		j.t.Errorf("%s: %s %s: %v: %s", where, program, strings.Join(args, " "), err, out)
	}
}

// inline judges a command that a text names, which may lack what it needs to be run.
func (j *judge) inline(where string, words []string) {
	if key := strings.Join(words, " "); j.judged[key] {
		return
	} else {
		j.judged[key] = true
	}
	if words[0] == "make" {
		j.targetsOf(where, words[1:])
		return
	}
	if words[0] == "mirrorgw" {
		for _, word := range words[1:] {
			if flag, _, _ := strings.Cut(word, "="); strings.HasPrefix(word, "--") && !strings.Contains(j.mirrorgw, "`"+flag) && flag != "--help" {
				j.t.Errorf("%s: mirrorgw has no flag %s", where, flag)
			}
		}
		return
	}
	last := words[len(words)-1] // a flag whose value the text does not name
	if strings.HasPrefix(last, "-") {
		words = words[:len(words)-1]
	}
	out, err := exec.Command(daemon.BuildControl(j.t), append(slices.Clone(words[1:]), "--help")...).CombinedOutput()
	m := regexp.MustCompile(`(?m)^Usage:\n  (mirrorctl[a-z -]*?)( [^a-z ].*)?$`).FindStringSubmatch(string(out))
	if m == nil || !inOrder(strings.Fields(m[1]), words) || m[1] == "mirrorctl" || strings.HasPrefix(last, "-") && !strings.Contains(string(out), last) {
		j.t.Errorf("%s: there is no command %q (%v): %.200s", where, strings.Join(words, " "), err, out)
	}
}

// inOrder says whether words has all of part, in its order.
func inOrder(part, words []string) bool {
	for _, word := range words {
		if len(part) > 0 && word == part[0] {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// request judges the path of a request to the control socket.
func (j *judge) request(where string, words []string) {
	socket := words[0] == "api" || slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, "ctl.sock") })
	for _, word := range words {
		path, ok := strings.CutPrefix(word, "http://localhost")
		if socket && ok && !slices.ContainsFunc(j.paths, func(form *regexp.Regexp) bool { return form.MatchString(path) }) {
			j.t.Errorf("%s: the API has no path %s", where, path)
		}
	}
}

func (j *judge) targetsOf(where string, words []string) {
	for _, word := range words {
		if !strings.Contains(word, "=") && !strings.HasPrefix(word, "-") && !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(word)+`:`).MatchString(j.targets) {
			j.t.Errorf("%s: make has no target %s", where, word)
		}
	}
}

// action judges an operation of the AWS CLI by the list of actions in docs/aws.md, which a test holds against the code.
func (j *judge) action(where string, words []string) {
	for i, word := range words {
		if i+1 < len(words) && slices.Contains([]string{"ec2", "sts", "ram", "cloudwatch"}, word) {
			var name string
			for _, part := range strings.Split(words[i+1], "-") {
				name += strings.ToUpper(part[:1]) + part[1:]
			}
			if !strings.Contains(j.aws, "`"+name+"`") {
				j.t.Errorf("%s: the gateway has no action %s of %s", where, name, word)
			}
			return
		}
	}
}

// owned are directories of the tree, or where the package puts their files.
var owned = map[string]string{"scripts/": "scripts", "packaging/": "packaging", "monitoring/": "monitoring", "docs/": "docs", "./testbed/": "testbed",
	"/usr/share/doc/mirrorgw/examples/": "packaging/examples", "/usr/share/doc/mirrorgw/examples/monitoring/": "monitoring"}

// file judges that what a word names in the tree is there.
func (j *judge) file(where, word string) {
	from, to := "", ""
	for prefix, directory := range owned {
		if strings.HasPrefix(word, prefix) && len(prefix) > len(from) {
			from, to = prefix, directory
		}
	}
	if from == "" || strings.ContainsAny(word, "*…") {
		return
	}
	path := filepath.Join(root(j.t), to, strings.TrimPrefix(word, from))
	if _, err := os.Stat(path); err != nil {
		j.t.Errorf("%s: %s is not there: %v", where, word, err)
	}
}
