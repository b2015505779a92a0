package store

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// TestShareDocument: a document with a share in it is the state that it leads to, and back; what it
// does not say of invitations stays.
func TestShareDocument(t *testing.T) {
	w := newShared(t)
	text := tenants() + `
[[share]]
name = "tools"
title = "Our tools"
account = "111111111111"
allow_external = true
targets = ["ids"]
[[share.principal]]
id = "333333333333"
status = "accepted"
[[share.principal]]
id = "444444444444"
[[session]]
name = "s"
account = "333333333333"
source = "web"
target = "tmt-00000000000000aaa"
filter = "all"
number = 1
`
	w.reconcile(t, text, "")
	w.expect(guest, "")
	r, p := w.record()
	if r.Label() != "Our tools" || p.Status != ctl.ShareAccepted || r.Principal(stranger).Status != ctl.SharePending {
		t.Errorf("%+v", r)
	}
	before := dump(w.st)
	w.reconcile(t, text, "")
	if got := dump(w.st); got != before {
		t.Errorf("the second time it changes something: %s", cmp.Diff(before, got))
	}
	w.reconcile(t, encoded(w.Export()), "")
	if got := dump(w.st); got != before {
		t.Errorf("the export changes something: %s", cmp.Diff(before, got))
	}
	without := text[:strings.Index(text, "[[share]]")] + text[strings.Index(text, "[[session]]"):]
	w.reconcile(t, without, `session "s": target "tmt-00000000000000aaa" names no target of account 333333333333, nor one that is shared with it`)
	lost := without + "inactive = \"share-deleted\"\n"
	w.reconcile(t, lost, "")
	w.expect(guest, ctl.InactiveShareDeleted)
	w.reconcile(t, strings.Replace(lost, "share-deleted", "target-deleted", 1), "names no target of account")
	gone := lost[:strings.Index(lost, "[[target]]")] + lost[strings.Index(lost, "[[session]]"):]
	w.reconcile(t, gone, "names no target of account")
	w.reconcile(t, strings.Replace(gone, "share-deleted", "target-deleted", 1), "")
	w.expect(guest, ctl.InactiveTargetDeleted)
	w.reconcile(t, text, "") // all is back
	w.expect(guest, "")
}

func (w *shared) reconcile(t *testing.T, text, refused string) {
	t.Helper()
	doc, err := ctl.ParseDocument("resources.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Change(context.Background(), Request{}, func(tx *Tx) error { return tx.Reconcile(doc, false) })
	if (err == nil) != (refused == "") || err != nil && !strings.Contains(err.Error(), refused) {
		t.Fatalf("got  %v\nwant %s", err, refused)
	}
}

// TestShareRefusals has one row per refusal of a share.
func TestShareRefusals(t *testing.T) {
	w := newShared(t)
	with := func(p ...*ctl.SharePrincipal) *ctl.Share {
		return &ctl.Share{Common: ctl.Common{Name: "x", Account: owner}, AllowExternal: true, Targets: []string{"ids"}, Principals: p}
	}
	w.share()
	for _, test := range []struct {
		name, code, want string
		share            *ctl.Share
	}{
		{"itself", api.CodeInvalidValue, "is the owner of the share", with(&ctl.SharePrincipal{ID: owner})},
		{"nobody", api.CodeMissingValue, "a principal has no id", with(&ctl.SharePrincipal{})},
		{"a user", api.CodeInvalidValue, "neither an account nor an organisation", with(&ctl.SharePrincipal{ID: "arn:aws:iam::333333333333:user/x"})},
		{"twice", api.CodeInvalidValue, "is named twice", with(&ctl.SharePrincipal{ID: guest}, &ctl.SharePrincipal{ID: guest})},
		{"status", api.CodeInvalidValue, `status "expired" is not known`, with(&ctl.SharePrincipal{ID: guest, Status: ctl.ShareExpired})},
		{"invited organisation", api.CodeInvalidValue, "organisations are not invited", with(&ctl.SharePrincipal{ID: organ, Status: ctl.ShareAccepted})},
		{"invitation", api.CodeInvalidValue, "is not a UUID", with(&ctl.SharePrincipal{ID: guest, Invitation: "1"})},
		{"target", api.CodeNotFound, `target "tmt-0" names no target of account 111111111111`, &ctl.Share{Common: ctl.Common{Name: "x", Account: owner}, Targets: []string{"tmt-0"}}},
		{"no target", api.CodeInvalidValue, "a target is empty", &ctl.Share{Common: ctl.Common{Name: "x", Account: owner}, Targets: []string{""}}},
		{"id", api.CodeInvalidValue, "is not the ID of a share", &ctl.Share{Common: ctl.Common{ID: "tms-1", Name: "x", Account: owner}}},
		{"name", api.CodeAlreadyExists, "the name is taken by another share", &ctl.Share{Common: ctl.Common{Name: "tools", Account: owner}}},
		{"name like an id", api.CodeInvalidValue, "has the form of an ID", &ctl.Share{Common: ctl.Common{Name: "01234567-89ab-4def-8123-456789abcdef", Account: owner}}},
	} {
		before := dump(w.st)
		_, err := change(w.Store, func(tx *Tx) error { return tx.PutShare(test.share) })
		if codeOf(err) != test.code || !strings.Contains(err.Error(), test.want) || dump(w.st) != before {
			t.Errorf("%s: %v (%s)", test.name, err, codeOf(err))
		}
	}
}

// TestShareQuota: an account has at most 5000 shares.
func TestShareQuota(t *testing.T) {
	w := newShared(t)
	many := func(count int) error {
		_, err := w.Change(context.Background(), Request{DryRun: true}, func(tx *Tx) error {
			for i := range count {
				if err := tx.PutShare(&ctl.Share{Common: ctl.Common{Name: "s" + idOf("", i), Account: owner}}); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	}
	if err := many(5000); err != nil {
		t.Error(err)
	}
	if err := many(5001); codeOf(err) != api.CodeQuotaExceeded || !strings.Contains(err.Error(), "more than 5000 shares") {
		t.Error(err)
	}
}

// TestSharesInUse: what an older version saved keeps its targets.
func TestSharesInUse(t *testing.T) {
	w := newShared(t)
	w.share(organ, guest)
	w.answer(guest, ctl.ShareAccepted)
	for _, account := range []string{owner, member, guest} {
		if err := w.session(account); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	clear(w.memory.records[KindShare])
	saved, err := w.memory.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := w.options()
	o.SameOrganization = nil
	w.Store = open(t, o)
	w.expect(owner, "")
	w.expect(member, ctl.InactiveShareDeleted)
	if warned := w.Warnings(); len(warned) != 2 || !strings.Contains(warned[0].String(), "it is inactive: share-deleted") {
		t.Errorf("%v", warned)
	}
	w.Close()
	records, err := SharesInUse(saved, w.now, strings.NewReader(strings.Repeat("random", 100)))
	if err != nil || len(records) != 1 {
		t.Fatalf("%v, %v", records, err)
	}
	w.memory.records[KindShare][records[0].ID] = records[0].Value
	w.Store = open(t, o)
	for _, account := range []string{owner, member, guest} {
		w.expect(account, "")
	}
	w.Read(func(v *View) {
		if s := v.Shares()[0]; s.Name != "in-use-"+idsID || len(s.Principals) != 2 || s.Account != owner {
			t.Errorf("%+v", s)
		}
	})
}
