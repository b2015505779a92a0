package config

import (
	"fmt"
	"strings"
	"time"

	"mirrorgw/ctl/tomldoc"
)

// Backlog says on which ports frames that wait to be received are a sign of congestion.
type Backlog string

// The values of [congestion] receive.
const (
	BacklogAuto   Backlog = "auto"   // where a frame that waits may be lost: not on files and generators
	BacklogAlways Backlog = "always" // on every port
	BacklogOff    Backlog = "off"
)

// Defaults of [congestion], and what its times may be.
const (
	DefaultBacklog  = 100 * time.Microsecond
	DefaultRecovery = 10 * time.Millisecond

	minBacklog, maxBacklog   = 10 * time.Microsecond, time.Second
	minRecovery, maxRecovery = time.Millisecond, time.Minute
)

// Congestion is the [congestion] section: what makes copies yield to production.
type Congestion struct {
	Receive  Backlog
	Transmit bool          // production that is not taken at once is a sign
	Tunnel   bool          // a tunnel port that does not take copies is a sign
	Mempool  bool          // mirror memory that runs out is a sign
	Backlog  time.Duration // of full bursts only, and frames wait for too long
	Recovery time.Duration // without signs, from one step back to the next
}

// DefaultCongestion is what counts without a [congestion] section.
var DefaultCongestion = Congestion{Receive: BacklogAuto, Transmit: true, Tunnel: true, Mempool: true,
	Backlog: DefaultBacklog, Recovery: DefaultRecovery}

func readCongestion(t *tomldoc.Table) Congestion {
	defer t.Done()
	return Congestion{
		Receive:  Backlog(t.OneOf("receive", string(BacklogAuto), string(BacklogAuto), string(BacklogAlways), string(BacklogOff))),
		Transmit: t.BoolOr("transmit", true),
		Tunnel:   t.BoolOr("tunnel", true),
		Mempool:  t.BoolOr("mempool", true),
		Backlog:  readTime(t, "backlog", DefaultBacklog, minBacklog, maxBacklog),
		Recovery: readTime(t, "recovery", DefaultRecovery, minRecovery, maxRecovery),
	}
}

// readTime reads a duration between two.
func readTime(t *tomldoc.Table, key string, absent, least, most time.Duration) time.Duration {
	text, ok := t.String(key)
	if !ok {
		return absent
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		t.Errorf(key, "%s %q is not a duration; write one like %q", key, text, plain(absent))
	case d < least || d > most:
		t.Errorf(key, "%s %q is out of range; use %s to %s", key, text, plain(least), plain(most))
	}
	return d
}

// plain is a duration in ASCII.
func plain(d time.Duration) string { return strings.ReplaceAll(d.String(), "µ", "u") }

// String is what the plan says of congestion.
func (c Congestion) String() string {
	var signs []string
	if c.Receive != BacklogOff {
		signs = append(signs, fmt.Sprintf("receive (%s, %s)", c.Receive, plain(c.Backlog)))
	}
	for _, sign := range []struct {
		name  string
		heeds bool
	}{{"transmit", c.Transmit}, {"tunnel", c.Tunnel}, {"mempool", c.Mempool}} {
		if sign.heeds {
			signs = append(signs, sign.name)
		}
	}
	if len(signs) == 0 {
		return "nothing counts: every copy is made, whatever it costs production"
	}
	return fmt.Sprintf("%s; recovery %s", strings.Join(signs, ", "), plain(c.Recovery))
}
