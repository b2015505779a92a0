// Package browser drives headless Chromium as a person does, and judges what the person would see.
//
// A [Browser] is one process of Debian's chromium, spoken to over two pipes by the DevTools protocol.
// A [Person] has cookies of their own; a [Page] is a tab of theirs. Steps read as sentences and find
// elements by role and label, from the tree that a screen reader gets:
//
//	ann.Open("/sessions").Click("Create session").Fill("Name", "web-1 to ids").Sees("session number")
//
// A step waits until the page lets it be taken, and ends the test with a picture of the page when it
// cannot be. Whatever the page does wrong meanwhile (messages in its console, exceptions, broken
// content-security policy, requests to other hosts, replies of 5xx) is in [Page.Faults].
//
// [Page.Layout] judges where things are, [Page.Axe] what assistive technology gets. The package needs
// chromium and, for Axe, axe-core: make test-console installs both.
package browser
