package config

import (
	"strings"
	"testing"
	"time"
)

func TestCongestionSection(t *testing.T) {
	if c := parse(t, good).Congestion; c != DefaultCongestion {
		t.Errorf("the absent section is %+v", c)
	}
	c := parse(t, good+"\n[congestion]\nreceive = \"always\"\ntransmit = false\ntunnel = false\nmempool = false\nbacklog = \"250us\"\nrecovery = \"1s\"\n").Congestion
	if c != (Congestion{Receive: BacklogAlways, Backlog: 250 * time.Microsecond, Recovery: time.Second}) {
		t.Errorf("[congestion] is %+v", c)
	}
}

func TestCongestionInThePlan(t *testing.T) {
	for _, test := range []struct{ section, want string }{
		{"", "receive (auto, 100us), transmit, tunnel, mempool; recovery 10ms"},
		{"receive = \"off\"\nmempool = false\nrecovery = \"2s\"", "transmit, tunnel; recovery 2s"},
		{"receive = \"off\"\ntransmit = false\ntunnel = false\nmempool = false", "nothing counts: every copy is made, whatever it costs production"},
	} {
		var text strings.Builder
		if err := parse(t, good+"\n[congestion]\n"+test.section+"\n").Plan().Print(&text); err != nil {
			t.Fatal(err)
		}
		if want := "congestion     " + test.want + "\n"; !strings.Contains(text.String(), want) {
			t.Errorf("the plan does not say %q:\n%s", want, &text)
		}
	}
}

func TestBadCongestionSections(t *testing.T) {
	for _, test := range []struct{ section, want string }{
		{`receive = "never"`, `receive`},
		{`backlog = "soon"`, `gateway.toml:28: [congestion]: backlog "soon" is not a duration; write one like "100us"`},
		{`backlog = "1us"`, `gateway.toml:28: [congestion]: backlog "1us" is out of range; use 10us to 1s`},
		{`recovery = "2h"`, `gateway.toml:28: [congestion]: recovery "2h" is out of range; use 1ms to 1m0s`},
		{`budget = 1`, `unknown key "budget"`},
	} {
		_, err := Parse("gateway.toml", []byte(good+"\n[congestion]\n"+test.section+"\n"))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.section, err, test.want)
		}
	}
}
