package server_test

import (
	"bufio"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
)

// TestLinks: what the data path says of the link of a wire's side, and news of it.
func TestLinks(t *testing.T) {
	w := newWorld(t, server.Limits{})
	state := must(w.client.State(background))(t)
	want := api.Link{Up: true, Propagation: ctl.PropagationOn, TakenDown: true, TakenDownAt: "2026-03-04T12:00:00Z", TimesTakenDown: 2, Changes: 3}
	if len(state.Ports) < 2 || cmp.Diff(want, state.Ports[0].Link) != "" || state.Ports[1].Link != (api.Link{}) {
		t.Errorf("%+v", state.Ports)
	}

	response := must(w.raw().Get("http://x/v1/watch"))(t)
	defer response.Body.Close()
	w.path.states.Publish(ctl.StateChange{Time: noon, Link: &ctl.LinkState{Port: "wire1", State: ctl.LinkTakenDown, Reason: "the link of wire0 is down"}})
	var e api.Event
	if err := json.NewDecoder(bufio.NewReader(response.Body)).Decode(&e); err != nil {
		t.Fatal(err)
	}
	if e.Action != api.ActionState || e.Kind != api.KindLinkState || e.Name != "wire1" || e.ID != "" ||
		string(e.After) != `{"state":"taken-down","reason":"the link of wire0 is down"}` {
		t.Errorf("%+v, after %s", e, e.After)
	}
}
