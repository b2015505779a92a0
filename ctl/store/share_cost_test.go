package store

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mirrorgw/ctl"
)

// crowded is a store in which 200 targets are in ten shares, each with so many principals of another organisation.
func crowded(t *testing.T, principals int) *Store {
	t.Helper()
	s := open(t, Options{Config: cfg(t, gateway+"[quotas]\ntargets_per_account = 1000\n"), SameOrganization: sameOrganization})
	t.Cleanup(func() { s.Close() })
	_, err := s.Change(context.Background(), Request{}, func(tx *Tx) error {
		var ids []string
		for i := range 200 {
			r := &ctl.Target{Common: ctl.Common{Name: fmt.Sprint("t", i), Account: owner}, Address: netip.MustParseAddr("192.0.2.10")}
			if err := tx.PutTarget(r); err != nil {
				return err
			}
			ids = append(ids, r.ID)
		}
		for i := range 10 {
			r := &ctl.Share{Common: ctl.Common{Name: fmt.Sprint("s", i), Account: owner}, AllowExternal: true, Targets: ids}
			for k := range principals {
				r.Principals = append(r.Principals, &ctl.SharePrincipal{ID: fmt.Sprintf("5%011d", k)})
			}
			if err := tx.PutShare(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOthersPrincipalsCostNothing: whoever looks for targets asks of all those of others whether they are shared with
// it, while the state is held. That takes no longer for whom these others have invited.
func TestOthersPrincipalsCostNothing(t *testing.T) {
	took := func(s *Store) time.Duration {
		best := time.Hour
		for range 5 {
			began := time.Now()
			s.Read(func(v *View) {
				if n := len(v.SharedTargets(stranger)); n != 0 {
					t.Errorf("a stranger may use %d targets", n)
				}
			})
			best = min(best, time.Since(began))
		}
		return best
	}
	few, many := took(crowded(t, 1)), took(crowded(t, ctl.MaxSharePrincipals))
	if many > 20*few {
		t.Errorf("with 1 principal a look takes %v, with %d %v", few, ctl.MaxSharePrincipals, many)
	}
}
