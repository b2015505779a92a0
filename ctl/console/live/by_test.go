package live

import (
	"context"
	"strconv"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/report"
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

// TestRecent: the overview has the last changes that its viewers see, and who made them.
func TestRecent(t *testing.T) {
	w := newWorld(t, nil)
	by := ctl.AccountActor(other, "ann", "aws")
	for range 2 * recentChanges {
		if _, err := w.store.Change(context.Background(), store.Request{By: by}, func(tx *store.Tx) error {
			r, _ := tx.Target(other, "their-ids")
			changed := *r
			changed.Description += "x"
			return tx.PutTarget(&changed)
		}); err != nil {
			t.Fatal(err)
		}
	}
	w.apply("[[filter]]\nid = \"tmf-00000000000000001\"\nname = \"all\"\n") // its rule goes
	rows := func(s *Scope) (list []Row) {
		w.store.Read(func(v *store.View) { list = w.hub.recent(&group{scope: s}, v) })
		return list
	}
	ours := rows(Everything())
	if len(ours) != recentChanges || ours[0]["what"] != "rule of all" || ours[0]["path"] != "/filters/tmf-00000000000000001" || ours[0]["change"] != "deleted" || ours[0]["by"] != "the gateway" {
		t.Errorf("we are told %+v", ours)
	}
	theirs := rows(theirScope())
	if len(theirs) != recentChanges || theirs[0]["what"] != "target their-ids" || theirs[0]["by"] != "ann" || theirs[0]["path"] != "/targets/tmt-00000000000000002" {
		t.Errorf("they are told %+v", theirs)
	}
}

// TestHitsAreBounded: of a filter with many rules only those are told of that a page shows.
func TestHitsAreBounded(t *testing.T) {
	f := &ctl.Filter{}
	counted := map[string]int64{}
	for n := 1; n <= 3*ShownRules; n++ {
		r := &ctl.Rule{}
		r.Number = n
		f.Rules = append(f.Rules, r)
		counted["ingress "+strconv.Itoa(n)] = int64(n)
	}
	r := &report.Report{Rules: map[string]map[string]int64{"f": counted}}
	d := &details{now: r, before: r, length: time.Second}
	s := &Sample{Values: map[string]any{}}
	d.hits("f", f, s)
	if len(s.Values) != 2*ShownRules || s.Values["rule.ingress.200.total"] != int64(200) {
		t.Errorf("%d values: %v", len(s.Values), s.Values)
	}
}
