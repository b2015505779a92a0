package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// Accounts of these tests: owner has the target; member is in its organisation; guest and stranger
// are not.
const (
	owner    = "111111111111"
	member   = "222222222222"
	guest    = "333333333333"
	stranger = "444444444444"
	organ    = "arn:aws:organizations::111111111111:organization/o-exampleorgid"
)

var accounts = []string{owner, member, guest, stranger}

func sameOrganization(a, b string) bool {
	in := func(account string) bool { return account == owner || account == member }
	return a == b || in(a) && in(b)
}

// tenants has a source and a filter in every account, named alike, and a target "ids" of owner.
func tenants() string {
	var b strings.Builder
	for i, account := range accounts {
		fmt.Fprintf(&b, `
[[interface]]
name = "web"
account = %q
port = "wire0"
mac = "02:00:00:00:00:0%d"
addresses = ["10.0.0.%d"]
[[filter]]
name = "all"
account = %q
[[filter.rule]]
direction = "egress"
number = 1
action = "accept"
`, account, i+1, i+1, account)
	}
	fmt.Fprintf(&b, "[[target]]\nname = \"ids\"\nid = %q\naccount = %q\naddress = \"192.0.2.10\"\n", idsID, owner)
	return b.String()
}

const idsID = "tmt-00000000000000aaa"

type shared struct {
	*testing.T
	*Store
	path   *path
	memory *memory
	now    time.Time
}

func newShared(t *testing.T) *shared {
	w := &shared{T: t, path: &path{}, memory: newMemory(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w.Store = apply(t, w.options(), tenants())
	t.Cleanup(func() { w.Store.Close() })
	return w
}

func (w *shared) options() Options {
	return Options{Config: cfg(w.T, gateway), Publisher: w.path, Persistence: w.memory, Now: func() time.Time { return w.now }, SameOrganization: sameOrganization}
}

func (w *shared) must(f func(*Tx) error) Result {
	w.Helper()
	r, err := change(w.Store, f)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// share shares the target with principals, which are invited where they need to be.
func (w *shared) share(principals ...string) *ctl.Share {
	w.Helper()
	s := &ctl.Share{Common: ctl.Common{Name: "tools", Account: owner}, AllowExternal: true, Targets: []string{"ids"}}
	for _, p := range principals {
		s.Principals = append(s.Principals, &ctl.SharePrincipal{ID: p})
	}
	w.must(func(tx *Tx) error { return tx.PutShare(s) })
	return s
}

// edit changes the share.
func (w *shared) edit(how func(*ctl.Share)) error {
	_, err := change(w.Store, func(tx *Tx) error {
		r, ok := tx.Share(owner, "tools")
		if !ok {
			return fmt.Errorf("there is no share")
		}
		r = r.Clone()
		how(r)
		return tx.PutShare(r)
	})
	return err
}

func (w *shared) answer(account, status string) {
	w.Helper()
	if err := w.edit(func(s *ctl.Share) { s.Principal(account).Status = status }); err != nil {
		w.Fatal(err)
	}
}

func (w *shared) unshare() {
	w.Helper()
	w.must(func(tx *Tx) error { return tx.Delete(KindShare, must2(tx.Share(owner, "tools")).ID) })
}

func must2[T any](v T, _ bool) T { return v }

func (w *shared) session(account string) error {
	_, err := change(w.Store, func(tx *Tx) error {
		return tx.PutSession(&ctl.Session{Common: ctl.Common{Name: "s", Account: account}, Source: "web", Target: idsID, Filter: "all", Number: 1})
	})
	return err
}

// state is the session of an account and what is said of it.
func (w *shared) state(account string) (r *ctl.Session, reason string) {
	w.Read(func(v *View) {
		r, _ = v.Session(account, "s")
		_, reason = v.SessionState(r.ID)
	})
	return r, reason
}

// expect compares the session's state and what is published with what is wanted: an empty word is
// active.
func (w *shared) expect(account, word string) {
	w.Helper()
	r, reason := w.state(account)
	if r.Inactive != word || !strings.HasPrefix(reason, word) || (reason == "") != (word == "") {
		w.Errorf("inactive %q, want %q: %s", r.Inactive, word, reason)
	}
	published := 0
	for _, s := range w.path.snapshot().Sessions {
		if s.ID == r.ID {
			published++
		}
	}
	if (published == 1) != (word == "") {
		w.Errorf("published %d times, wanted %q", published, word)
	}
}

// TestSharing follows one guest from the invitation to the end of the share and back.
func TestSharing(t *testing.T) {
	w := newShared(t)
	if err := w.session(guest); codeOf(err) != api.CodeNotFound {
		t.Errorf("before there is a share: %v", err)
	}
	s := w.share(guest)
	if p := s.Principals[0]; p.Status != ctl.SharePending || !ctl.IsUUID(p.Invitation) || !p.Invited.Equal(w.now) || !ctl.IsUUID(s.ID) {
		t.Errorf("%+v", p)
	}
	if err := w.session(guest); codeOf(err) != api.CodeNotFound {
		t.Errorf("before it has accepted: %v", err)
	}
	w.answer(guest, ctl.ShareAccepted)
	if err := w.session(guest); err != nil {
		t.Fatal(err)
	}
	w.expect(guest, "")
	w.unshare()
	w.expect(guest, ctl.InactiveShareDeleted)
	w.share(guest)
	w.expect(guest, ctl.InactiveShareDeleted) // it has to accept anew
	w.answer(guest, ctl.ShareAccepted)
	w.expect(guest, "")
	if err := w.edit(func(s *ctl.Share) { s.Principals = nil }); err != nil {
		t.Fatal(err)
	}
	w.expect(guest, ctl.InactiveShareDeleted)
	if err := w.edit(func(s *ctl.Share) {
		s.Principals = []*ctl.SharePrincipal{{ID: guest, Status: ctl.ShareAccepted}}
		s.Targets = nil
	}); err != nil {
		t.Fatal(err)
	}
	w.expect(guest, ctl.InactiveShareDeleted)
	if err := w.edit(func(s *ctl.Share) { s.Targets = []string{idsID} }); err != nil {
		t.Fatal(err)
	}
	w.expect(guest, "")
}

// TestLostSessionMayBeChanged: a session without its target can be described anew, but not be
// created again; another target makes it active.
func TestLostSessionMayBeChanged(t *testing.T) {
	w := newShared(t)
	w.share(guest)
	w.answer(guest, ctl.ShareAccepted)
	if err := w.session(guest); err != nil {
		t.Fatal(err)
	}
	w.unshare()
	if err := w.modify(func(r *ctl.Session) { r.Description = "still here" }); err != nil {
		t.Error(err)
	}
	w.expect(guest, ctl.InactiveShareDeleted)
	w.must(func(tx *Tx) error {
		return tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "own", Account: guest}, Address: mustAddr("192.0.2.10")})
	})
	if err := w.modify(func(r *ctl.Session) { r.Target = "tmt-00000000000000bbb" }); codeOf(err) != api.CodeNotFound {
		t.Errorf("to a target that is not there: %v", err)
	}
	if err := w.modify(func(r *ctl.Session) { r.Target = "own" }); err != nil {
		t.Error(err)
	}
	w.expect(guest, "")
	if err := w.modify(func(r *ctl.Session) { r.Target = idsID }); codeOf(err) != api.CodeNotFound {
		t.Errorf("back to what is not shared: %v", err)
	}
}

