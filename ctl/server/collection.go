package server

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

// resourceRoutes are the five things that can be done with every kind.
func resourceRoutes[W, R any](s *Server, k *kind[W, R]) []*route {
	wire := reflect.TypeFor[W]()
	changed := reflect.TypeFor[api.Changed[W]]()
	one := k.path + "/{ref}"
	owner := []parameter{ownerParameter}
	notFound := []string{api.CodeNotFound}
	change := []parameter{ifMatchHeader}
	create := &route{method: http.MethodPost, path: k.path, summary: "Create a " + k.word, role: Admin, request: wire,
		response: changed, status: http.StatusCreated, headers: []parameter{clientTokenHead, ifMatchHeader},
		codes:  append([]string{api.CodeTokenMismatch}, changeCodes...),
		handle: func(x *exchange) (*answer, error) { return k.create(s, x) }}
	create.query = []parameter{dryRunParameter}
	if k.owner == nil {
		create.query = append(create.query, ownerParameter)
	}
	return withKind(k.kind, []*route{
		create,
		{method: http.MethodGet, path: k.path, summary: "List " + k.plural + ", oldest first", role: Reader,
			response: reflect.TypeFor[api.List[W]](), status: http.StatusOK, query: listParameters(wire),
			handle: func(x *exchange) (*answer, error) { return k.page(s, x) }},
		{method: http.MethodGet, path: one, summary: "Get one " + k.word, role: Reader, response: wire, status: http.StatusOK,
			query: owner, codes: notFound, handle: func(x *exchange) (*answer, error) { return k.get(s, x) }},
		{method: http.MethodPatch, path: one, summary: "Modify a " + k.word, role: Admin, request: wire, patch: true,
			response: changed, status: http.StatusOK, query: owner, headers: change, codes: changeCodes,
			handle: func(x *exchange) (*answer, error) { return k.modify(s, x) }},
		{method: http.MethodDelete, path: one, summary: "Delete a " + k.word, role: Admin, response: changed, status: http.StatusOK,
			query: owner, headers: change, codes: changeCodes,
			handle: func(x *exchange) (*answer, error) { return k.remove(s, x) }},
	})
}

func withKind(kind store.Kind, routes []*route) []*route {
	for _, r := range routes {
		r.kind = kind
	}
	return routes
}

func (k *kind[W, R]) get(s *Server, x *exchange) (*answer, error) {
	var found *R
	var w W
	var revision uint64
	ref, live := x.r.PathValue("ref"), k.live(s)
	s.Store.Read(func(v *store.View) {
		revision = v.Revision()
		if r, ok := k.lookup(x, v, ref); ok {
			found, w = r, k.wire(r)
			k.complete(v, live, &w)
		}
	})
	if found == nil {
		return nil, k.notFound(ref)
	}
	return &answer{value: w, revision: revision}, nil
}

func orDefaultAccount(account string) string {
	if account == "" {
		return ctl.DefaultAccount
	}
	return account
}

func (k *kind[W, R]) notFound(ref string) error {
	return fault(api.CodeNotFound, "", "there is no %s %q; GET %s lists them", k.word, ref, k.path)
}

func (k *kind[W, R]) create(s *Server, x *exchange) (*answer, error) {
	var w W
	if err := strictjson.Decode(x.body, &w); err != nil {
		return nil, err
	}
	var f faults
	f.same(fieldNames[k.kind]["id"], "", *k.id(&w))
	if k.readOnly != nil && k.owner != nil {
		k.readOnly(nil, new(W), &w, &f)
	}
	if k.owner != nil && *k.owner(&w) == "" {
		*k.owner(&w) = x.who.Account
	}
	made := k.record(&w, &f)
	if err := f.err(); err != nil {
		return nil, err
	}
	account := orDefaultAccount(x.account())
	if k.owner != nil {
		account = orDefaultAccount(*k.owner(&w))
	}
	if err := s.ownAccount(x, account); err != nil {
		return nil, err
	}
	request, err := changeRequest(x)
	if err != nil {
		return nil, err
	}
	if request.Token, err = clientToken(x, account, "create-"+string(k.kind)); err != nil {
		return nil, err
	}
	if request.DryRun, err = readFlag(x, dryRunParameter.name); err != nil {
		return nil, err
	}
	result, err := s.change(x, request, func(tx *store.Tx) error { return k.put(tx, account, made) })
	if err != nil {
		return nil, err
	}
	switch {
	case result.Replayed:
		return k.replayed(s, result)
	case request.DryRun: // there is nothing to look up of it
		return &answer{value: api.Changed[W]{Resource: k.wire(made), Revision: result.Revision, Warnings: warnings(result)}, revision: result.Revision}, nil
	}
	return k.changed(s, made, result), nil
}

func (k *kind[W, R]) modify(s *Server, x *exchange) (*answer, error) {
	request, err := changeRequest(x)
	if err != nil {
		return nil, err
	}
	ref, account := x.r.PathValue("ref"), orDefaultAccount(x.account())
	var after *R
	result, err := s.change(x, request, func(tx *store.Tx) error {
		before, ok := k.lookup(x, &tx.View, ref)
		if !ok {
			return k.notFound(ref)
		}
		if after, err = k.patched(&tx.View, x.body, before); err != nil {
			return err
		}
		return k.put(tx, account, after)
	})
	if err != nil {
		return nil, err
	}
	return k.changed(s, after, result), nil
}

