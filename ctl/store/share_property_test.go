package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// sharing is a store beside a naive model of who may use what, which judges everything from
// scratch by walking over all shares.
type sharing struct {
	*rapid.T
	store   *Store
	options Options
	path    *path
	in      map[string]bool // accounts of the organisation
	targets map[string]string
	shares  map[string]*modelShare
	on      map[string]string // session's account -> ID of its target
	steps   map[string]int
}

type modelShare struct {
	owner      string
	external   bool
	targets    []string
	principals map[string]string // ID -> status
}

// places are the targets that there can be, with their owners.
var places = []struct{ id, name, account string }{
	{"tmt-00000000000000001", "t1", owner}, {"tmt-00000000000000002", "t2", owner}, {"tmt-00000000000000003", "t3", member}, {"tmt-00000000000000004", "t4", guest},
}

// TestSharingAgainstModel draws shares, answers, sessions, deletions, changes of the organisation
// and restarts. A session is active if and only if its target is there, and its account's own or
// shared with it; whatever is refused leaves no trace.
func TestSharingAgainstModel(t *testing.T) {
	steps := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := &sharing{T: rt, path: &path{}, in: map[string]bool{owner: true, member: true}, targets: map[string]string{},
			shares: map[string]*modelShare{}, on: map[string]string{}, steps: steps}
		w.options = Options{Config: cfg(t, gateway), Publisher: w.path, Persistence: newMemory(),
			SameOrganization: func(a, b string) bool { return a == b || w.in[a] && w.in[b] }}
		w.store = apply(t, w.options, withoutTarget())
		defer func() { w.store.Close() }()
		w.furnish()
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			w.step()
			w.verify()
		}
		w.roundTrip()
	})
	t.Log(steps)
	for _, kind := range []string{"session", "session refused", "active", "share-deleted", "target-deleted", "share", "delete share", "target deleted",
		"target in use", "answer", "organisation", "restart"} {
		if steps[kind] < 5 {
			t.Errorf("%s: only %d times", kind, steps[kind])
		}
	}
}

// furnish begins with all targets, of which one share is with everybody.
func (w *sharing) furnish() {
	for _, p := range places {
		w.do("target", "", func(tx *Tx) error {
			return tx.PutTarget(&ctl.Target{Common: ctl.Common{ID: p.id, Name: p.name, Account: p.account}, Address: zeekAddress})
		})
		w.targets[p.id] = p.account
	}
	s := &modelShare{owner: owner, external: true, targets: []string{places[0].id, places[1].id}, principals: map[string]string{}}
	r := &ctl.Share{Common: ctl.Common{Name: "a", Account: owner}, AllowExternal: true, Targets: []string{"t1", "t2"}}
	for _, account := range accounts[1:] {
		s.principals[account] = ctl.ShareAccepted
		r.Principals = append(r.Principals, &ctl.SharePrincipal{ID: account, Status: ctl.ShareAccepted})
	}
	w.do("share", "", func(tx *Tx) error { return tx.PutShare(r) })
	w.shares["a"] = s
}

func withoutTarget() string {
	text := tenants()
	return text[:len(text)-len(fmt.Sprintf("[[target]]\nname = \"ids\"\nid = %q\naccount = %q\naddress = \"192.0.2.10\"\n", idsID, owner))]
}

func (w *sharing) pick(label string, most int) int { return rapid.IntRange(0, most).Draw(w.T, label) }

func (w *sharing) step() {
	// Low numbers are drawn more often than high ones.
	switch w.pick("step", 11) {
	case 0, 4, 10:
		w.putSession()
	case 1, 6:
		w.answer()
	case 2:
		w.deleteShare()
	case 3, 8:
		w.deleteTarget()
	case 5:
		w.putShare()
	case 7, 9:
		w.putTarget()
	default:
		w.world()
	}
}

// do makes a change of which the model says whether it is refused, and as what.
func (w *sharing) do(what string, refused string, change func(*Tx) error) bool {
	before := dump(w.store.st)
	_, err := w.store.Change(context.Background(), Request{}, change)
	if codeOf(err) != refused || (err == nil) != (refused == "") {
		w.Fatalf("%s: %v, the model says %q", what, err, refused)
	}
	if err != nil {
		if got := dump(w.store.st); got != before {
			w.Fatalf("%s was refused and left a trace: %s", what, cmp.Diff(before, got))
		}
		return false
	}
	w.steps[what]++
	return true
}

