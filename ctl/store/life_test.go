package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
	"mirrorgw/rules"
)

// TestConfigChanged: what the configuration no longer allows is kept, inactive; what does not
// concern it may still be changed; and it comes back with the configuration.
func TestConfigChanged(t *testing.T) {
	m := newMemory()
	s := apply(t, Options{Persistence: m}, good)
	s.Close()
	without := edited(t, edited(t, gateway, "name = \"wire0\"", "name = \"wan0\""), "peer = \"wire0\"", "peer = \"wan0\"") +
		"[quotas]\nsessions_per_account = 1\nsessions_per_source = 1\n"
	p := &path{}
	s = open(t, Options{Config: cfg(t, without), Persistence: m, Publisher: p})
	var id string
	s.Read(func(v *View) {
		r, _ := v.Session("", "web-1-to-ids")
		id = r.ID
		active, reason := v.SessionState(r.ID)
		if want := `interface "web-1": port "wire0" is not a configured port; name one of: wan0, wire1, tap0`; active || reason != want {
			t.Errorf("%v %s", active, reason)
		}
	})
	if w := s.Warnings(); len(w) != 2 || len(p.snapshot().Sessions) != 0 {
		t.Errorf("%d sessions, warnings %v", len(p.snapshot().Sessions), w)
	}
	r, err := change(s, func(tx *Tx) error {
		return tx.PutSession(edit(tx.Session, "web-1-to-ids", func(r *ctl.Session) { r.Description = "still here" }))
	})
	if err != nil || len(r.Warnings) != 1 {
		t.Errorf("%v, %v", r.Warnings, err)
	}
	if _, err := change(s, func(tx *Tx) error {
		return tx.PutTarget(edit(tx.Target, "ids", func(r *ctl.Target) { r.MTU = 1500 }))
	}); err != nil {
		t.Error(err)
	}
	if _, err := change(s, func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) }); codeOf(err) != api.CodeInvalidValue {
		t.Errorf("a new session on it: %v", err)
	}
	s.Close()
	s = open(t, Options{Config: cfg(t, gateway), Persistence: m, Publisher: p})
	defer s.Close()
	s.Read(func(v *View) {
		if active, reason := v.SessionState(id); !active || len(p.snapshot().Sessions) != 1 {
			t.Errorf("inactive: %s", reason)
		}
	})
}

// TestDamaged: a saved state that contradicts itself is refused as damaged.
func TestDamaged(t *testing.T) {
	for name, damage := range map[string]func(m *memory){
		"not JSON":     func(m *memory) { m.records[KindSession]["tms-00000000000000001"] = []byte("{") },
		"no filter":    func(m *memory) { clear(m.records[KindFilter]) },
		"no source":    func(m *memory) { clear(m.records[KindInterface]) },
		"another's ID": func(m *memory) { m.records[KindTarget]["tmt-1"] = first(m.records[KindTarget]) },
		"out of range": func(m *memory) {
			m.records[KindTarget]["tmt-00000000000000001"] = []byte(`{"id":"tmt-00000000000000001","name":"x","account":"000000000000","address":"192.0.2.10","mtu":1}`)
		},
		"unknown tokens": func(m *memory) { m.tokens["x"] = SavedToken{Key: "x", Value: []byte("[")} },
	} {
		m := newMemory()
		apply(t, Options{Persistence: m}, good).Close()
		damage(m)
		if _, err := Open(Options{Config: cfg(t, gateway), Persistence: m}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func first(records map[string][]byte) []byte {
	for _, value := range records {
		return value
	}
	return nil
}

// TestEvents: the stream can be resumed from any revision that is kept, and says when it is not.
func TestEvents(t *testing.T) {
	m := newMemory()
	o := Options{Config: cfg(t, gateway), Persistence: m}
	s := apply(t, o, good)
	touchIt := func(n int) {
		if _, err := change(s, func(tx *Tx) error {
			return tx.PutInterface(edit(tx.Interface, "zeek", func(i *ctl.Interface) { i.Description = fmt.Sprint(n) }))
		}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 10 {
		touchIt(n)
	}
	check := func() {
		t.Helper()
		events, err := s.Events(8, 0)
		if err != nil || len(events) != 3 || events[0].Revision != 9 || events[2].After.(*ctl.Interface).Description != "9" {
			t.Errorf("%+v, %v", events, err)
		}
		if events, err := s.Events(0, 2); err != nil || len(events) != 7 || events[6].Revision != 1 {
			t.Errorf("a revision was cut: %d events, %v", len(events), err)
		}
		if _, err := s.Events(12, 0); codeOf(err) != api.CodeRevisionGone {
			t.Errorf("of the future: %v", err)
		}
	}
	check()
	s.Close()
	s = open(t, o)
	check()
	bulk := func(tx *Tx) error {
		for i := range keptEvents {
			if err := tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: fmt.Sprintf("n%d", i)}}); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := change(s, bulk); err != nil {
		t.Fatal(err)
	}
	touchIt(10)
	for range 2 {
		if _, err := s.Events(10, 0); codeOf(err) != api.CodeRevisionGone {
			t.Errorf("what is not kept: %v", err)
		}
		if events, err := s.Events(12, 0); err != nil || len(events) != 1 {
			t.Errorf("%d events, %v", len(events), err)
		}
		if len(m.events) != keptEvents {
			t.Errorf("%d events saved", len(m.events))
		}
		s.Close()
		s = open(t, o)
	}
	s.Close()
}

// TestConcurrent lets many change, read and watch at once.
func TestConcurrent(t *testing.T) {
	p := &path{}
	s := apply(t, Options{Publisher: p, Persistence: newMemory()}, good)
	const writers, each = 8, 40
	var all sync.WaitGroup
	for w := range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range each {
				name := fmt.Sprintf("w%d-%d", w, n%4)
				_, err := change(s, func(tx *Tx) error {
					if r, ok := tx.Filter("", name); ok {
						return tx.Delete(KindFilter, r.ID)
					}
					return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: name}, Rules: []*ctl.Rule{{Rule: rules.Rule{Number: 1 + n, Protocol: -1}}}})
				})
				var refusal *problem.Error
				if errors.As(err, &refusal) {
					t.Error(err)
				}
			}
		}()
	}
	watched := uint64(0)
	ctx, cancel := context.WithCancel(context.Background())
	watcher := make(chan struct{})
	go func() {
		defer close(watcher)
		for s.Wait(ctx, watched) == nil {
			events, err := s.Events(watched, 100)
			if err != nil {
				t.Error(err)
				return
			}
			for _, e := range events {
				if e.Revision != watched && e.Revision != watched+1 {
					t.Errorf("revision %d after %d", e.Revision, watched)
				}
				watched = e.Revision
			}
			s.Read(func(v *View) {
				if v.Revision() < watched {
					t.Error("a reader is behind the events")
				}
				for _, f := range v.Filters() {
					_ = f.Rules
				}
			})
			s.Export()
		}
	}()
	all.Wait()
	want := uint64(1 + writers*each)
	for watched := uint64(0); watched < want; {
		if s.Wait(context.Background(), watched) != nil {
			break
		}
		watched = s.history.revision
	}
	cancel()
	<-watcher
	s.Close()
	if s.st.revision != want {
		t.Errorf("revision %d, want %d", s.st.revision, want)
	}
}

