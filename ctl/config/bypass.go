package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// Defaults and bounds of [bypass].
const (
	DefaultBypassLimit     = 2 * time.Second
	DefaultHeartbeatPeriod = 500 * time.Millisecond

	minBypassLimit, maxBypassLimit         = 100 * time.Millisecond, 30 * time.Second
	minHeartbeatPeriod, maxHeartbeatPeriod = 50 * time.Millisecond, time.Minute
	maxArguments                           = 64
)

// Bypass is the [bypass] section: the programs that take production past the gateway and back. Without
// the section all of it is zero.
type Bypass struct {
	OnInline, OnBypass, Heartbeat []string // program and arguments; nil: none
	TimeLimit                     time.Duration
	HeartbeatPeriod               time.Duration

	src *tomldoc.Table
}

// IsThere tells whether there is anything to be driven.
func (b *Bypass) IsThere() bool { return b.OnBypass != nil || b.Heartbeat != nil }

func readBypass(root *tomldoc.Table) Bypass {
	present := root.Has("bypass")
	t := root.Table("bypass")
	defer t.Done()
	b := Bypass{src: t}
	b.OnInline, b.OnBypass, b.Heartbeat = readProgram(t, "on_inline"), readProgram(t, "on_bypass"), readProgram(t, "heartbeat")
	b.TimeLimit = readTime(t, "time_limit", DefaultBypassLimit, minBypassLimit, maxBypassLimit)
	b.HeartbeatPeriod = readTime(t, "heartbeat_period", DefaultHeartbeatPeriod, minHeartbeatPeriod, maxHeartbeatPeriod)
	switch {
	case !present:
		return Bypass{}
	case (b.OnInline == nil) != (b.OnBypass == nil):
		t.Errorf("on_inline", `on_inline and on_bypass belong together: what one does the other undoes; write both, or heartbeat alone`)
	case !b.IsThere():
		t.Errorf("on_bypass", `the section names no program; write on_inline and on_bypass, or heartbeat, or remove [bypass]`)
	}
	return b
}

// readProgram reads a program and its arguments.
func readProgram(t *tomldoc.Table, key string) []string {
	argv, ok := t.Strings(key)
	switch {
	case !ok:
		return nil
	case len(argv) == 0 || !filepath.IsAbs(argv[0]):
		t.Errorf(key, `%s must begin with the path of a program from / on, its arguments after it; write one like %s = ["/usr/local/sbin/bypass", "wire0"]`, key, key)
	case len(argv) > maxArguments || strings.Contains(strings.Join(argv, ""), "\x00"):
		t.Errorf(key, "%s has more than %d arguments, or one with a zero byte; write fewer", key, maxArguments)
	}
	return argv
}

// CheckBypass looks whether the programs of [bypass] are there and can be run, and only by whom they should
// have been written: they run with the rights of the daemon.
func CheckBypass(c *Config) error {
	var problems problem.List
	for key, argv := range map[string][]string{"on_inline": c.Bypass.OnInline, "on_bypass": c.Bypass.OnBypass, "heartbeat": c.Bypass.Heartbeat} {
		if argv != nil {
			addProblem(&problems, c.Bypass.src, "[bypass]", key, checkProgram(key, argv[0]))
		}
	}
	return problems.Err()
}

func checkProgram(key, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no %s; install it, or name another program", key, path)
	case err != nil:
		return fmt.Errorf("%s: %s cannot be looked at (%w); make it accessible for this user", key, path, rootCause(err))
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s: %s is not a program; run chmod 0755 %s, or name another one", key, path, path)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s: %s has mode %04o, so that others can change what the gateway runs; run chmod 0755 %s", key, path, info.Mode().Perm(), path)
	}
	return nil
}

// LoadBypass reads [bypass] of a file alone: what is wrong with other sections must not keep production from
// being switched.
func LoadBypass(path string) (*Bypass, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: the file cannot be read (%w); give the path of a gateway.toml with --config", path, rootCause(err))
	}
	var problems problem.List
	root := tomldoc.Parse(path, data, &problems)
	b := readBypass(root)
	return &b, problems.Err()
}

// String is what the plan says of it.
func (b Bypass) String() string {
	if !b.IsThere() {
		return "none"
	}
	var parts []string
	for _, p := range []struct {
		name string
		argv []string
	}{{"inline", b.OnInline}, {"bypass", b.OnBypass}, {"heartbeat every " + plain(b.HeartbeatPeriod), b.Heartbeat}} {
		if p.argv != nil {
			parts = append(parts, p.name+" "+strings.Join(p.argv, " "))
		}
	}
	return strings.Join(parts, "; ") + "; time limit " + plain(b.TimeLimit)
}
