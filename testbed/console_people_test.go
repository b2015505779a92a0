package testbed

import (
	"fmt"
	"syscall"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/browser"
)

// TestConsoleTwoPeople edit the same: each sees what the other did without loading anything again, and who
// comes second is told what has changed meanwhile; nothing is overwritten unseen.
func TestConsoleTwoPeople(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	ann, ben := c.admin(t, b).Expect("status of 409"), c.loggedIn(t, b, rootKey).Expect("status of 409")
	description := func() string {
		target, err := c.Targets().Get(c.context(), consoleOther)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(target.Description, "; ", target.MTU)
	}
	modify := "/targets/" + consoleOther + "/modify"
	ann.Goto(modify)
	ben.Goto(modify).Fill("Description", "ben's words")
	ann.Fill("Description", "ann's words").Click("Save changes").Sees("ann's words")
	ben.Click("Save changes").Sees("Somebody else has changed this meanwhile").Sees("ann's words")
	if got := description(); got != "ann's words; 0" {
		t.Errorf("after the conflict the target has %q", got)
	}
	if got := ben.Value("Description"); got != "ben's words" {
		t.Errorf("ben's form has %q, and what he wrote is lost", got)
	}
	ben.Click("Save changes").Sees("ben's words")
	if got := description(); got != "ben's words; 0" {
		t.Errorf("after ben has seen the conflict and saved again the target has %q", got)
	}

	// Deleted meanwhile.
	ann.Goto("/targets/" + consoleOther)
	ben.Expect("status of 404")
	_, err := c.Sessions().Delete(c.context(), "db-to-archive")
	made(t, err)
	ben.Goto(modify).Fill("Description", "too late")
	_, err = c.Targets().Delete(c.context(), consoleOther)
	made(t, err)
	ben.Click("Save changes").Sees("somebody has deleted it meanwhile")
	for _, p := range []*browser.Page{ann, ben} {
		for _, fault := range p.Faults() {
			t.Error(fault)
		}
	}
}

// TestConsoleLive: pages that are open show what others change, and come back by themselves when the
// gateway restarts.
func TestConsoleLive(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	ann, ben := c.admin(t, b), c.loggedIn(t, b, rootKey)
	list := ben.Goto("/targets").Sees("archive")
	detail := benOpens(ben, "/targets/"+consoleOther)
	overview := benOpens(ben, "/")
	ann.Goto("/targets/new").Fill("Name", "from-ann").Choose("Target type", "IP address").Fill("Target", "192.0.2.10").Click("Create").Sees("from-ann")
	list.Sees("from-ann")
	ann.Goto("/targets/"+consoleOther+"/modify").Fill("Description", "ann was here").Click("Save changes").Sees("ann was here")
	detail.Sees("ann was here")
	list.Sees("ann was here")

	c.moves(t, overview)
	for _, p := range []*browser.Page{list, detail, overview} {
		p.Expect("ERR_CONNECTION_REFUSED").Expect("ERR_INCOMPLETE_CHUNKED_ENCODING").Expect("ERR_EMPTY_RESPONSE").Expect("ERR_CONNECTION_RESET").Expect("ERR_NETWORK").Expect("status of 401")
	}
	c.Signal(syscall.SIGTERM)
	c.Wait()
	c.start()
	_, err := c.Targets().Create(c.context(), api.TrafficMirrorTarget{Common: api.Common{Name: "after-the-restart"}, IPAddress: "192.0.2.10"})
	made(t, err)
	if list.Sees(""); list.Path() != "/targets" { // log-ins are in memory
		list.Fill("Access key ID", rootKey).Fill("Secret access key", keySecret).Click("Log in")
	}
	list.Sees("after-the-restart")
	c.moves(t, overview)
	for _, p := range []*browser.Page{ann, list, detail, overview} {
		for _, fault := range p.Faults() {
			t.Error(fault)
		}
	}
}

// benOpens another tab.
func benOpens(ben *browser.Page, path string) *browser.Page { return ben.Person().Open(path) }

// moves asserts that a page shows other numbers after a while, without being loaded again.
func (c *consoleGateway) moves(t *testing.T, p *browser.Page) {
	t.Helper()
	p.Evaluate("window.same = true", nil)
	p.Await("document.querySelector('main').innerText.length > 100")
	p.Evaluate("window.before = document.querySelector('main').innerText", nil)
	p.Await("window.before !== undefined && document.querySelector('main').innerText !== window.before && window.same")
}
