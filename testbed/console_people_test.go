package testbed

import (
	"fmt"
	"testing"

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
