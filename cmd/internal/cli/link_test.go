package cli

import (
	"strings"
	"testing"

	"mirrorgw/ctl/api"
)

// TestLinkTakenDown: a person must see at once which of two links is the broken one.
func TestLinkTakenDown(t *testing.T) {
	f := newFake()
	f.state = healthy()
	f.state.Ports[0].Link = api.Link{Propagation: "on"}
	f.state.Ports[1].Peer, f.state.Ports[1].Role = "wire0", "wire"
	f.state.Ports[1].Link = api.Link{Propagation: "on", TakenDown: true, TimesTakenDown: 1}
	r := run(t, f, "status --check")
	if name := f.state.Ports[1].Name; r.code != ExitRefused || !strings.HasPrefix(r.out, "WARNING: the link of port wire0 (wire) is down\n"+
		"WARNING: the link of port "+name+" (wire) is taken down, because that of wire0 is down\n") {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	if r := run(t, f, "ports"); strings.Count(r.out, "taken down") != 1 {
		t.Errorf("%s", r.out)
	}
}
