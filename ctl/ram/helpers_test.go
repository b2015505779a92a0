package ram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
)

const (
	alice  = "111111111111" // owns the targets
	ally   = "222222222222" // is in alice's organisation
	bob    = "333333333333"
	eve    = "444444444444"
	organ  = "arn:aws:organizations::111111111111:organization/o-exampleorgid"
	region = "eu-central-1"
)

// world is a service on a store with two targets of alice.
type world struct {
	*testing.T
	store   *store.Store
	service *Service
	now     time.Time
	ids     [2]string

	mu    sync.Mutex
	asked []iam.Question
	deny  string // an action that is denied
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	same := func(a, b string) bool { return a == b || a != bob && a != eve && b != bob && b != eve }
	w.store = storetest.Open(t, store.Options{SameOrganization: same, Now: func() time.Time { return w.now }})
	w.service = New(Options{Store: w.store, Authorizer: w, Region: region})
	for i := range w.ids {
		r := &ctl.Target{Common: ctl.Common{Name: fmt.Sprint("t", i), Account: alice}}
		r.Address = netip.MustParseAddr("192.0.2.10")
		w.change(func(tx *store.Tx) error { return tx.PutTarget(r) })
		w.ids[i] = r.ID
	}
	return w
}

func (w *world) change(f func(*store.Tx) error) {
	w.Helper()
	if _, err := w.store.Change(context.Background(), store.Request{}, f); err != nil {
		var problems *problem.Error
		if errors.As(err, &problems) {
			w.Log(problems.Problems)
		}
		w.Fatal(err)
	}
}

// Authorize notes what is asked and denies one action.
func (w *world) Authorize(q *iam.Question) iam.Decision {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, *q)
	return iam.Decision{Allowed: q.Action != w.deny, Reason: "No statement allows it."}
}

func (w *world) target(i int) string { return w.service.targetARN(alice, w.ids[i]) }

// object is a JSON object.
type object map[string]any

func (o object) list(name string) []object {
	list, _ := o[name].([]any)
	var all []object
	for _, one := range list {
		m, _ := one.(map[string]any)
		all = append(all, m)
	}
	return all
}

func (o object) object(name string) object { m, _ := o[name].(map[string]any); return m }
func (o object) text(name string) string   { s, _ := o[name].(string); return s }

// call sends a request as an account and returns status, code and answer.
func (w *world) call(account, action string, in object) (aws.Reply, object) {
	w.Helper()
	a := byName(action)
	if a == nil {
		w.Fatalf("there is no action %s", action)
	}
	var r *http.Request
	body := []byte(nil)
	if a.method == http.MethodDelete {
		query := url.Values{}
		for name, value := range in {
			query.Set(name, fmt.Sprint(value))
		}
		r = httptest.NewRequest(a.method, a.path+"?"+query.Encode(), nil)
	} else {
		var err error
		if body, err = json.Marshal(in); err != nil {
			w.Fatal(err)
		}
		r = httptest.NewRequest(a.method, a.path, strings.NewReader(string(body)))
	}
	return w.send(account, r, body)
}

func (w *world) send(account string, r *http.Request, body []byte) (aws.Reply, object) {
	w.Helper()
	c := &aws.Call{RequestID: "11111111-2222-4333-8444-555555555555", Time: w.now, Principal: iam.Principal{Account: account}, Service: "ram", Request: r, Body: body}
	reply := w.service.Serve(c)
	var answer object
	if err := json.Unmarshal(reply.Body, &answer); err != nil {
		w.Fatalf("%s: %v: %s", r.URL, err, reply.Body)
	}
	if reply.Header.Get("x-amzn-ErrorType") != reply.Code || (reply.Code == "") != (reply.Status == 200) || reply.Header.Get("Content-Type") != "application/json" {
		w.Errorf("%s: %d %q %v", r.URL, reply.Status, reply.Code, reply.Header)
	}
	if reply.Code == "" {
		checkAnswer(w, c.Action, answer)
	} else if answer.text("message") == "" {
		w.Errorf("%s without a message", reply.Code)
	}
	return reply, answer
}

func byName(name string) *action {
	for i := range actions {
		if actions[i].name == name {
			return &actions[i]
		}
	}
	return nil
}

func (w *world) ok(account, action string, in object) object {
	w.Helper()
	reply, answer := w.call(account, action, in)
	if reply.Status != 200 {
		w.Fatalf("%s: %d %s %s", action, reply.Status, reply.Code, reply.Body)
	}
	return answer
}

func (w *world) refused(account, code, action string, in object) {
	w.Helper()
	if reply, _ := w.call(account, action, in); reply.Code != code {
		w.Errorf("%s by %s: %d %q %s, want %s", action, account, reply.Status, reply.Code, reply.Body, code)
	}
}

// share makes a share of the first target and returns its ARN.
func (w *world) share(name string, principals ...string) string {
	w.Helper()
	in := object{"name": name, "resourceArns": []string{w.target(0)}}
	if len(principals) > 0 {
		in["principals"] = principals
	}
	return w.ok(alice, "CreateResourceShare", in).object("resourceShare").text("resourceShareArn")
}

// invited is the ARN of the only invitation that an account has.
func (w *world) invited(account string) string {
	w.Helper()
	list := w.ok(account, "GetResourceShareInvitations", object{}).list("resourceShareInvitations")
	if len(list) != 1 {
		w.Fatalf("%d invitations", len(list))
	}
	return list[0].text("resourceShareInvitationArn")
}

// uses reports whether an account may use the first target.
func (w *world) uses(account string) (yes bool) {
	w.store.Read(func(v *store.View) {
		t, _ := v.Target("", w.ids[0])
		yes = v.MayUse(account, t)
	})
	return yes
}
