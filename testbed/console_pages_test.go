package testbed

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgw/ctl/console"
	"mirrorgw/testbed/browser"
)

// axeDirectory is where make test-console puts axe-core.
const axeDirectory = "../out/axe-core"

// entrances are pages that nobody who has logged in is led to.
var entrances = []string{"/login", "/enter"}

// consoleShare is a share of which an invitation waits for an answer.
const consoleShare = "[[share]]\nname = \"with-partners\"\ntargets = [\"archive\"]\n[[share.principal]]\nid = \"111111111111\"\n"

// manyRules is a filter with more rules of each direction than its page has.
func manyRules() string {
	var text strings.Builder
	text.WriteString("[[filter]]\nname = \"many\"\n")
	for n := range 210 {
		for _, direction := range []string{"ingress", "egress"} {
			fmt.Fprintf(&text, "[[filter.rule]]\ndirection = %q\nnumber = %d\naction = \"accept\"\nsource = \"10.%d.0.0/16\"\n", direction, n+1, n)
		}
	}
	return text.String()
}

// TestConsolePages goes wherever links of the console lead, and looks at every page in every window, light
// and dark. Links lead to every page of the console's table, and to no other. The pictures stay in out/console.
func TestConsolePages(t *testing.T) {
	c := newConsoleGatewayWith(t, consoleResources+consoleShare+manyRules(), "\n[quotas]\nrules_per_filter = 1000\n")
	b := launch(t)
	c.awaitFrames()
	w := newWalk(t, c.admin(t, b), "")
	w.crawl("/")
	c.others(t, w)
	reached := w.patterns()
	for _, path := range entrances {
		reached[path] = true
	}
	for _, pattern := range console.Patterns() {
		if !reached[pattern] {
			t.Errorf("no link leads to %s", pattern)
		}
	}
	c.entrances(t, b)

	w.page.Expect("status of 404")
	w.visit("/nothing/here", "")
	w.visit("/sessions/tms-0123456789abcdef0", "missing")
	w.visit("/sessions?q=nothing+has+this+name", "none")
}

// others looks at the resources of each kind that differ from the one that links lead to first.
func (c *consoleGateway) others(t *testing.T, w *walk) {
	t.Helper()
	for _, list := range []string{"/sessions", "/targets", "/filters", "/interfaces"} {
		first := true
		for _, link := range linksOf(w.page.Goto(list)) {
			if !strings.HasPrefix(link, list+"/") || patternOf(link) != list+"/{id}" {
				continue
			}
			if !first {
				w.visit(link, "other-"+link[strings.LastIndex(link, "-")+1:])
				for _, next := range linksOf(w.page) {
					w.enqueue(link, next)
				}
			}
			first = false
		}
		if first {
			t.Errorf("%s links to nothing", list)
		}
	}
	w.follow()
}

// entrances looks at what somebody sees who has not logged in.
func (c *consoleGateway) entrances(t *testing.T, b *browser.Browser) {
	t.Helper()
	w := newWalk(t, b.Person(t, c.base).Tab().Expect("status of 4"), "stranger")
	w.visit("/login", "", browser.Views()...)
	w.visit("/login?next=/sessions", "")
	w.visit(strings.TrimPrefix(c.oneTimeLink(), c.base), "", browser.Views()...)
	w.visit("/enter?link=used", "used")
	w.visit("/nothing/here", "", browser.Views()...)
	w.page.Goto("/login").Fill("Access key ID", rootKey).Fill("Secret access key", "wrong").Click("Log in").Sees("There is a problem")
	w.look("a failed log-in", "login-failed")
	w.page.Goto("/login").Fill("Access key ID", rootKey).Fill("Secret access key", keySecret).Click("Log in").Sees("Overview").Click("Log out").Sees("Access key ID")
	w.look("after the log-out", "logged-out")
}

// TestConsolePagesWithoutResources looks at all pages that links lead to on a gateway that has nothing yet.
func TestConsolePagesWithoutResources(t *testing.T) {
	c := newConsoleGateway(t, "")
	w := newWalk(t, c.admin(t, launch(t)), "empty")
	w.page.Sees("Nothing is mirrored yet")
	w.crawl("/")
	if len(w.seen) < 15 {
		t.Errorf("links lead to %d kinds of pages only", len(w.seen))
	}
}
