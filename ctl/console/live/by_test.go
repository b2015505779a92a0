package live

import (
	"context"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// TestBy: each viewer is told who made a change, and of other accounts no more than the account.
func TestBy(t *testing.T) {
	w := newWorld(t, nil)
	w.serve(nil)
	theirs, ours := w.open("/theirs/overview"), w.open("/overview")
	w.viewers(2)
	for _, c := range []struct {
		by           ctl.Actor
		theirs, ours string
	}{
		{ctl.AccountActor(other, "ann", "aws"), "ann", "ann (account " + other + ")"},
		{ctl.AccountActor(ctl.DefaultAccount, "olga", "console"), "account " + ctl.DefaultAccount, "olga"},
		{ctl.Actor{Type: ctl.ActorUnix, UID: 1000}, "an administrator of the gateway", "local uid 1000"},
	} {
		_, err := w.store.Change(context.Background(), store.Request{By: c.by}, func(tx *store.Tx) error {
			r, _ := tx.Target(other, "their-ids")
			changed := *r
			changed.Description = c.ours
			return tx.PutTarget(&changed)
		})
		if err != nil {
			t.Fatal(err)
		}
		for of, r := range map[string]*reader{c.theirs: theirs, c.ours: ours} {
			var told changes
			r.next("change", &told)
			if len(told.Changes) != 1 || told.Changes[0].By != of || time.Since(time.UnixMilli(told.Changes[0].Time)) > time.Minute {
				t.Errorf("told of %+v, want one by %s", told.Changes, of)
			}
		}
	}
}
