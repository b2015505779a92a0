package storetest

import (
	"context"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
)

// Gateway is a configuration with the wire wire0-wire1 and the tunnel port tun0 on devices that do
// nothing. What is appended to it may begin with more keys of tun0.
const Gateway = `[eal]
lcores = "1"
[[port]]
name = "wire0"
device = "net_null0"
peer = "wire1"
[[port]]
name = "wire1"
device = "net_null1"
peer = "wire0"
[[port]]
name = "tun0"
device = "net_null2"
role = "tunnel"
addresses = ["192.0.2.1/24", "2001:db8::1/64"]
`

// Config is Gateway with more text appended.
func Config(t testing.TB, more string) *config.Config {
	t.Helper()
	c, err := config.Parse("gateway.toml", []byte(Gateway+more))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Open opens and starts a store, which the end of the test closes. Without a configuration it has that
// of Gateway.
func Open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	if o.Config == nil {
		o.Config = Config(t, "")
	}
	s, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// Apply makes the resources of a store those of a document.
func Apply(t testing.TB, s *store.Store, resources string) {
	t.Helper()
	doc, err := ctl.ParseDocument("resources.toml", []byte(resources))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error { return tx.Reconcile(doc, false) }); err != nil {
		t.Fatal(err)
	}
}
