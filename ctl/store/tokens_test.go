package store

import (
	"context"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// TestTokens: a create with a known token is answered again, not done again.
func TestTokens(t *testing.T) {
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	m := newMemory()
	o := Options{Config: cfg(t, gateway), Persistence: m, Now: func() time.Time { return now }}
	s := apply(t, o, good)
	token := &Token{Account: ctl.DefaultAccount, Action: "CreateTrafficMirrorSession", Value: "abc", Fingerprint: [32]byte{1}}
	put := func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) }
	first, err := s.Change(context.Background(), Request{Token: token}, put)
	if err != nil || first.Replayed {
		t.Fatal(first, err)
	}
	for range 2 {
		again, err := s.Change(context.Background(), Request{Token: token}, put)
		if err != nil || !again.Replayed || again.Revision != first.Revision || len(again.Events) != 1 || again.Events[0].ID != first.Events[0].ID {
			t.Fatalf("again %+v, %v", again, err)
		}
		s.Close() // the second time after a restart
		s = open(t, o)
	}
	other := *token
	other.Fingerprint[0] = 2
	if _, err := s.Change(context.Background(), Request{Token: &other}, put); codeOf(err) != api.CodeTokenMismatch {
		t.Errorf("other parameters: %v", err)
	}
	now = now.Add(tokenLife)
	if _, err := s.Change(context.Background(), Request{Token: token}, put); codeOf(err) != api.CodeAlreadyExists {
		t.Errorf("a day later: %v", err)
	}
	if _, err := s.Change(context.Background(), Request{Token: &other}, func(tx *Tx) error { return tx.PutSession(newSession("third", 3)) }); err != nil || len(m.tokens) != 1 {
		t.Errorf("%d tokens, %v", len(m.tokens), err)
	}
	s.Close()
}