func (w *shared) modify(how func(*ctl.Session)) error {
	_, err := change(w.Store, func(tx *Tx) error {
		r := clone(must2(tx.Session(guest, "s")))
		how(r)
		return tx.PutSession(r)
	})
	return err
}

// TestOwnerDeletesTarget: refused while sessions of its own account use it; those of others are
// left without.
func TestOwnerDeletesTarget(t *testing.T) {
	w := newShared(t)
	w.share(organ, guest)
	w.answer(guest, ctl.ShareAccepted)
	for _, account := range []string{owner, member, guest} {
		if err := w.session(account); err != nil {
			t.Fatal(err)
		}
	}
	before := dump(w.st)
	if _, err := change(w.Store, func(tx *Tx) error { return tx.Delete(KindTarget, idsID) }); codeOf(err) != api.CodeInUse || !strings.Contains(err.Error(), `session "s" uses it`) {
		t.Errorf("with an own session: %v", err)
	}
	if dump(w.st) != before {
		t.Error("the refusal left a trace")
	}
	r := w.must(func(tx *Tx) error {
		if err := tx.Delete(KindSession, must2(tx.Session(owner, "s")).ID); err != nil {
			return err
		}
		return tx.Delete(KindTarget, idsID)
	})
	if len(r.Warnings) != 2 || len(r.Events) != 5 { // two deleted, the share and two sessions modified
		t.Errorf("%d events, warnings %v", len(r.Events), r.Warnings)
	}
	w.expect(member, ctl.InactiveTargetDeleted)
	w.expect(guest, ctl.InactiveTargetDeleted)
	w.Read(func(v *View) {
		if s, _ := v.Share(owner, "tools"); len(s.Targets) != 0 {
			t.Errorf("the share still has %v", s.Targets)
		}
	})
	w.restart()
	w.expect(guest, ctl.InactiveTargetDeleted)
	w.must(func(tx *Tx) error { // as a document that has the identifier may do it
		return tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "ids", ID: idsID, Account: owner}, Address: mustAddr("192.0.2.10")})
	})
	w.expect(guest, ctl.InactiveShareDeleted)
	if err := w.edit(func(s *ctl.Share) { s.Targets = []string{"ids"} }); err != nil {
		t.Fatal(err)
	}
	w.expect(guest, "")
	w.expect(member, "")
}

