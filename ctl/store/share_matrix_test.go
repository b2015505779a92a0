package store

import (
	"net/netip"
	"slices"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// relations are what an account can be to the owner of resources, with how it comes to be that.
var relations = []struct {
	name    string
	account string
	become  func(w *shared)
	uses    bool // targets of the owner
	sees    bool // the share
}{
	{"owner", owner, func(*shared) {}, true, true},
	{"organisation, shared with all of it", member, func(w *shared) { w.share(organ) }, true, true},
	{"organisation, shared with the account", member, func(w *shared) { w.share(member) }, true, true},
	{"organisation, not shared", member, func(w *shared) { w.share(guest) }, false, false},
	{"accepted", guest, func(w *shared) { w.share(guest); w.answer(guest, ctl.ShareAccepted) }, true, true},
	{"pending", guest, func(w *shared) { w.share(guest) }, false, true},
	{"rejected", guest, func(w *shared) { w.share(guest); w.answer(guest, ctl.ShareRejected) }, false, true},
	{"taken out again", guest, func(w *shared) {
		w.share(guest)
		w.answer(guest, ctl.ShareAccepted)
		if err := w.edit(func(s *ctl.Share) { s.Principals = nil }); err != nil {
			w.Fatal(err)
		}
	}, false, false},
	{"stranger", stranger, func(w *shared) { w.share(organ, guest); w.answer(guest, ctl.ShareAccepted) }, false, false},
}

// stock gives the owner one more of each kind, and returns their identifiers.
func stock(w *shared) map[Kind]string {
	ids := map[Kind]string{KindTarget: idsID}
	w.must(func(tx *Tx) error {
		b := &ctl.LoadBalancer{Common: ctl.Common{Name: "lb", Account: owner}, Members: []ctl.Member{{Address: zeekAddress, Weight: 1}}}
		if err := tx.PutLoadBalancer(b); err != nil {
			return err
		}
		i := &ctl.Interface{Common: ctl.Common{Name: "nic", Account: owner}, Port: "wire1", Addresses: []netip.Addr{mustAddr("192.0.2.77")}}
		if err := tx.PutInterface(i); err != nil {
			return err
		}
		s := &ctl.Session{Common: ctl.Common{Name: "s", Account: owner}, Source: "web", Target: "ids", Filter: "all", Number: 1}
		if err := tx.PutSession(s); err != nil {
			return err
		}
		f := must2(tx.Filter(owner, "all"))
		ids[KindLoadBalancer], ids[KindInterface], ids[KindSession], ids[KindFilter], ids[KindRule] = b.ID, i.ID, s.ID, f.ID, f.Rules[0].ID
		return nil
	})
	w.Read(func(v *View) {
		if s, ok := v.Share(owner, "tools"); ok {
			ids[KindShare] = s.ID
		}
	})
	return ids
}

// TestMatrix: every way in which one resource can name another, and everything that is seen of
// one, for every kind and every relation to its owner.
func TestMatrix(t *testing.T) {
	for _, r := range relations {
		t.Run(r.name, func(t *testing.T) {
			w := newShared(t)
			r.become(w)
			ids := stock(w)
			checkAccess(w, r.account, ids, r.uses, r.sees)
			checkReferences(w, r.account, ids, r.uses)
			checkTakeover(w, r.account, ids)
		})
	}
}

func checkAccess(w *shared, account string, ids map[Kind]string, uses, sees bool) {
	w.Read(func(v *View) {
		for kind, id := range ids {
			want := AccessNone
			switch {
			case account == owner:
				want = AccessOwn
			case kind == KindTarget && uses:
				want = AccessUse
			case kind == KindShare && sees:
				want = AccessSee
			}
			if got := v.Access(account, id); got != want {
				w.Errorf("%s: access %d, want %d", kind, got, want)
			}
		}
		target := must2(v.Target(owner, "ids"))
		list := slices.Contains(v.SharedTargets(account), target)
		if v.MaySee(account, target) != uses || v.MayUse(account, target) != uses || list != (uses && account != owner) {
			w.Errorf("the target is seen %v, listed %v", v.MaySee(account, target), list)
		}
		if _, byName := v.Target(account, "ids"); byName != (account == owner) {
			w.Error("a name leads to another account's target")
		}
		if v.Access(account, "tmt-00000000000000fff") != AccessNone || v.Access(account, "") != AccessNone {
			w.Error("access to what is not there")
		}
	})
}

// checkReferences makes resources of an account that name the owner's by ID. Each is a dry run.
func checkReferences(w *shared, account string, ids map[Kind]string, uses bool) {
	session := func(source, target, filter string) func(*Tx) error {
		return func(tx *Tx) error {
			return tx.PutSession(&ctl.Session{Common: ctl.Common{Name: "new", Account: account}, Source: source, Target: target, Filter: filter, Number: 7})
		}
	}
	target := func(t ctl.Target) func(*Tx) error {
		t.Name, t.Account = "new", account
		return func(tx *Tx) error { c := t; return tx.PutTarget(&c) }
	}
	isOwner := account == owner
	source := "web"
	if isOwner {
		source = must2(w.find(owner, "web")).ID
	}
	for name, test := range map[string]struct {
		change  func(*Tx) error
		allowed bool
	}{
		"session: target":       {session(source, idsID, "all"), uses},
		"session: source":       {session(ids[KindInterface], idsID, "all"), isOwner},
		"session: filter":       {session("web", idsID, ids[KindFilter]), isOwner},
		"target: interface":     {target(ctl.Target{Interface: ids[KindInterface]}), isOwner},
		"target: load balancer": {target(ctl.Target{LoadBalancer: ids[KindLoadBalancer]}), isOwner},
		"share: target": {func(tx *Tx) error {
			return tx.PutShare(&ctl.Share{Common: ctl.Common{Name: "new", Account: account}, Targets: []string{idsID}})
		}, isOwner},
	} {
		if _, err := w.Change(w.Context(), Request{DryRun: true}, test.change); (err == nil) != test.allowed || err != nil && codeOf(err) != api.CodeNotFound {
			w.Errorf("%s: %v", name, err)
		}
	}
}

func (w *shared) find(account, name string) (r *ctl.Interface, ok bool) {
	w.Read(func(v *View) { r, ok = v.Interface(account, name) })
	return r, ok
}

// checkTakeover puts records with the owner's identifiers and another account: they cannot change
// hands.
func checkTakeover(w *shared, account string, ids map[Kind]string) {
	if account == owner {
		return
	}
	common := func(kind Kind) ctl.Common { return ctl.Common{ID: ids[kind], Name: "mine", Account: account} }
	for kind, put := range map[Kind]func(*Tx) error{
		KindInterface:    func(tx *Tx) error { return tx.PutInterface(&ctl.Interface{Common: common(KindInterface)}) },
		KindTarget:       func(tx *Tx) error { return tx.PutTarget(&ctl.Target{Common: common(KindTarget), Address: zeekAddress}) },
		KindFilter:       func(tx *Tx) error { return tx.PutFilter(&ctl.Filter{Common: common(KindFilter)}) },
		KindLoadBalancer: func(tx *Tx) error { return tx.PutLoadBalancer(&ctl.LoadBalancer{Common: common(KindLoadBalancer)}) },
		KindSession: func(tx *Tx) error {
			return tx.PutSession(&ctl.Session{Common: common(KindSession), Source: "web", Target: idsID, Filter: "all", Number: 9})
		},
		KindShare: func(tx *Tx) error { return tx.PutShare(&ctl.Share{Common: common(KindShare)}) },
	} {
		if ids[kind] == "" {
			continue
		}
		if _, err := change(w.Store, put); codeOf(err) != api.CodeInvalidValue {
			w.Errorf("%s of account %s taken over: %v", kind, owner, err)
		}
	}
}

// TestOwnerSeesGuests: sessions on a target are seen by its owner, active or not, and by nobody
// else but their own account.
func TestOwnerSeesGuests(t *testing.T) {
	w := newShared(t)
	w.share(guest)
	w.answer(guest, ctl.ShareAccepted)
	if err := w.session(guest); err != nil {
		t.Fatal(err)
	}
	want := map[string]Access{owner: AccessSee, member: AccessNone, guest: AccessOwn, stranger: AccessNone}
	check := func(when string, guests int) {
		t.Helper()
		r, _ := w.state(guest)
		w.Read(func(v *View) {
			for account, access := range want {
				if got := v.Access(account, r.ID); got != access {
					t.Errorf("%s: account %s has access %d, want %d", when, account, got, access)
				}
			}
			if list := v.GuestSessions(owner); len(list) != guests || len(v.GuestSessions(guest)) != 0 {
				t.Errorf("%s: guests %v", when, list)
			}
		})
	}
	check("shared", 1)
	w.unshare()
	check("no longer shared", 1)
	w.must(func(tx *Tx) error { return tx.Delete(KindTarget, idsID) })
	want[owner] = AccessNone
	check("deleted", 0)
	w.Read(func(v *View) {
		if list := v.LostSessions(); len(list) != 1 {
			t.Errorf("lost: %v", list)
		}
	})
	if err := w.modify(func(r *ctl.Session) { r.Description = "x" }); err != nil {
		t.Error(err)
	}
}