// patched is the record as a merge patch makes it.
func (k *kind[W, R]) patched(v *store.View, patch []byte, before *R) (*R, error) {
	from := before
	light := k.whole != nil && !k.whole(patch)
	if light {
		from = k.light(before)
	}
	was := k.wire(from)
	k.complete(v, nil, &was)
	var w W
	if err := strictjson.Merge(patch, &was, &w); err != nil {
		return nil, err
	}
	var f faults
	f.same(fieldNames[k.kind]["id"], *k.id(&was), *k.id(&w))
	if k.owner != nil {
		f.same("ownerId", *k.owner(&was), *k.owner(&w))
	}
	if k.readOnly != nil {
		k.readOnly(v, &was, &w, &f)
	}
	after := k.record(&w, &f)
	if light {
		k.rejoin(after, before)
	}
	return after, f.err()
}

func (k *kind[W, R]) remove(s *Server, x *exchange) (*answer, error) {
	request, err := changeRequest(x)
	if err != nil {
		return nil, err
	}
	ref := x.r.PathValue("ref")
	var was W
	result, err := s.change(x, request, func(tx *store.Tx) error {
		before, ok := k.lookup(x, &tx.View, ref)
		if !ok {
			return k.notFound(ref)
		}
		was = k.wire(before)
		k.complete(&tx.View, nil, &was)
		return tx.Delete(k.kind, *k.id(&was))
	})
	if err != nil {
		return nil, err
	}
	return &answer{value: api.Changed[W]{Resource: was, Revision: result.Revision, Warnings: warnings(result)}, revision: result.Revision}, nil
}

// changed is the answer with a record as it was put.
func (k *kind[W, R]) changed(s *Server, r *R, result store.Result) *answer {
	w := k.wire(r)
	if k.finish != nil {
		s.Store.Read(func(v *store.View) { k.finish(v, &w) })
	}
	return &answer{value: api.Changed[W]{Resource: w, Revision: result.Revision, Warnings: warnings(result)}, revision: result.Revision}
}

// replayed is the answer to a create that was made before: the resource as it is now, or as it
// was made if it is gone.
func (k *kind[W, R]) replayed(s *Server, result store.Result) (*answer, error) {
	for _, event := range result.Events {
		made, ok := event.After.(*R)
		if event.Kind != k.kind || !ok {
			continue
		}
		s.Store.Read(func(v *store.View) {
			if now, ok := k.find(v, event.Account, event.ID); ok {
				made = now
			}
		})
		return k.changed(s, made, result), nil
	}
	return nil, fault(api.CodeInternal, "", "the client token belongs to a change of something else; this is a defect of the gateway")
}

func warnings(result store.Result) []string {
	var texts []string
	for _, w := range result.Warnings {
		texts = append(texts, w.String())
	}
	return texts
}

// namesRules reports whether the patch of a filter touches its rules. A patch that is no object
// does not matter: it is refused later.
func namesRules(patch []byte) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(patch, &fields) != nil {
		return false
	}
	return fields["ingressFilterRules"] != nil || fields["egressFilterRules"] != nil
}

// changeRequest reads If-Match.
func changeRequest(x *exchange) (store.Request, error) {
	text := x.r.Header.Get("If-Match")
	if text == "" || text == "*" {
		return store.Request{}, nil
	}
	revision, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 64)
	if err != nil || revision == 0 {
		return store.Request{}, fault(api.CodeInvalidValue, "If-Match", "If-Match %s is not a revision; give it one as ETag has it, for example \"42\"", text)
	}
	return store.Request{IfMatch: revision}, nil
}

const maxClientToken = 64

// clientToken reads Client-Token. The fingerprint is of what would be created.
func clientToken(x *exchange, account, action string) (*store.Token, error) {
	value := x.r.Header.Get(api.HeaderClientToken)
	if value == "" {
		return nil, nil
	}
	printable := !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
	if len(value) > maxClientToken || !printable {
		return nil, fault(api.CodeInvalidValue, api.HeaderClientToken, "the client token has %d bytes; use at most %d printable ASCII characters", len(value), maxClientToken)
	}
	return &store.Token{Account: account, Action: action, Value: value, Fingerprint: sha256.Sum256(x.body)}, nil
}

// change makes a change and remembers whether the disk took it.
func (s *Server) change(x *exchange, request store.Request, change func(*store.Tx) error) (store.Result, error) {
	request.Approve, request.By = s.approval(x), x.actor()
	return s.make(x, request, change)
}

// make makes a change that is, or will be, judged.
func (s *Server) make(x *exchange, request store.Request, change func(*store.Tx) error) (store.Result, error) {
	result, err := s.Store.Change(x.r.Context(), request, change)
	x.trail.note(request, result)
	if !request.DryRun {
		s.noteDisk(err, result)
		s.logChange(x, result)
	}
	return result, err
}

// loggedEvents is how many resources of one change get a line each in the log.
const loggedEvents = 10

// logChange says who did what. A change of many resources, such as an apply, is told in one line.
func (s *Server) logChange(x *exchange, result store.Result) {
	if result.Replayed || len(result.Events) == 0 {
		return
	}
	if n := len(result.Events); n > loggedEvents {
		s.Log.Info("changed", "revision", result.Revision, "uid", x.peer.uid, "resources", n, "door", x.who.door())
		return
	}
	for i := range result.Events {
		e := &result.Events[i]
		s.Log.Info("changed", "revision", e.Revision, "uid", x.peer.uid, "action", e.Action, "kind", string(e.Kind), "name", e.Name, "id", e.ID, "door", x.who.door())
	}
}
