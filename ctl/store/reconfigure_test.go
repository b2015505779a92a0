package store

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// changed is a configuration with something else in it.
func changed(t *testing.T, edit func(*config.Config)) *config.Config {
	t.Helper()
	c := *cfg(t, gateway)
	edit(&c)
	return &c
}

// TestReconfigureQuotas: a quota below what exists keeps it and refuses what is new; nothing is published.
func TestReconfigureQuotas(t *testing.T) {
	p := &path{}
	s := apply(t, Options{Config: cfg(t, gateway), Publisher: p}, good)
	defer s.Close()
	before, sessions := p.commits, 0
	s.Read(func(v *View) { sessions = v.Counts().Sessions })
	if err := s.Reconfigure(context.Background(), changed(t, func(c *config.Config) { c.Quotas.FiltersPerAccount = 1 })); err != nil {
		t.Fatal(err)
	}
	put := func(name string) error {
		_, err := change(s, func(tx *Tx) error { return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: name}}) })
		return err
	}
	if err := put("new"); codeOf(err) != api.CodeQuotaExceeded {
		t.Errorf("beyond the quota: %v", err)
	}
	s.Read(func(v *View) {
		if now := v.Counts().Sessions; now != sessions || now == 0 {
			t.Errorf("%d sessions, %d before", now, sessions)
		}
	})
	if p.commits != before {
		t.Errorf("a quota was published: %d commits after %d", p.commits, before)
	}
	if err := s.Reconfigure(context.Background(), cfg(t, gateway)); err != nil {
		t.Fatal(err)
	}
	if err := put("new"); err != nil {
		t.Errorf("with the quota as before: %v", err)
	}
}

// TestReconfigureExcludes: what is never mirrored is in force when Reconfigure returns, and without a
// trace when the data path refuses it.
func TestReconfigureExcludes(t *testing.T) {
	p, disk := &path{}, newMemory()
	s := apply(t, Options{Config: cfg(t, gateway), Publisher: p, Persistence: disk}, good)
	defer s.Close()
	revision := disk.revision
	other := changed(t, func(c *config.Config) {
		c.Exclude.NTP = false
		c.Resolvers = []netip.Addr{netip.MustParseAddr("192.0.2.53")}
		c.Zone = "not taken over"
	})
	p.refuse = func(*rules.Snapshot) error { return errors.New("no memory") }
	if err := s.Reconfigure(context.Background(), other); codeOf(err) != api.CodeDataPathRefused {
		t.Errorf("refused: %v", err)
	}
	p.refuse = nil
	if _, err := change(s, func(tx *Tx) error { return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: "x"}}) }); err != nil {
		t.Fatal(err)
	}
	if at := p.snapshot(); !at.Exclude.NTP || len(at.Resolvers) != 2 {
		t.Errorf("a refused configuration left %+v %v", at.Exclude, at.Resolvers)
	}
	if err := s.Reconfigure(context.Background(), other); err != nil {
		t.Fatal(err)
	}
	at := p.snapshot()
	if want := (rules.Exclude{ARP: true, DHCP: true, Metadata: true, WindowsActivation: true}); at.Exclude != want || len(at.Resolvers) != 1 {
		t.Errorf("in force are %+v %v", at.Exclude, at.Resolvers)
	}
	if s.st.ways.cfg.Zone == other.Zone {
		t.Error("the zone needs a restart and was taken over")
	}
	if disk.revision != revision+1 {
		t.Errorf("revision %d on disk, was %d before one change", disk.revision, revision)
	}
	p.stall = true
	if err := s.Reconfigure(context.Background(), cfg(t, gateway)); !errors.Is(err, ctl.ErrStalled) || !p.snapshot().Exclude.NTP {
		t.Errorf("with an lcore that stands still: %v, in force %+v", err, p.snapshot().Exclude)
	}
}
