package testbed

import (
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/browser"
)

// TestConsoleStates looks at what pages show only after something was done or asked: the steps of the guide, answers
// to questions, captures that run, forms with faults, refusals.
func TestConsoleStates(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	c.awaitFrames()
	w := newWalk(t, c.admin(t, b).Expect("status of 4"), "state")
	c.explainStates(w)
	c.captureStates(t, w)
	c.formStates(t, w)
	c.guideStates(w)
	c.refusals(t, b)
}

// guideStates are the steps of the guide, with something chosen and something made on the way.
func (c *consoleGateway) guideStates(w *walk) {
	w.t.Helper()
	p := w.page.Goto("/sessions").Click("Create with the guide").Sees("Step 1 of 5")
	w.look("the guide", "guide-1-source", browser.Views()...)
	p.Click("Go on to the target").Sees("Choose a network interface")
	w.look("the guide", "guide-1-source-faults")
	p.In("main", "").Click("web-1").Click("Go on to the target").Sees("Step 2 of 5")
	w.look("the guide", "guide-2-target", browser.Views()...)
	p.Click("Make a new target").Sees("Make the mirror target")
	w.look("the guide", "guide-2-target-new", browser.Views()...)
	p.Fill("Name", "on-the-way").Choose("Target type", "IP address").Fill("Target", "nowhere").Click("Go on to the filter").Sees("There is a problem")
	w.look("the guide", "guide-2-target-faults")
	p.Fill("Target", "192.0.2.10").Click("Go on to the filter").Sees("Step 3 of 5")
	w.look("the guide", "guide-3-filter", browser.Views()...)
	p.Click("Make a new filter").Sees("Make the filter")
	w.look("the guide", "guide-3-filter-new", browser.Views()...)
	p.Fill("Name", "everything").Click("Go on to the settings").Sees("Step 4 of 5")
	w.look("the guide", "guide-4-settings", browser.Views()...)
	p.Fill("Name", "guided").Fill("Session number", "1").Click("Review").Sees("Nothing has been made yet")
	w.look("the guide", "guide-5-review", browser.Views()...)
	p.In("main", "").Click("Create").Sees("was not made")
	w.look("the guide", "guide-5-refused", browser.Views()...)
	p.Fill("Session number", "9").Click("Review").Sees("These were made on the way")
	w.look("the guide", "guide-5-review-again")
	p.In("main", "").Click("Create").Sees("What to check now")
	w.look("the guide", "guide-6-made", browser.Views()...)
}

// explainStates are answers of the data path.
func (c *consoleGateway) explainStates(w *walk) {
	w.t.Helper()
	for name, question := range map[string]string{
		"matched":  "source=web-1&direction=egress&protocol=tcp&sourceAddress=10.0.0.5:443&destinationAddress=198.51.100.7:50000&length=900",
		"missed":   "source=web-1&direction=ingress&protocol=udp&sourceAddress=198.51.100.7:50000&destinationAddress=10.0.0.5:53",
		"excluded": "source=web-1&direction=egress&protocol=udp&sourceAddress=10.0.0.5:68&destinationAddress=255.255.255.255:67",
		"wrong":    "source=nobody&direction=egress&protocol=tcp&sourceAddress=10.0.0.5&destinationAddress=here&length=many",
	} {
		views := twoViews
		if name == "matched" {
			views = browser.Views()
		}
		w.visit("/explain?"+question, name, views...)
		w.page.Sees(map[string]string{"matched": "mirrors it", "missed": "No session of the source mirrors it", "excluded": "never mirrored", "wrong": "There is a problem"}[name])
	}
}

// captureStates are a form with faults, and captures that run.
func (c *consoleGateway) captureStates(t *testing.T, w *walk) {
	t.Helper()
	w.page.Goto("/capture?ports=eth7&points=ingress").Fill("Number of frames", "many").Click("Start and download").Sees("Number of frames is")
	w.look("captures", "capture-faults")
	for _, filter := range []string{"udp port 1", "tcp port 443 and (host 10.0.0.5 or host 2001:db8:1::5) and not net 192.0.2.0/24 and greater 128"} {
		stream, err := c.Capture(c.context(), api.CaptureRequest{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
	}
	w.page.Goto("/capture").Sees("runs")
	w.look("captures", "capture-running", browser.Views()...)
}

// formStates are forms that come back.
func (c *consoleGateway) formStates(t *testing.T, w *walk) {
	t.Helper()
	p := w.page.Goto("/sessions/new")
	fillSession(p, "web to ids", "nobody", "nothing", "web", "99999")
	p.Fill("VNI", "x").Click("Add tag").Fill("Key", "team").Click("Create").Sees("There is a problem")
	w.look("a form with faults", "sessions-new-faults", browser.Views()...)
	p.Goto("/filters/new").Fill("Name", "web").In("group", "Inbound rules").Click("Add rule").In("group", "Inbound rules").Fill("Source CIDR block", "10.0.0.0/33")
	p.In("group", "Outbound rules").Click("Add rule").Click("Create").Sees("There is a problem")
	w.look("a form with faults", "filters-new-faults", browser.Views()...)
	p.Goto("/targets/"+consoleTarget+"/delete").Fill("To confirm", "delete").In("main", "").Click("Delete").Sees("There is a problem")
	w.look("a refused delete", "delete-refused")
	p.Goto("/targets/"+consoleOther+"/modify").Fill("Description", "of mine")
	target, err := c.Targets().Get(c.context(), consoleOther)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Targets().Modify(c.context(), target.TrafficMirrorTargetID, map[string]any{"description": "of somebody else, who had much to say about this target and what it is for"})
	made(t, err)
	p.Click("Save changes").Sees("Somebody else has changed this meanwhile")
	w.look("a conflict", "modify-conflict", browser.Views()...)
}

// refusals are the pages of people who may not do everything.
func (c *consoleGateway) refusals(t *testing.T, b *browser.Browser) {
	t.Helper()
	ian := newWalk(t, c.loggedIn(t, b, ianKey).Expect("status of 4"), "ian")
	ian.visit("/", "", browser.Views()...)
	ian.visit("/targets/"+consoleTarget, "")
	ian.visit("/targets/new", "forbidden")
	maker := newWalk(t, c.loggedIn(t, b, makerKey).Expect("status of 4"), "maker")
	maker.visit("/", "", browser.Views()...)
	maker.visit("/sessions", "forbidden")
	maker.visit("/sessions/new", "")
	maker.page.Goto("/").Click("Create a session").Sees("Step 1 of 5")
	maker.look("the guide of who may see nothing", "guide")
}
