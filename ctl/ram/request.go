package ram

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

// request is a call that is being answered.
type request struct {
	*aws.Call
	service *Service
	action  *action
}

func (x *request) account() string { return x.Principal.Account }

// actor is who the events of a change tell.
func (x *request) actor() ctl.Actor {
	return ctl.AccountActor(x.Principal.Account, x.Principal.User, aws.Door)
}

// ctx ends when the client goes away.
func (x *request) ctx() context.Context {
	if x.Request == nil {
		return context.Background()
	}
	return x.Request.Context()
}

// decode reads the body, which must be one JSON object of known members of the right types.
func (x *request) decode(into any) error {
	body := x.Body
	if len(body) == 0 {
		body = []byte("{}")
	}
	if x.Request.URL.RawQuery != "" {
		return invalid("The parameters of %s are in the body; there must be no query string.", x.action.name)
	}
	if err := strictjson.Decode(body, into); err != nil {
		return invalid("The request is not what %s takes: %v.", x.action.name, err)
	}
	return nil
}

// query reads the query string of an action that has no body.
func (x *request) query(known ...string) (url.Values, error) {
	if len(x.Body) > 0 {
		return nil, invalid("The parameters of %s are in the query string; there must be no body.", x.action.name)
	}
	values, err := url.ParseQuery(x.Request.URL.RawQuery)
	if err != nil {
		return nil, invalid("The query string cannot be read.")
	}
	for name, list := range values {
		if !slices.Contains(known, name) || len(list) != 1 {
			return nil, invalid("The parameter %s is not known, or is there twice.", clip(name))
		}
	}
	return values, nil
}

// touched notes an identifier for the audit log.
func (x *request) touched(ids ...string) {
	for _, id := range ids {
		if !slices.Contains(x.Audit.Resources, id) {
			x.Audit.Resources = append(x.Audit.Resources, id)
		}
	}
}

const maxToken = 64

// token makes a change idempotent; in are its parameters with the token taken out.
func (x *request) token(text string, in any) (*store.Token, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxToken || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, refused("InvalidClientTokenException", "The client token is not valid. Use at most %d printable ASCII characters.", maxToken)
	}
	parameters, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return &store.Token{Account: x.account(), Action: "ram:" + x.action.name, Value: text, Fingerprint: sha256.Sum256(parameters)}, nil
}

// read calls read with a consistent view.
func (x *request) read(read func(v *store.View) error) (err error) {
	x.service.store.Read(func(v *store.View) { err = read(v) })
	return err
}

// change makes a change of the shares that find finds and permits. It is permitted before the token
// is looked up and again when the change is made; what is not there any more may have been deleted
// by the first request with the same token.
func (x *request) change(token *store.Token, find func(v *store.View) (*ctl.Share, error), change func(tx *store.Tx, r *ctl.Share) error) (store.Result, error) {
	err := x.read(func(v *store.View) error {
		_, err := find(v)
		return err
	})
	if err != nil && (token == nil || !isUnknown(err)) {
		return store.Result{}, err
	}
	return x.service.store.Change(x.ctx(), store.Request{Token: token, By: x.actor()}, func(tx *store.Tx) error {
		r, err := find(&tx.View)
		if err != nil {
			return err
		}
		return change(tx, r)
	})
}
