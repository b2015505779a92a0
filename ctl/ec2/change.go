package ec2

import (
	"crypto/sha256"
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// outcome is what a change did.
type outcome struct {
	on   []subject
	made any // the record as it is now; nil: nothing is left
	view func(read func(*viewer))
}

// changed makes the change that a request asks for. Permission is asked, and what it is on is
// found, in the transaction that makes the change, so that nothing comes in between.
func (x *request) changed() ([]byte, error) {
	if err := x.prepare(); err != nil {
		return nil, err
	}
	if x.action.check != nil {
		if err := x.action.check(x); err != nil {
			return nil, err
		}
	}
	o := &outcome{view: x.read}
	how := store.Request{DryRun: x.dryRun(), By: x.actor()}
	var err error
	if how.Token, err = x.token(); err != nil {
		return nil, err
	}
	if err := x.drawID(); err != nil {
		return nil, err
	}
	result, err := x.service.store.Change(x.ctx(), how, func(tx *store.Tx) error {
		o.on = x.subjects(x.viewer(&tx.View))
		if err := x.permitted(o.on); err != nil {
			return err
		}
		if err := exist(o.on); err != nil {
			return err
		}
		o.made, err = x.action.change(x, tx, o.on)
		return err
	})
	if err == nil && result.Replayed {
		err = x.replay(result, o)
	}
	x.audit(result, o)
	if err != nil {
		return nil, err
	}
	if x.dryRun() {
		return nil, dryRunPassed()
	}
	d := x.begin()
	x.action.write(x, d, o)
	return x.end(d), nil
}

// read looks at the state as it is now.
func (x *request) read(read func(*viewer)) {
	x.service.store.Read(func(v *store.View) { read(x.viewer(v)) })
}

// prepare reads what all creations have.
func (x *request) prepare() error {
	if !x.action.creates {
		return nil
	}
	var err error
	x.tags, err = specifiedTags(x.in.list("TagSpecification"), x.action.about)
	x.tagKeys = keysOf(x.tags)
	return err
}

func (x *request) subjects(v *viewer) []subject {
	if x.action.on == nil {
		return nil
	}
	return x.action.on(x, v)
}

// replay answers a create whose client token was used before: with the resource as it is now, or
// as it was made if it is gone. Who may not make it may not learn of it either.
func (x *request) replay(result store.Result, o *outcome) error {
	at := slices.IndexFunc(result.Events, func(e store.Event) bool {
		return e.Kind == x.action.about.kind && e.Action == store.ActionCreate
	})
	if at < 0 {
		return internal("The client token belongs to a change of something else; this is a defect of the gateway")
	}
	event := &result.Events[at]
	o.made = event.After
	o.view(func(v *viewer) {
		o.on = x.subjects(v)
		if kind, record, ok := v.Find(event.ID); ok && kind == event.Kind {
			o.made = record
		}
	})
	return x.permitted(o.on)
}

// audit notes what was touched.
func (x *request) audit(result store.Result, o *outcome) {
	for i := range o.on {
		x.touched(o.on[i].id)
	}
	if x.dryRun() || result.Replayed {
		return
	}
	for i := range result.Events {
		x.touched(result.Events[i].ID)
	}
}

// drawID draws the identifier of what is made: once, for the transaction may run twice.
func (x *request) drawID() (err error) {
	if x.action.creates {
		if x.id, err = ctl.NewID(x.action.about.prefix, x.service.random); err != nil {
			return internal("%v", err)
		}
	}
	return nil
}

// nameOf is the name of a record that EC2 made: its identifier, but in a form that is none.
func nameOf(id string) string { return strings.Replace(id, "-", ".", 1) }

// token makes a create idempotent. Parameters that do not change what is made do not count.
func (x *request) token() (*store.Token, error) {
	text := x.in.str("ClientToken")
	if text == "" || !x.action.creates {
		return nil, nil
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, badValue(text, "ClientToken", "Use at most %d printable ASCII characters", maxClientToken)
	}
	return &store.Token{Account: x.account(), Action: "ec2:" + x.action.name, Value: text,
		Fingerprint: x.fingerprint("ClientToken", "DryRun")}, nil
}

// fingerprint is of all parameters but some.
func (x *request) fingerprint(except ...string) [sha256.Size]byte {
	names := make([]string, 0, len(x.Params))
	for name := range x.Params {
		if !slices.Contains(except, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	hash := sha256.New()
	for _, name := range names {
		hash.Write([]byte(name))
		hash.Write([]byte{0})
		hash.Write([]byte(x.Params.Get(name)))
		hash.Write([]byte{0})
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
