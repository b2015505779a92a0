package store

import (
	"fmt"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

type nameKey struct{ account, name string }

// noder is what a table needs to know of its nodes.
type noder interface {
	comparable
	seq() uint64
	base() *ctl.Common
}

// table has the nodes of one kind: by ID, by name, and oldest first.
type table[N noder] struct {
	kind   Kind
	byID   map[string]N
	byName map[nameKey]N
	order  nodes[N]
	count  map[string]int // per account
}

func newTable[N noder](kind Kind) *table[N] {
	return &table[N]{kind: kind, byID: map[string]N{}, byName: map[nameKey]N{}, count: map[string]int{}}
}

// find resolves a reference from a resource of the account: an ID, or a name in that account.
func (t *table[N]) find(account, ref string) (N, bool) {
	if n, ok := t.byID[ref]; ok {
		return n, true
	}
	n, ok := t.byName[nameKey{account, ref}]
	return n, ok
}

// insert enters a node by its ID; its name is entered apart.
func (t *table[N]) insert(n N) {
	t.byID[n.base().ID] = n
	t.order = t.order.with(n)
	t.count[n.base().Account]++
}

func (t *table[N]) remove(n N) {
	delete(t.byID, n.base().ID)
	t.order = t.order.without(n)
	if t.count[n.base().Account]--; t.count[n.base().Account] == 0 {
		delete(t.count, n.base().Account)
	}
}

// word is the kind as sentences have it.
func (k Kind) word() string { return strings.ReplaceAll(string(k), "-", " ") }

// names lists names in an account, oldest first, at most limit.
func (t *table[N]) names(account string, limit int) []string {
	var names []string
	for _, n := range t.order {
		if c := n.base(); c.Account == account {
			if names = append(names, c.Name); len(names) == limit {
				break
			}
		}
	}
	return names
}

const (
	maxListed    = 8    // names in the remedy of one sentence
	maxCompared  = 2000 // names that a misspelt one is compared with
	maxReference = 128  // letters of a reference that may be a misspelt name
)

// remedy says what a reference that find did not resolve might have meant. The search for a name
// like it takes long, so it is not made for more problems than are printed.
func (t *table[N]) remedy(tx *Tx, account, ref string) string {
	seek := len(ref) <= maxReference && tx.problems.Len() < problem.Max
	most := maxListed
	if seek {
		most = maxCompared
	}
	names := t.names(account, most)
	if seek {
		if near := tomldoc.Nearest(ref, names); near != "" {
			return fmt.Sprintf("did you mean %q?", near)
		}
	}
	switch more := t.count[account] - maxListed; {
	case len(names) == 0:
		return fmt.Sprintf("there is no %s yet, so add one", t.kind.word())
	case more > 0:
		return fmt.Sprintf("name one of: %s and %d more", strings.Join(names[:maxListed], ", "), more)
	}
	return "name one of: " + strings.Join(names, ", ")
}