// TestEveryField: a document with every key comes back from disk as it was applied.
func TestEveryField(t *testing.T) {
	const all = `[[interface]]
name = "db"
account = "123456789012"
description = "quotes \" and\nlines"
tags = { "Name" = "db" }
port = "tap0"
mac = "02:00:00:00:00:09"
vlan = 12
addresses = ["10.0.0.9", "fd00::9"]
mtu = 9000
zone = "a"
instance = "i-9"
image = "ami-9"
instance_type = "m5.metal"
autoscaling_group = "dbs"
monitoring = "detailed"
[[load_balancer]]
name = "tools"
cross_zone = true
listeners = [{ protocol = "udp", port = 4789 }]
health = { protocol = "http", port = 80, path = "/", interval = 10, timeout = 5, healthy_threshold = 2, unhealthy_threshold = 3 }
member = [{ address = "192.0.2.20", zone = "a", weight = 0 }, { address = "192.0.2.21", draining = true }]
[[target]]
name = "lb"
load_balancer = "tools"
mtu = 1500
rate_limit_pps = 1000000
rate_limit_bps = 1000000000000
[[filter]]
name = "f"
services = ["amazon-dns"]
rule = [{ direction = "egress", number = 7, action = "accept", protocol = 17, source_ports = 53, destination_ports = "1-9", source = "fd00::/8", description = "r", tags = { k = "v" } },
  { direction = "ingress", number = 7, action = "reject", protocol = 0, destination = "10.0.0.0/8" }]
[[interface]]
name = "a"
port = "wire0"
[[session]]
name = "s"
source = "a"
target = "lb"
filter = "f"
number = 1
packet_length = 3
sample_one_in = 100
rate_limit_pps = 5
rate_limit_bps = 1000000000
`
	m := newMemory()
	s := apply(t, Options{Persistence: m}, all)
	want := encoded(s.Export())
	s.Close()
	s = open(t, Options{Config: cfg(t, gateway), Persistence: m})
	defer s.Close()
	if diff := cmp.Diff(want, encoded(s.Export())); diff != "" {
		t.Error(diff)
	}
	events, err := s.Events(0, 0)
	if err != nil || len(events) != 8 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		_, now, _ := (&View{s.st}).Find(e.ID)
		if f, ok := now.(*ctl.Filter); ok {
			now = bare(f)
		}
		if recordText(now) != recordText(e.After) {
			t.Errorf("the event tells of %s, there is %s", recordText(e.After), recordText(now))
		}
	}
}
