package live

import (
	"errors"
	"fmt"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// persistence has no room.
type persistence struct{ err error }

func (p *persistence) Load() (*store.Saved, error) { return &store.Saved{}, nil }
func (p *persistence) Save(*store.Batch) error     { return p.err }
func (p *persistence) Close() error                { return nil }

// TestHealth: every page is told when the gateway stops to work as it should, why, and when that is over.
func TestHealth(t *testing.T) {
	w := newWorld(t, nil)
	w.serve(nil)
	r := w.open("/" + Health)
	var sample told
	for _, c := range []struct {
		happen func()
		health string
		faults string
	}{
		{func() {}, "working", "[]"},
		{func() { w.laws.Production = 5 }, "failing", "[5 packets are unaccounted for (production).]"},
		{func() { w.laws.Production, w.status.Ports[1].LinkUp = 0, false }, "failing", "[Port wire1 has no link.]"},
		{func() { w.status.Ports[1].LinkUp, w.dropped["tx_full"] = true, 3 }, "working", "[]"}, // over, and in the overview
	} {
		w.mu.Lock()
		c.happen()
		w.mu.Unlock()
		w.second(10, 10)
		r.next("sample", &sample)
		texts := []any{}
		for _, row := range sample.Lists["faults"] {
			texts = append(texts, row["text"])
		}
		if got := fmt.Sprint(texts); sample.Values["gateway.health"] != c.health || got != c.faults {
			t.Errorf("%v because of %s; want %s %s", sample.Values["gateway.health"], got, c.health, c.faults)
		}
	}
	latest := w.hub.Latest(Everything(), Health)
	if latest == nil || latest.Word("gateway.health") != "working" {
		t.Errorf("the latest is %+v", latest)
	}
	if w.hub.Latest(theirScope(), Health) != nil {
		t.Error("who may not know is told")
	}
}

// TestHealthOfAccounts: who may know the health and not the gateway is not told of its ports.
func TestHealthOfAccounts(t *testing.T) {
	w := newWorld(t, nil)
	p := &picture{status: w.status, still: map[int]bool{1: true}}
	p.status.Ports[0].LinkUp = false
	for _, c := range []struct {
		gateway bool
		faults  int
	}{{true, 2}, {false, 1}} {
		s := &Sample{Values: map[string]any{}, Lists: map[string][]Row{}}
		w.hub.health(&group{scope: &Scope{Gateway: c.gateway, Health: true}}, p, s)
		if len(s.Lists["faults"]) != c.faults {
			t.Errorf("%v: %+v", c.gateway, s.Lists)
		}
	}
}

// TestHealthOfTheDisk: a change that could not be saved is a fault until one is.
func TestHealthOfTheDisk(t *testing.T) {
	w := newWorld(t, nil)
	disk := &persistence{errors.New("no space left on device")}
	s, err := store.Open(store.Options{Config: w.hub.Config, Persistence: disk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w.store, w.hub.Store = s, s
	for _, c := range []struct {
		err    error
		faults int
	}{{disk.err, 1}, {nil, 0}} {
		disk.err = c.err
		s.Change(t.Context(), store.Request{}, func(tx *store.Tx) error { return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: "f"}}) })
		if list := w.hub.gatewayProblems(&picture{status: w.status}); len(list) != c.faults {
			t.Errorf("after %v: %+v", c.err, list)
		}
	}
}
