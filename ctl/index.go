package ctl

import (
	"fmt"
	"net/netip"

	"mirrorgw/ctl/tomldoc"
)

// index finds the records of one kind by name or ID.
type index struct {
	kind      string
	byID      map[string]int
	byName    map[nameKey]int
	names     map[string][]string // of each account, in the order of the document
	byAddress map[netip.Addr]int  // interfaces only
}

type nameKey struct{ account, name string }

func newIndex(kind string) *index {
	return &index{kind: kind, byID: map[string]int{}, byName: map[nameKey]int{},
		names: map[string][]string{}, byAddress: map[netip.Addr]int{}}
}

// find resolves a reference from a resource of the account: an ID, or a name in that account.
func (x *index) find(account, ref string) (int, bool) {
	if i, ok := x.byID[ref]; ok {
		return i, true
	}
	i, ok := x.byName[nameKey{account, ref}]
	return i, ok
}

// remedy says what a reference that find did not resolve might have meant.
func (x *index) remedy(account, ref string) string {
	if near := tomldoc.Nearest(ref, x.names[account]); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return oneOf(x.kind, x.names[account])
}

// add enters record i, or says that its name or ID is taken.
func (b *builder) add(x *index, i int, c *Common) {
	key := nameKey{c.Account, c.Name}
	subject := fmt.Sprintf("%s %q", x.kind, c.Name)
	if first, taken := x.byName[key]; taken {
		b.fail(c.src, subject, "name", "the name is taken by %s %d of the document; choose another", x.kind, first+1)
		return
	}
	if first, taken := x.byID[c.ID]; taken {
		b.fail(c.src, subject, "id", "the id is taken by %s %d of the document; remove one of the two", x.kind, first+1)
		return
	}
	x.byName[key], x.byID[c.ID] = i, i
	x.names[c.Account] = append(x.names[c.Account], c.Name)
}

func (b *builder) indexAll() {
	b.interfaceIndex, b.targetIndex, b.filterIndex = newIndex("interface"), newIndex("target"), newIndex("filter")
	sessions := newIndex("session")
	for i := range b.doc.Interfaces {
		f := &b.doc.Interfaces[i]
		b.add(b.interfaceIndex, i, &f.Common)
		for _, addr := range f.Addresses {
			b.interfaceIndex.byAddress[addr] = i
		}
	}
	for i := range b.doc.Targets {
		b.add(b.targetIndex, i, &b.doc.Targets[i].Common)
	}
	for i := range b.doc.Filters {
		b.add(b.filterIndex, i, &b.doc.Filters[i].Common)
	}
	for i := range b.doc.Sessions {
		b.add(sessions, i, &b.doc.Sessions[i].Common)
	}
}

func (f *Interface) subject() string { return fmt.Sprintf("interface %q", f.Name) }
func (t *Target) subject() string    { return fmt.Sprintf("target %q", t.Name) }
func (f *Filter) subject() string    { return fmt.Sprintf("filter %q", f.Name) }
func (s *Session) subject() string   { return fmt.Sprintf("session %q", s.Name) }
