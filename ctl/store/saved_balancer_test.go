package store

import (
	"strings"
	"testing"

	"mirrorgw/ctl"
)

// TestOldBalancers: load balancers that earlier versions saved are read, even those that would be
// refused today, and can be changed once they are right.
func TestOldBalancers(t *testing.T) {
	m := newMemory()
	apply(t, Options{Persistence: m}, good+"[[load_balancer]]\nname = \"lb\"\n").Close()
	const id = "nlb-00000000000000001"
	old := m.records[KindLoadBalancer]
	for key := range old {
		delete(old, key)
	}
	old[id] = []byte(`{"sequence":1,"id":"` + id + `","name":"lb","account":"000000000000",` +
		`"health":{"protocol":"icmp","interval":5,"timeout":9},` +
		`"members":[{"address":"192.0.2.20","zone":"a","weight":0},{"address":"2001:db8::1","weight":1}]}`)
	s := open(t, Options{Config: cfg(t, gateway), Persistence: m})
	defer s.Close()
	b, found := (&View{s.st}).LoadBalancer("", "lb")
	if !found || len(b.Members) != 2 || b.Members[0].Draining || b.Members[0].Zone != "a" || b.Health.TimeoutSeconds != 9 {
		t.Fatalf("%+v", b)
	}
	put := func(edit func(b *ctl.LoadBalancer)) error {
		_, err := change(s, func(tx *Tx) error {
			is, _ := tx.LoadBalancer("", "lb")
			b := clone(is)
			edit(b)
			return tx.PutLoadBalancer(b)
		})
		return err
	}
	if err := put(func(b *ctl.LoadBalancer) { b.Description = "x" }); err == nil || !strings.Contains(err.Error(), "different families") {
		t.Errorf("changed though it is wrong: %v", err)
	}
	if err := put(func(b *ctl.LoadBalancer) {
		b.Members, b.Health = []ctl.Member{{Address: b.Members[0].Address, Weight: 1, Draining: true}}, nil
	}); err != nil {
		t.Error(err)
	}
	if b, _ := (&View{s.st}).LoadBalancer("", "lb"); !b.Members[0].Draining {
		t.Errorf("%+v", b)
	}
	if text := string(m.records[KindLoadBalancer][id]); !strings.Contains(text, `"draining":true`) {
		t.Errorf("saved %s", text)
	}
}
