package config

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl/tomldoc"
)

// Defaults of [ctl] and [state].
const (
	RunDirectory      = "/run/mirrorgw" // made by the daemon where it is missing: /run is empty after a boot
	DefaultSocket     = RunDirectory + "/ctl.sock"
	DefaultSocketMode = fs.FileMode(0o660)
	DefaultStatePath  = "/var/lib/mirrorgw/state.db"
)

// maxSocketPath is how many bytes sun_path holds before its final zero (unix(7)).
const maxSocketPath = 107

// Ctl is the [ctl] section: the control socket. Without the section all of it is zero.
type Ctl struct {
	Socket      string      // path; empty: there is no socket
	Mode        fs.FileMode // permission bits
	AdminGroup  string      // name or number as written (see GroupID); empty: only root is an administrator
	ReaderGroup string      // same; empty: nobody only reads

	src *tomldoc.Table
}

// OnDamage says what a state that cannot be used means for production.
type OnDamage string

// The values of [state] on_damage.
const (
	OnDamageRefuse      OnDamage = "refuse"       // do not start
	OnDamageForwardOnly OnDamage = "forward-only" // forward, mirror nothing, refuse changes
)

// State is the [state] section. Without the section all of it is zero.
type State struct {
	Path         string // of the file; empty: resources live in memory only
	OnDamage     OnDamage
	ForwardAfter time.Duration // ports start after this long at the latest; 0: once the resources are in force

	src *tomldoc.Table
}

func readCtl(root *tomldoc.Table) Ctl {
	present := root.Has("ctl")
	t := root.Table("ctl")
	defer t.Done()
	c := Ctl{Mode: DefaultSocketMode, src: t}
	c.Socket = readPath(t, "socket", DefaultSocket)
	checkSocketPath(t, c.Socket, DefaultSocket)
	if text, ok := t.String("mode"); ok {
		c.Mode = parseMode(t, text)
	}
	c.AdminGroup, c.ReaderGroup = readGroup(t, "admin_group"), readGroup(t, "reader_group")
	if c.AdminGroup != "" && c.AdminGroup == c.ReaderGroup {
		t.Errorf("reader_group", "reader_group %q is the admin_group too, whose members may read anyway; name another group or remove it", c.ReaderGroup)
	}
	if !present {
		return Ctl{}
	}
	return c
}

func readState(root *tomldoc.Table) State {
	present := root.Has("state")
	t := root.Table("state")
	defer t.Done()
	s := State{src: t}
	s.Path = readPath(t, "path", DefaultStatePath)
	s.OnDamage = OnDamage(t.OneOf("on_damage", string(OnDamageRefuse), string(OnDamageRefuse), string(OnDamageForwardOnly)))
	if text, ok := t.String("forward_after"); ok {
		s.ForwardAfter = parseForwardAfter(t, text)
	}
	if !present {
		return State{}
	}
	return s
}

// readPath reads a path that has a default but may not be empty.
func readPath(t *tomldoc.Table, key, fallback string) string {
	if !t.Has(key) {
		return fallback
	}
	path, _ := t.Required(key, fallback)
	return path
}

func checkSocketPath(t *tomldoc.Table, path, example string) {
	switch {
	case strings.HasPrefix(path, "@"):
		t.Errorf("socket", "socket %q would be an abstract socket, which has no permissions; write a path like %s", path, example)
	case len(path) > maxSocketPath:
		t.Errorf("socket", "socket has %d bytes and a unix socket's path at most %d; choose a shorter path like %s", len(path), maxSocketPath, example)
	}
}

// parseMode reads permission bits as chmod writes them. The daemon's own user keeps access.
func parseMode(t *tomldoc.Table, text string) fs.FileMode {
	n, err := strconv.ParseUint(text, 8, 32)
	switch {
	case err != nil || n > 0o777:
		t.Errorf("mode", `mode %q is not an octal mode; write one like mode = "0660"`, text)
	case n&0o600 != 0o600:
		t.Errorf("mode", `mode %q keeps the daemon's own user out; write one from "0600" on, like "0660"`, text)
	}
	return fs.FileMode(n)
}

func readGroup(t *tomldoc.Table, key string) string {
	name, ok := t.TextOrInt(key)
	if ok && name == "" {
		t.Errorf(key, "%s is empty; name a group like %s = %q or remove the line", key, key, "adm")
	}
	return name
}

func parseForwardAfter(t *tomldoc.Table, text string) time.Duration {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		t.Errorf("forward_after", `forward_after %q is not a duration; write one like "500ms" or "10s"`, text)
	case d <= 0:
		t.Errorf("forward_after", `forward_after %q is not positive; write one like "10s", or remove it to wait for the resources however long they take`, text)
	}
	return d
}
