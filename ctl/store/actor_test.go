package store

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"mirrorgw/ctl"
)

// TestActorsAreKept: events tell who asked for a change, also after a restart; those that were saved
// without one are read as before.
func TestActorsAreKept(t *testing.T) {
	disk := newMemory()
	s := apply(t, Options{Persistence: disk}, good)
	ann := ctl.AccountActor("111111111111", "ann", "aws")
	root := ctl.Actor{Type: ctl.ActorUnix, Door: "socket"}
	for i, by := range []ctl.Actor{ann, root} {
		_, err := s.Change(context.Background(), Request{By: by}, func(tx *Tx) error {
			return tx.PutTarget(edit(tx.Target, "ids", func(r *ctl.Target) { r.Description = fmt.Sprint(i) }))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(s *Store, first ctl.Actor) {
		t.Helper()
		events, err := s.Events(0, 0)
		if err != nil || len(events) < 3 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		if got := events[0].By; got != first {
			t.Errorf("the document is by %+v, want %+v", got, first)
		}
		if got := events[len(events)-2:]; got[0].By != ann || got[1].By != root {
			t.Errorf("the last ones are by %+v and %+v", got[0].By, got[1].By)
		}
	}
	check(s, ctl.Actor{Type: ctl.ActorGateway})
	s.Close()
	old := disk.events[0]
	without := bytes.Replace(old.Value, []byte(`"by":{"type":"Gateway"},`), nil, 1)
	if bytes.Equal(without, old.Value) {
		t.Fatalf("the first event has no actor: %s", old.Value)
	}
	old.Value = without
	disk.events[0] = old
	again := open(t, Options{Config: cfg(t, gateway), Persistence: disk})
	defer again.Close()
	check(again, ctl.Actor{})
}

// TestRecent pages through what is kept, newest first, of all and of one filter with its rules, before
// and after a restart.
func TestRecent(t *testing.T) {
	disk := newMemory()
	s := apply(t, Options{Persistence: disk}, good)
	filter, _ := s.st.filters.byName[nameKey{ctl.DefaultAccount, "web"}], true
	if filter == nil || len(filter.rec.Rules) == 0 {
		t.Fatal("the document has no filter web with rules")
	}
	id, rules := filter.rec.ID, len(filter.rec.Rules)
	for restarts := range 2 {
		all, err := s.Events(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{1, 2, 7, 1000} {
			var got []Event
			for before := uint64(0); ; {
				list, next, err := s.Recent(before, limit, "")
				if err != nil || len(list) > limit {
					t.Fatalf("%d events of at most %d, %v", len(list), limit, err)
				}
				got = append(got, list...)
				if before = next; next == 0 {
					break
				}
			}
			if len(got) != len(all) {
				t.Fatalf("limit %d: %d events, want %d", limit, len(got), len(all))
			}
			for i := range got {
				if want := all[len(all)-1-i]; got[i].ID != want.ID || got[i].Action != want.Action {
					t.Errorf("limit %d: event %d is of %s, want %s", limit, i, got[i].ID, want.ID)
				}
			}
		}
		of, next, err := s.Recent(0, 1000, id)
		if err != nil || next != 0 || len(of) != 1+rules {
			t.Errorf("the filter has %d events, next %d, %v; want %d", len(of), next, err, 1+rules)
		}
		if list, _, _ := s.Recent(0, 1000, "tmt-99999999999999999"); len(list) != 0 {
			t.Errorf("nobody has %d events", len(list))
		}
		if list, next, err := s.Recent(1<<60, 1, ""); err != nil || len(list) != 1 || list[0].ID != all[len(all)-1].ID || next == 0 {
			t.Errorf("a position beyond the end: %v, %d, %v", list, next, err)
		}
		s.Close()
		if restarts == 0 {
			s = open(t, Options{Config: cfg(t, gateway), Persistence: disk})
			defer s.Close()
		}
	}
}
