package testbed

import (
	"slices"
	"strings"
	"testing"

	"mirrorgw/testbed/browser"
)

// TestConsoleKeyboard: on every page of the menu and on the longest form, Tab leads everywhere in order, the
// focus is seen, and the first stop skips to the content.
func TestConsoleKeyboard(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	p := c.admin(t, launch(t))
	paths := append(linksOf(p), "/sessions/new", "/sessions/"+consoleSession)
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		p.Look(browser.Desk).Goto(path)
		stops := p.Stops()
		for _, fault := range browser.FocusFaults(stops, 900) {
			t.Errorf("%s: %s", path, fault)
		}
		if len(stops) < 3 || !strings.Contains(strings.ToLower(stops[0].Told), "skip") {
			t.Errorf("%s: the first stop of %d is %+v, want a link that skips to the content", path, len(stops), stops[:min(1, len(stops))])
			continue
		}
		p.Goto(path).Press("Tab", "Enter", "Tab")
		var inside bool
		if p.Evaluate("!!document.activeElement.closest('main')", &inside); !inside {
			t.Errorf("%s: after the content was skipped to, Tab leads to %s", path, p.Focused())
		}
	}
	for _, fault := range p.Faults() {
		t.Error(fault)
	}
}

// TestConsoleByKeyboardAlone: somebody without a mouse logs in, makes a target and a session, is told what is
// wrong with it, mends that and deletes it again.
func TestConsoleByKeyboardAlone(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	p := launch(t).Person(t, c.base).Open("/").Expect("status of 422")
	p.TabTo("Access key ID").Press(rootKey).TabTo("Secret access key").Press(keySecret, "Enter").Sees("Overview")

	p.TabTo("Mirror targets").Press("Enter").Sees("archive").TabTo("Create traffic mirror target").Press("Enter").Sees("Target type")
	p.TabTo("Name").Press("by-keyboard").TabTo("Target type").Press("ArrowDown", "ArrowDown").TabTo("Target").Press("192.0.2.10", "Enter").Sees("Created traffic mirror target by-keyboard")

	p.TabTo("Mirror sessions").Press("Enter").Sees("web-to-ids").TabTo("Create traffic mirror session").Press("Enter").Sees("Mirror source")
	p.TabTo("Name").Press("typed").TabTo("Mirror source").Press("web-1", "Escape").TabTo("Mirror target").Press("by-keyboard", "Escape").
		TabTo("Session number").Press("99999").TabTo("Filter").Press("web", "Escape").TabTo("Create").Press("Space").Sees("There is a problem")
	p.TabTo("Session number").Press("7").TabTo("Create").Press("Enter").Sees("Created traffic mirror session typed")
	p.TabTo("Delete").Press("Enter").Sees("To confirm").TabTo("To confirm").Press("delete").TabTo("Delete").Press("Space").Sees("Deleted traffic mirror session typed")
	for _, fault := range p.Faults() {
		t.Error(fault)
	}
}