func (w *sharing) putTarget() {
	p := places[w.pick("target", len(places)-1)]
	w.do("target", "", func(tx *Tx) error {
		return tx.PutTarget(&ctl.Target{Common: ctl.Common{ID: p.id, Name: p.name, Account: p.account}, Address: zeekAddress, MTU: 1400 + w.pick("mtu", 2)})
	})
	w.targets[p.id] = p.account
}

func (w *sharing) deleteTarget() {
	p := places[w.pick("target", len(places)-1)]
	if w.targets[p.id] == "" {
		return
	}
	refused := ""
	if w.on[p.account] == p.id {
		refused = api.CodeInUse
		w.steps["target in use"]++
	}
	if w.do("target deleted", refused, func(tx *Tx) error { return tx.Delete(KindTarget, p.id) }) {
		delete(w.targets, p.id)
		for _, s := range w.shares {
			s.targets = slices.DeleteFunc(s.targets, func(id string) bool { return id == p.id })
		}
	}
}

var shareNames = []struct{ name, account string }{{"a", owner}, {"b", owner}, {"c", member}, {"d", guest}}

// putShare replaces a share by a drawn one. Principals are put without a status.
func (w *sharing) putShare() {
	which := shareNames[w.pick("share", len(shareNames)-1)]
	old, next := w.shares[which.name], &modelShare{owner: which.account, external: w.pick("external", 3) > 0, principals: map[string]string{}}
	r := &ctl.Share{Common: ctl.Common{Name: which.name, Account: which.account}, AllowExternal: next.external}
	for _, p := range places {
		if p.account == which.account && w.targets[p.id] != "" && w.pick("has "+p.name, 2) > 0 {
			r.Targets, next.targets = append(r.Targets, p.name), append(next.targets, p.id)
		}
	}
	refused := ""
	for _, account := range append(slices.Clone(accounts), organ) {
		if account == which.account || w.pick("with "+account, 2) == 0 {
			continue
		}
		status := ctl.ShareAssociated
		if account != organ && !w.same(which.account, account) {
			status = ctl.SharePending
		}
		if old != nil && old.principals[account] != "" {
			status = old.principals[account]
		}
		left := old != nil && old.principals[account] != "" && !old.external
		if status != ctl.ShareAssociated && !next.external && !w.same(which.account, account) && !left {
			refused = api.CodeInvalidValue
		}
		r.Principals, next.principals[account] = append(r.Principals, &ctl.SharePrincipal{ID: account}), status
	}
	if w.do("share", refused, func(tx *Tx) error {
		if known, ok := tx.Share(which.account, which.name); ok {
			r.ID = known.ID
		}
		return tx.PutShare(r)
	}) {
		w.shares[which.name] = next
	}
}

func (w *sharing) deleteShare() {
	which := shareNames[w.pick("share", len(shareNames)-1)]
	if w.shares[which.name] == nil {
		return
	}
	w.do("delete share", "", func(tx *Tx) error { return tx.Delete(KindShare, must2(tx.Share(which.account, which.name)).ID) })
	delete(w.shares, which.name)
}

// answer accepts or rejects an invitation.
func (w *sharing) answer() {
	which := shareNames[w.pick("share", len(shareNames)-1)]
	account := accounts[w.pick("account", len(accounts)-1)]
	s := w.shares[which.name]
	if s == nil || s.principals[account] == "" || s.principals[account] == ctl.ShareAssociated || !s.external {
		return
	}
	status := []string{ctl.ShareAccepted, ctl.ShareAccepted, ctl.ShareRejected}[w.pick("answer", 2)]
	w.do("answer", "", func(tx *Tx) error {
		r := must2(tx.Share(which.account, which.name)).Clone()
		r.Principal(account).Status = status
		return tx.PutShare(r)
	})
	s.principals[account] = status
}

// putSession creates the session of an account, or gives it a target, or deletes it.
func (w *sharing) putSession() {
	account, p := accounts[(w.pick("account", len(accounts)-1)+2)%len(accounts)], places[w.pick("target", len(places)-1)]
	if w.on[account] != "" && w.pick("delete", 5) == 0 {
		w.do("session deleted", "", func(tx *Tx) error { return tx.Delete(KindSession, must2(tx.Session(account, "s")).ID) })
		delete(w.on, account)
		return
	}
	refused := ""
	if w.on[account] != p.id && w.state(account, p.id) != "" {
		refused = api.CodeNotFound
		w.steps["session refused"]++
	}
	if w.do("session", refused, func(tx *Tx) error {
		r := &ctl.Session{Common: ctl.Common{Name: "s", Account: account}, Source: "web", Target: p.id, Filter: "all", Number: 1, PacketLength: 1 + w.pick("length", 3)}
		if known, ok := tx.Session(account, "s"); ok {
			r.ID, r.VNI = known.ID, known.VNI
		}
		return tx.PutSession(r)
	}) {
		w.on[account] = p.id
	}
}

