package browser

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Area is a part of a page in which elements are looked for, as a screen reader names it.
type Area struct {
	page  *Page
	roles []string // none: the whole document
	name  string
	rows  string // text that the area contains; none: any
	outer *Area
}

// axValue is a value in the accessibility tree.
type axValue struct {
	Value any `json:"value"`
}

func (v *axValue) text() string {
	if v == nil || v.Value == nil {
		return ""
	}
	return strings.Join(strings.Fields(fmt.Sprint(v.Value)), " ")
}

// axNode is a node of the accessibility tree.
type axNode struct {
	ID         string   `json:"nodeId"`
	Ignored    bool     `json:"ignored"`
	Role       *axValue `json:"role"`
	Name       *axValue `json:"name"`
	Value      *axValue `json:"value"`
	Backend    int      `json:"backendDOMNodeId"`
	ChildIDs   []string `json:"childIds"`
	Properties []struct {
		Name  string  `json:"name"`
		Value axValue `json:"value"`
	} `json:"properties"`
}

func (n *axNode) is(property string) bool {
	for i := range n.Properties {
		if n.Properties[i].Name == property {
			return n.Properties[i].Value.text() == "true"
		}
	}
	return false
}

// String is how a screen reader would introduce the element.
func (n *axNode) String() string { return fmt.Sprintf("%s %q", n.Role.text(), n.Name.text()) }

// tree is the accessibility tree of a page at one moment.
type tree struct {
	byID  map[string]*axNode
	nodes []*axNode // in the order of the document
}

// snapshot reads the tree; the error says that the document is being exchanged.
func (p *Page) snapshot() (*tree, error) {
	var told struct{ Nodes []*axNode }
	if err := p.person.browser.conn.call(p.session, "Accessibility.getFullAXTree", nil, &told); err != nil {
		return nil, err
	}
	t := &tree{byID: map[string]*axNode{}}
	for _, n := range told.Nodes {
		t.byID[n.ID] = n
	}
	if len(told.Nodes) > 0 {
		t.walk(told.Nodes[0], func(n *axNode) { t.nodes = append(t.nodes, n) })
	}
	return t, nil
}

func (t *tree) walk(from *axNode, visit func(*axNode)) {
	visit(from)
	for _, id := range from.ChildIDs {
		if child := t.byID[id]; child != nil {
			t.walk(child, visit)
		}
	}
}

// below are the nodes below one, and itself.
func (t *tree) below(from *axNode) (nodes []*axNode) {
	t.walk(from, func(n *axNode) { nodes = append(nodes, n) })
	return nodes
}

// textBelow is the text that is read aloud below a node.
func (t *tree) textBelow(from *axNode) string {
	var words []string
	for _, n := range t.below(from) {
		if n.Role.text() == "StaticText" || n.Role.text() == "textbox" {
			words = append(words, n.Name.text())
		}
	}
	return strings.Join(words, " ")
}

// part are the nodes of an area, or nothing when it is not there.
func (t *tree) part(a *Area) []*axNode {
	if a == nil || a.roles == nil {
		return t.nodes
	}
	found := matching(t.part(a.outer), a.roles, a.name)
	found = slices.DeleteFunc(found, func(n *axNode) bool { return a.rows != "" && !strings.Contains(t.textBelow(n), a.rows) })
	if len(found) == 0 {
		return nil
	}
	return t.below(found[0])
}

// matching are the nodes with one of the roles and a name; "" is any name. A name that is the
// beginning of others' counts alone where it is whole.
func matching(nodes []*axNode, roles []string, name string) (found []*axNode) {
	var begins []*axNode
	for _, n := range nodes {
		if n.Ignored || !slices.Contains(roles, n.Role.text()) {
			continue
		}
		switch has := n.Name.text(); {
		case name == "" || strings.EqualFold(has, name):
			found = append(found, n)
		case strings.HasPrefix(strings.ToLower(has), strings.ToLower(name)):
			begins = append(begins, n)
		}
	}
	if len(found) == 0 {
		return begins
	}
	return found
}

// In is the part of the area with a role and a name, such as In("dialog", "Delete session"); any
// name with "".
func (a *Area) In(role, name string) *Area {
	return &Area{page: a.page, roles: []string{role}, name: name, outer: a}
}

// Row is the first row of a table in the area that contains a text.
func (a *Area) Row(text string) *Area {
	return &Area{page: a.page, roles: []string{"row"}, rows: text, outer: a}
}

// Count is how many elements have the role and name now.
func (a *Area) Count(role, name string) (count int) {
	a.page.person.t.Helper()
	a.page.until("the page", func() bool {
		t, err := a.page.snapshot()
		if err == nil {
			count = len(matching(t.part(a), []string{role}, name))
		}
		return err == nil
	})
	return count
}

// find waits for the one element with one of the roles and a name that can be used. Of several links the
// first is meant; several of anything else are a mistake of the test or of the page.
func (a *Area) find(name string, roles ...string) *axNode {
	a.page.person.t.Helper()
	var found []*axNode
	a.page.until(fmt.Sprintf("a %s %q", strings.Join(roles, " or "), name), func() bool {
		t, err := a.page.snapshot()
		if err != nil {
			return false
		}
		found = matching(t.part(a), roles, name)
		found = slices.DeleteFunc(found, func(n *axNode) bool { return n.is("disabled") })
		return len(found) > 0
	})
	if len(found) > 1 && found[0].Role.text() != "link" {
		a.page.fail("there are %d of %s", len(found), found[0])
	}
	return found[0]
}

// until waits for a condition, and fails the test when it does not come.
func (p *Page) until(what string, holds func() bool) {
	p.person.t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(15 * time.Millisecond) { // sleep: a page tells nobody when it looks otherwise
		if holds() {
			return
		}
		if time.Now().After(late) {
			p.fail("waited %s for %s", patience, what)
		}
	}
}
