// Package console is the web console: a third door to the control API, with no logic of its own. It
// serves HTML that works without scripts, and acts in process as whoever has logged in, so that what
// is valid, who may, and what the audit log is told are the API's. README.md says how to add a page.
package console
