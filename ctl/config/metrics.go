package config

import (
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// DefaultMetricsListen is what examples of [metrics] listen show.
const DefaultMetricsListen = "127.0.0.1:9464"

// Metrics is the [metrics] section: where Prometheus reads. Without the section all of it is zero
// and nothing listens.
type Metrics struct {
	Listen netip.AddrPort // TCP; the zero value: none
	Socket string         // path of a unix socket; empty: none
	Mode   fs.FileMode    // permission bits of the socket
	Group  string         // of the socket, name or number as written (see GroupID); empty: the daemon's

	src *tomldoc.Table
}

func readMetrics(root *tomldoc.Table) Metrics {
	present := root.Has("metrics")
	t := root.Table("metrics")
	defer t.Done()
	if !present {
		return Metrics{}
	}
	m := Metrics{src: t, Mode: DefaultSocketMode}
	if text, ok := t.String("listen"); ok {
		m.Listen = parseListen(t, text, DefaultMetricsListen)
	}
	const example = RunDirectory + "/metrics.sock"
	m.Socket = readPath(t, "socket", "")
	checkSocketPath(t, m.Socket, example)
	if text, ok := t.String("mode"); ok {
		m.Mode = parseMode(t, text)
	}
	m.Group = readGroup(t, "group")
	if !t.Has("listen") && !t.Has("socket") {
		t.Errorf("listen", "the section names no place to listen; add listen = %q or socket = %q, or remove [metrics]", DefaultMetricsListen, example)
	}
	if !t.Has("socket") && (t.Has("mode") || t.Has("group")) {
		t.Errorf("socket", "mode and group belong to a socket and there is none; add socket = %q or remove them", example)
	}
	return m
}

// parseListen reads an address and a port, such as example. A name would depend on a resolver at start.
func parseListen(t *tomldoc.Table, text, example string) netip.AddrPort {
	listen, err := netip.ParseAddrPort(text)
	switch {
	case err != nil && strings.HasPrefix(text, ":"):
		t.Errorf("listen", "listen %q has no address; write 127.0.0.1%s, or 0.0.0.0%s for every address of this machine", text, text, text)
	case err != nil:
		t.Errorf("listen", "listen %q is not an IP address and a port; write one like listen = %q", text, example)
	case listen.Port() == 0:
		t.Errorf("listen", "listen %q has no port that a client could know; use one from 1 to 65535, like %q", text, example)
	}
	return listen
}

// CheckMetrics looks at what [metrics] names on this machine, like CheckControl.
func CheckMetrics(c *Config) error {
	var problems problem.List
	if c.Metrics.Socket != "" {
		addProblem(&problems, c.Metrics.src, "[metrics]", "socket", checkSocketFile(c.Metrics.Socket))
		addProblem(&problems, c.Metrics.src, "[metrics]", "group", checkGroup("group", c.Metrics.Group))
	}
	return problems.Err()
}

// String is what the plan says of the metrics.
func (m Metrics) String() string {
	var places []string
	if m.Listen.IsValid() {
		places = append(places, "http://"+m.Listen.String()+"/metrics")
	}
	if m.Socket != "" {
		places = append(places, fmt.Sprintf("%s, mode %04o, group %s", m.Socket, m.Mode, dash(m.Group)))
	}
	return strings.Join(places, "; ")
}

func (c *Config) metricsNotices() (notices []string) {
	m := &c.Metrics
	if m.Listen.IsValid() && !m.Listen.Addr().Unmap().IsLoopback() {
		notices = append(notices, fmt.Sprintf("%s[metrics]: %s is not a loopback address and the endpoint has no authentication: whoever reaches it reads names and counters; use %q, or keep others out with a firewall",
			m.src.Position("listen"), m.Listen, fmt.Sprintf("127.0.0.1:%d", m.Listen.Port())))
	}
	return notices
}
