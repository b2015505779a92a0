package testbed

import (
	"testing"

	"mirrorgw/testbed/browser"
)

// TestConsoleAudit: what people do in the console, and what they are refused, is in the audit log with their name; the
// page finds it by user, action, resource, outcome and words, and shows entries whole.
func TestConsoleAudit(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	ian, root := c.loggedIn(t, b, ianKey).Expect("status of 4"), c.loggedIn(t, b, rootKey)
	ian.Goto("/sessions/new")
	fillSession(ian, "to-the-archive", "web-1", "archive", "web", "2")
	ian.Click("Create").Sees("There is a problem").Goto("/sessions/new")
	fillSession(ian, "ians-own", "web-1", "ids", "web", "3")
	ian.Click("Create").Sees("Created traffic mirror session ians-own")
	root.Goto("/targets/new").Fill("Name", "of-root").Choose("Target type", "IP address").Fill("Target", "192.0.2.10").Click("Create").Sees("Created traffic mirror target of-root")
	root.Goto("/targets/"+consoleOther+"/modify").Fill("Description", "for the lawyers").Click("Save changes").Sees("for the lawyers")
	root.Goto("/targets/"+consoleOther+"/tags").Click("Add tag").Fill("Key", "team").Fill("Value", "law").Click("Save changes").Sees("law")
	root.Goto("/filters/"+consoleFilter).In("region", "Outbound rules").Row("100").Click("Delete").Fill("To confirm", "delete").In("main", "").Click("Delete").Sees("Deleted")
	root.Goto("/explain?source=web-1&direction=egress&protocol=tcp&sourceAddress=10.0.0.5&destinationAddress=198.51.100.7:443")
	root.Click("Log out").Sees("Access key ID")

	w := newWalk(t, c.admin(t, b), "audit")
	w.page.Goto("/audit")
	for action, who := range map[string]string{"postSessions": "ian", "postTargets": "account 000000000000", "patchTarget": "account 000000000000", "putTags": "account 000000000000", "deleteRule": "account 000000000000", "consoleLogin": "uid", "consoleLogout": "account 000000000000"} {
		w.page.Row(action).Sees(who)
	}
	w.look("the audit log", "full", browser.Views()...)

	p := w.page.Fill("User", "ian").Choose("Outcome", "Denied").In("main", "").Click("Search").Sees("postSessions")
	p.SeesNot("putTags").SeesNot("deleteRule").Row("postSessions").Sees("ian")
	w.look("a search of the audit log", "denied", browser.Views()...)
	var link string
	p.Evaluate("document.querySelector('main td a').getAttribute('href')", &link)
	p.Goto(link).Sees("arn:aws:iam::000000000000:user/ian").Sees(consoleOther).In("region", "The whole entry").Sees(`"errorMessage"`)
	w.look("an entry of the audit log", "entry", browser.Views()...)

	p.Goto("/audit").Fill("Resource", consoleOther).In("main", "").Click("Search").Sees("patchTarget").SeesNot("postTargets")
	p.Goto("/audit").Fill("Words", "lawyers").In("main", "").Click("Search").Sees("patchTarget").SeesNot("putTags")
	p.Goto("/audit").Fill("Words", "nobody wrote this").In("main", "").Click("Search").Sees("There are no such entries")
	for _, page := range []*browser.Page{ian, root, p} {
		for _, fault := range page.Faults() {
			t.Error(fault)
		}
	}
}
