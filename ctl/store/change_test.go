package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
	"mirrorgw/rules"
)

// apply makes the good document the state of a new store.
func apply(t testing.TB, o Options, text string) *Store {
	t.Helper()
	if o.Config == nil {
		o.Config = cfg(t, gateway)
	}
	s := open(t, o)
	doc, err := ctl.ParseDocument("resources.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(context.Background(), Request{}, func(tx *Tx) error { return tx.Reconcile(doc, false) }); err != nil {
		t.Fatal(err)
	}
	return s
}

func change(s *Store, f func(*Tx) error) (Result, error) {
	return s.Change(context.Background(), Request{}, f)
}

func newSession(name string, number int) *ctl.Session {
	return &ctl.Session{Common: ctl.Common{Name: name}, Source: "web-1", Target: "ids", Filter: "web", Number: number}
}

// edit changes a copy of a record that is there.
func edit[R any](find func(account, ref string) (*R, bool), name string, how func(*R)) *R {
	r, ok := find("", name)
	if !ok {
		panic("there is no " + name)
	}
	c := *r
	how(&c)
	return &c
}

// TestRefusals has one row per refusal of single changes: code, field, sentence. Nothing of a
// refused change may stay.
func TestRefusals(t *testing.T) {
	id := func(find func(string, string) (*ctl.Interface, bool), name string) string {
		r, _ := find("", name)
		return r.ID
	}
	for _, test := range []struct {
		name, code, key, want string
		change                func(*Tx) error
	}{
		{"shape", api.CodeInvalidValue, "number", `session "x": session number -1 is out of range; use a number from 1 to 32766`,
			func(tx *Tx) error { return tx.PutSession(newSession("x", -1)) }},
		{"no source", api.CodeNotFound, "source", `session "x": source "web-2" names no interface; did you mean "web-1"?`,
			func(tx *Tx) error { s := newSession("x", 2); s.Source = "web-2"; return tx.PutSession(s) }},
		{"no target", api.CodeNotFound, "target", `session "x": target "tmt-00000000000000000" names no target of account 000000000000, nor one that is shared with it; name one of: ids, nic, spread`,
			func(tx *Tx) error { s := newSession("x", 2); s.Target = idOf("tmt-", 0); return tx.PutSession(s) }},
		{"no filter", api.CodeNotFound, "filter", `session "x": filter "nothing" names no filter; name one of: web`,
			func(tx *Tx) error { s := newSession("x", 2); s.Filter = "nothing"; return tx.PutSession(s) }},
		{"name", api.CodeAlreadyExists, "name", `interface "web-1": the name is taken by another interface of the account; choose another`,
			func(tx *Tx) error { return tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: "web-1"}}) }},
		{"number", api.CodeAlreadyExists, "number", `session "x": session number 1 is taken on source "web-1" by session "web-1-to-ids"; choose another`,
			func(tx *Tx) error { return tx.PutSession(newSession("x", 1)) }},
		{"key", api.CodeAlreadyExists, "port", `interface "twin": it has the same port, mac and vlan as interface "web-1"; change or remove one of the two`,
			func(tx *Tx) error {
				return tx.PutInterface(edit(tx.Interface, "web-1", func(i *ctl.Interface) { i.ID, i.Name = "", "twin" }))
			}},
		{"target by the source", api.CodeInUse, "address", `target "self": interface "web-1" is the target here and the source of session "web-1-to-ids" too; send to another interface or mirror another one`,
			func(tx *Tx) error {
				if err := tx.PutInterface(edit(tx.Interface, "zeek", func(i *ctl.Interface) { i.Addresses = nil })); err != nil {
					return err
				}
				return tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "self"}, Address: mustAddr("192.0.2.77")})
			}},
		{"source's port taken away", api.CodeInUse, "", `session "web-1-to-ids": interface "web-1" is on no port, so it cannot be a source; add port and mac to it`,
			func(tx *Tx) error {
				return tx.PutInterface(edit(tx.Interface, "web-1", func(i *ctl.Interface) { i.Port = "" }))
			}},
		{"port", api.CodeInvalidValue, "port", `interface "web-1": port "wire9" is not a configured port; name one of: wire0, wire1, tap0`,
			func(tx *Tx) error {
				return tx.PutInterface(edit(tx.Interface, "web-1", func(i *ctl.Interface) { i.Port = "wire9" }))
			}},
		{"account", api.CodeInvalidValue, "account", `interface "web-1": the account cannot be changed; create another interface in account 111111111111`,
			func(tx *Tx) error {
				return tx.PutInterface(edit(tx.Interface, "web-1", func(i *ctl.Interface) { i.Account = "111111111111" }))
			}},
		{"target in use", api.CodeInUse, "", `target "ids": it cannot be deleted while session "web-1-to-ids" uses it; delete or change that first`,
			func(tx *Tx) error { r, _ := tx.Target("", "ids"); return tx.Delete(KindTarget, r.ID) }},
		{"filter in use", api.CodeInUse, "", `filter "web": it cannot be deleted while 2 sessions use it, among them "web-1-to-ids"; delete or change those first`,
			func(tx *Tx) error {
				if err := tx.PutSession(newSession("x", 2)); err != nil {
					return err
				}
				return errors.Join() // settled below
			}},
		{"interface in use", api.CodeInUse, "", `interface "zeek": it cannot be deleted while target "nic" uses it; delete or change that first`,
			func(tx *Tx) error { return tx.Delete(KindInterface, id(tx.Interface, "zeek")) }},
		{"nothing to delete", api.CodeNotFound, "", `there is no load balancer "nlb-1"`,
			func(tx *Tx) error { return tx.Delete(KindLoadBalancer, "nlb-1") }},
		{"rule of no filter", api.CodeNotFound, "filter", `rule: filter "wub" names no filter; did you mean "web"?`,
			func(tx *Tx) error { return tx.PutRule("wub", &ctl.Rule{Rule: rules.Rule{Number: 1, Protocol: -1}}) }},
		{"rule number", api.CodeAlreadyExists, "number", `filter "web" ingress rule 100: rule number 100 is taken in this direction by rule RULE; choose another`,
			func(tx *Tx) error { return tx.PutRule("web", &ctl.Rule{Rule: rules.Rule{Number: 100, Protocol: -1}}) }},
		{"rules quota", api.CodeQuotaExceeded, "", `filter "web": the filter has 11 rules, more than the 10 allowed by rules_per_filter; remove some or raise [quotas] rules_per_filter in gateway.toml`,
			func(tx *Tx) error {
				for n := range 9 {
					if err := tx.PutRule("web", &ctl.Rule{Rule: rules.Rule{Number: n + 1, Protocol: -1}}); err != nil {
						return err
					}
				}
				return nil
			}},
		{"sessions quota", api.CodeQuotaExceeded, "source", `session "s3": source "web-1" has more than the 3 sessions allowed by sessions_per_source; remove some or raise [quotas] sessions_per_source in gateway.toml`,
			func(tx *Tx) error {
				for n := 2; n < 5; n++ {
					if err := tx.PutSession(newSession(fmt.Sprintf("s%d", n-1), n)); err != nil {
						return err
					}
				}
				return nil
			}},
		{"balancer in use", api.CodeInUse, "", `load balancer "lb": it cannot be deleted while target "spread" uses it; delete or change that first`,
			func(tx *Tx) error { r, _ := tx.LoadBalancer("", "lb"); return tx.Delete(KindLoadBalancer, r.ID) }},
		{"no balancer", api.CodeNotFound, "load_balancer", `target "x": load balancer "bl" is not known; did you mean "lb"?`,
			func(tx *Tx) error {
				return tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "x"}, LoadBalancer: "bl"})
			}},
		{"panic", api.CodeInternal, "", ``, func(tx *Tx) error {
			_ = tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: "half"}})
			panic("a defect")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := apply(t, Options{}, good+"[[target]]\nname = \"nic\"\ninterface = \"zeek\"\n[[load_balancer]]\nname = \"lb\"\n[[target]]\nname = \"spread\"\nload_balancer = \"lb\"\n")
			defer s.Close()
			refuse := test.change
			switch test.name {
			case "filter in use":
				if _, err := change(s, test.change); err != nil {
					t.Fatal(err)
				}
				refuse = func(tx *Tx) error { r, _ := tx.Filter("", "web"); return tx.Delete(KindFilter, r.ID) }
			case "target by the source":
				if _, err := change(s, func(tx *Tx) error {
					return tx.PutInterface(edit(tx.Interface, "web-1", func(i *ctl.Interface) { i.Addresses = append(i.Addresses, mustAddr("192.0.2.77")) }))
				}); err != nil {
					t.Fatal(err)
				}
				refuse = func(tx *Tx) error {
					return tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "self"}, Address: mustAddr("192.0.2.77")})
				}
			}
			before := dump(s.st)
			_, err := change(s, refuse)
			var refusal *problem.Error
			if !errors.As(err, &refusal) {
				t.Fatalf("got %v", err)
			}
			want := test.want
			if f, _ := s.st.filters.find(ctl.DefaultAccount, "web"); f != nil {
				want = strings.Replace(want, "RULE", f.rec.Rules[0].ID, 1)
			}
			p := refusal.Problems[0]
			if len(refusal.Problems) != 1 || p.Code != test.code || p.Key != test.key || want != "" && p.Error() != want {
				t.Errorf("got  %s (%s, %q)\nwant %s (%s, %q)", refusal, p.Code, p.Key, want, test.code, test.key)
			}
			if after := dump(s.st); after != before {
				t.Errorf("the refused change left a trace:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// TestCascade: an interface takes its sessions along, and the events say so.
func TestCascade(t *testing.T) {
	s := apply(t, Options{}, good)
	defer s.Close()
	result, err := change(s, func(tx *Tx) error {
		r, _ := tx.Interface("", "web-1")
		return tx.Delete(KindInterface, r.ID)
	})
	if err != nil || len(result.Events) != 2 || result.Events[0].Kind != KindSession || result.Events[1].Kind != KindInterface {
		t.Errorf("%+v, %v", result, err)
	}
	s.Read(func(v *View) {
		if c := v.Counts(); c.Sessions != 0 || c.Interfaces != 1 || c.Rules != 2 {
			t.Errorf("counts %+v", c)
		}
	})
}

// TestSwap: names and session numbers may change places within one change.
func TestSwap(t *testing.T) {
	s := apply(t, Options{}, good)
	defer s.Close()
	if _, err := change(s, func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) }); err != nil {
		t.Fatal(err)
	}
	_, err := change(s, func(tx *Tx) error {
		a := edit(tx.Session, "web-1-to-ids", func(r *ctl.Session) { r.Name, r.Number = "second", 2 })
		b := edit(tx.Session, "second", func(r *ctl.Session) { r.Name, r.Number = "web-1-to-ids", 1 })
		return errors.Join(tx.PutSession(a), tx.PutSession(b))
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Read(func(v *View) {
		r, _ := v.Interface("", "web-1")
		if list := v.SessionsOf(r.ID); len(list) != 2 || list[0].VNI == 100 || list[1].VNI != 100 || list[1].Name != "second" {
			t.Errorf("sessions are %+v", list)
		}
	})
}

// TestIfMatch, dry runs and no-ops.
func TestRequests(t *testing.T) {
	s := apply(t, Options{}, good)
	defer s.Close()
	put := func(tx *Tx) error { return tx.PutSession(newSession("second", 2)) }
	_, err := s.Change(context.Background(), Request{IfMatch: 7}, put)
	if codeOf(err) != api.CodeRevisionMismatch || err.Error() != "the resources are at revision 1, not 7; read them again and repeat the change" {
		t.Errorf("IfMatch: %v", err)
	}
	before := dump(s.st)
	dry, err := s.Change(context.Background(), Request{IfMatch: 1, DryRun: true}, put)
	if err != nil || dry.Revision != 1 || len(dry.Events) != 1 || dump(s.st) != before {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	same, err := change(s, func(tx *Tx) error { return tx.PutSession(edit(tx.Session, "web-1-to-ids", func(*ctl.Session) {})) })
	if err != nil || same.Revision != 1 || len(same.Events) != 0 {
		t.Errorf("no change: %+v, %v", same, err)
	}
	own := errors.New("no")
	if _, err := change(s, func(*Tx) error { return own }); err != own {
		t.Errorf("own error: %v", err)
	}
	r, err := s.Change(context.Background(), Request{IfMatch: 1}, put)
	if err != nil || r.Revision != 2 || r.Events[0].Action != ActionCreate || r.Events[0].Revision != 2 {
		t.Errorf("change: %+v, %v", r, err)
	}
}