// restart opens the store anew from what was saved, which must be the same state.
func (w *shared) restart() {
	w.Helper()
	before := dump(w.st)
	if err := w.Close(); err != nil {
		w.Fatal(err)
	}
	w.Store = open(w, w.options())
	if got := dump(w.st); got != before {
		w.Errorf("another state after the restart:\n%s\nwas\n%s", got, before)
	}
}

// TestOrganization: members need no invitation, and lose access when they leave.
func TestOrganization(t *testing.T) {
	in := true
	w := &shared{T: t, path: &path{}, memory: newMemory()}
	o := w.options()
	o.SameOrganization = func(a, b string) bool { return a == b || in && sameOrganization(a, b) }
	w.Store = apply(t, o, tenants())
	defer w.Close()
	if s := w.share(organ); s.Principals[0].Status != ctl.ShareAssociated || s.Principals[0].Invitation != "" {
		t.Errorf("%+v", s.Principals[0])
	}
	if err := w.session(guest); codeOf(err) != api.CodeNotFound {
		t.Errorf("outside of the organisation: %v", err)
	}
	if err := w.session(member); err != nil {
		t.Fatal(err)
	}
	for _, in = range []bool{false, true} {
		if _, err := w.Reassess(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.expect(member, map[bool]string{true: "", false: ctl.InactiveShareDeleted}[in])
	}
}

// TestExternalPrincipals: a share that is for the organisation alone invites nobody else.
func TestExternalPrincipals(t *testing.T) {
	w := newShared(t)
	s := w.share(member)
	if s.Principals[0].Status != ctl.ShareAssociated {
		t.Errorf("%+v", s.Principals[0])
	}
	if err := w.edit(func(s *ctl.Share) { s.AllowExternal = false }); err != nil {
		t.Error(err)
	}
	err := w.edit(func(s *ctl.Share) { s.Principals = append(s.Principals, &ctl.SharePrincipal{ID: guest}) })
	if codeOf(err) != api.CodeInvalidValue || !strings.Contains(err.Error(), "outside of the owner's organisation") {
		t.Error(err)
	}
	if err := w.edit(func(s *ctl.Share) {
		s.AllowExternal = true
		s.Principals = append(s.Principals, &ctl.SharePrincipal{ID: guest})
	}); err != nil {
		t.Error(err)
	}
	if err := w.edit(func(s *ctl.Share) { s.AllowExternal = false }); codeOf(err) != api.CodeInvalidValue {
		t.Errorf("with a guest in it: %v", err)
	}
}

// TestInvitationKept: what is not said of a principal stays as it was; one that comes back is
// invited anew; nobody's answer is waited for longer than a week.
func TestInvitationKept(t *testing.T) {
	w := newShared(t)
	first := *w.share(guest).Principals[0]
	w.now = w.now.Add(time.Hour)
	if err := w.edit(func(s *ctl.Share) {
		s.Description, s.Principals = "x", []*ctl.SharePrincipal{{ID: guest}, {ID: stranger}}
	}); err != nil {
		t.Fatal(err)
	}
	r, _ := w.record()
	if got := *r.Principal(guest); got != first || !r.Created.Equal(first.Since) || !r.Updated.Equal(w.now) {
		t.Errorf("%+v was %+v", got, first)
	}
	w.must(func(tx *Tx) error {
		r := r.Clone()
		r.Principals = r.Principals[1:]
		if err := tx.PutShare(r); err != nil {
			return err
		}
		again := r.Clone()
		again.Principals = append(again.Principals, &ctl.SharePrincipal{ID: guest})
		return tx.PutShare(again)
	})
	r, p := w.record()
	if p.Invitation == first.Invitation || p.Status != ctl.SharePending || !p.Invited.Equal(w.now) || len(r.Principals) != 2 {
		t.Errorf("%+v was %+v", p, first)
	}
	if a, b := p.StatusAt(w.now.Add(ctl.InvitationLife-1)), p.StatusAt(w.now.Add(ctl.InvitationLife)); a != ctl.SharePending || b != ctl.ShareExpired {
		t.Errorf("%s, then %s", a, b)
	}
	w.Read(func(v *View) {
		if s, q, ok := v.Invitation(p.Invitation); !ok || s != r || q.ID != guest {
			t.Errorf("%v %+v", ok, q)
		}
		if _, _, ok := v.Invitation(""); ok {
			t.Error("an empty invitation is found")
		}
	})
}

func (w *shared) record() (r *ctl.Share, p *ctl.SharePrincipal) {
	w.Read(func(v *View) { r = must2(v.Share(owner, "tools")) })
	return r, r.Principal(guest)
}
