package config

import (
	"testing"
	"time"
)

func TestPortLink(t *testing.T) {
	c := parse(t, good)
	if p := c.Ports[0]; !p.Propagate || p.HoldDown != DefaultHoldDown {
		t.Errorf("by default a wire is %+v", p)
	}
	if p := c.Ports[2]; p.Propagate || p.HoldDown != 0 {
		t.Errorf("a tunnel port is %+v", p)
	}
	c = parse(t, change(t, good, "queues = 1", "link_propagation = false\nhold_down = \"1500ms\""))
	if p := c.Ports[0]; p.Propagate || p.HoldDown != 1500*time.Millisecond || !c.Ports[1].Propagate {
		t.Errorf("as configured: %+v, %+v", p, c.Ports[1])
	}
	for _, test := range []struct{ old, new, want string }{
		{"queues = 1", `link_propagation = "on"`, `gateway.toml:10: port "wire0": link_propagation is text, not true or false; write link_propagation = true or link_propagation = false`},
		{"queues = 1", `hold_down = 100`, `gateway.toml:10: port "wire0": hold_down is a whole number, not text; write hold_down = "100"`},
		{"queues = 1", `hold_down = "soon"`, `gateway.toml:10: port "wire0": hold_down "soon" is not a duration; write one like "100ms" or "2s"`},
		{"queues = 1", `hold_down = "-1s"`, `gateway.toml:10: port "wire0": hold_down "-1s" is out of range; write one from "0s" to "1m"`},
		{"queues = 1", `hold_down = "61s"`, `gateway.toml:10: port "wire0": hold_down "61s" is out of range; write one from "0s" to "1m"`},
		{`role = "tunnel"`, "role = \"tunnel\"\nlink_propagation = true", `gateway.toml:21: port "tun0": link_propagation is about the two ports of a wire, and a tunnel port has no peer; remove it`},
	} {
		if _, err := Parse("gateway.toml", []byte(change(t, good, test.old, test.new))); message(err) != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", test.new, err, test.want)
		}
	}
}
