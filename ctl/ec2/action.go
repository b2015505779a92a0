package ec2

import (
	"sort"

	"mirrorgw/ctl/store"
)

// action is one row of the table of actions.
type action struct {
	name   string
	about  *resource // what it is about, for faults; nil: many things
	fields []field   // what it takes

	// check judges parameters together, before anything is asked; nil: there is nothing to judge.
	check func(x *request) error

	// on finds the resources that a change is on: permission is asked for them, and they must
	// exist. It is called with the view of the very transaction that makes the change.
	on func(x *request, v *viewer) []subject

	creates bool // something new of the kind that it is about

	// change makes the change and returns the record as it is then; nil: nothing is left.
	change func(x *request, tx *store.Tx, on []subject) (made any, err error)

	// write writes the answer of a change below its root.
	write func(x *request, d *document, o *outcome)

	// describe answers an action that changes nothing; it takes the place of all of the above.
	describe func(x *request) ([]byte, error)
}

// answer carries the action out.
func (a *action) answer(x *request) ([]byte, error) {
	if a.describe != nil {
		return a.describe(x)
	}
	return x.changed()
}

// actions are sorted by name.
var actions []action

func init() {
	for _, some := range [][]action{targetActions, filterActions, ruleActions, sessionActions, interfaceActions, tagActions} {
		for _, a := range some {
			a.fields = append([]field{dryRunField}, a.fields...)
			actions = append(actions, a)
		}
	}
	sort.Slice(actions, func(i, j int) bool { return actions[i].name < actions[j].name })
}

func actionNamed(name string) *action {
	at := sort.Search(len(actions), func(i int) bool { return actions[i].name >= name })
	if at == len(actions) || actions[at].name != name {
		return nil
	}
	return &actions[at]
}