// world changes who is in the organisation, or restarts the store.
func (w *sharing) world() {
	if w.pick("restart", 1) == 0 {
		before := dump(w.store.st)
		if err := w.store.Close(); err != nil {
			w.Fatal(err)
		}
		var err error
		if w.store, err = Open(w.options); err != nil {
			w.Fatal(err)
		}
		if err := w.store.Start(); err != nil {
			w.Fatal(err)
		}
		if got := dump(w.store.st); got != before {
			w.Fatalf("another state after the restart: %s", cmp.Diff(before, got))
		}
		w.steps["restart"]++
		return
	}
	account := accounts[w.pick("account", len(accounts)-1)]
	w.in[account] = !w.in[account]
	if _, err := w.store.Reassess(context.Background()); err != nil {
		w.Fatal(err)
	}
	w.steps["organisation"]++
}

func (w *sharing) same(a, b string) bool { return a == b || w.in[a] && w.in[b] }

// state is why an account does not reach a target; empty: it does.
func (w *sharing) state(account, target string) string {
	switch w.targets[target] {
	case "":
		return ctl.InactiveTargetDeleted
	case account:
		return ""
	}
	for _, s := range w.shares {
		status, named := s.principals[account]
		_, all := s.principals[organ]
		same := w.same(s.owner, account)
		if slices.Contains(s.targets, target) && (same && (named || all) || s.external && status == ctl.ShareAccepted) {
			return ""
		}
	}
	return ctl.InactiveShareDeleted
}

// verify compares every session and every account's view with the model, and what is published.
func (w *sharing) verify() {
	var active []string
	w.store.Read(func(v *View) {
		for account, target := range w.on {
			r, ok := v.Session(account, "s")
			if !ok {
				w.Fatalf("account %s has no session", account)
			}
			want := w.state(account, target)
			if is, reason := v.SessionState(r.ID); r.Target != target || r.Inactive != want || is != (want == "") {
				w.Fatalf("session of %s on %s: inactive %q (%s), the model says %q", account, r.Target, r.Inactive, reason, want)
			}
			if want == "" {
				active = append(active, r.ID)
				want = "active"
			}
			w.steps[want]++
		}
		if v.Counts().Sessions != len(w.on) || v.Counts().Shares != len(w.shares) || v.Counts().Targets != len(w.targets) {
			w.Fatalf("%+v", v.Counts())
		}
		for _, account := range accounts {
			for _, target := range v.Targets() {
				if got, want := v.MayUse(account, target), w.state(account, target.ID) == ""; got != want {
					w.Fatalf("account %s may use %s: %v, the model says %v", account, target.ID, got, want)
				}
			}
		}
	})
	var published []string
	for _, s := range w.path.snapshot().Sessions {
		published = append(published, s.ID)
	}
	slices.Sort(active)
	if slices.Sort(published); !slices.Equal(active, published) {
		w.Fatalf("published are %v, active %v", published, active)
	}
}

// roundTrip applies the export to an empty store and to the store itself.
func (w *sharing) roundTrip() {
	text := encoded(w.store.Export())
	before := dump(w.store.st)
	for _, into := range []Options{{Config: w.options.Config, SameOrganization: w.options.SameOrganization}, {}} {
		s := w.store
		if into.Config != nil {
			var err error
			if s, err = Open(into); err != nil {
				w.Fatal(err)
			}
			defer s.Close()
		}
		doc, err := ctl.ParseDocument("export", []byte(text))
		if err != nil {
			w.Fatalf("%v\n%s", err, text)
		}
		if _, err := s.Change(context.Background(), Request{}, func(tx *Tx) error { return tx.Reconcile(doc, false) }); err != nil {
			w.Fatalf("the export cannot be applied: %v\n%s", err, text)
		}
		if got := dump(s.st); got != before {
			w.Fatalf("the export leads to another state: %s", cmp.Diff(before, got))
		}
	}
}
