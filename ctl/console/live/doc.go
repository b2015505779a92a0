// Package live feeds the pages of the console while somebody looks at them: numbers of the data path once
// a second, and changes of resources as they happen, as server-sent events (WHATWG HTML, 9.2).
//
// There is one Hub for all viewers. It looks at the gateway only while somebody watches, computes rates,
// and encodes each message once for all viewers who may see the same (a Scope) and watch the same (a
// topic), so that what it costs the control plane does not grow with their number. A viewer that does not
// read keeps nobody waiting: it misses numbers that are older than the newest, and is told if it missed
// changes. Looking at many sessions is spread out so that it takes a small part of one CPU.
//
// A stream has these events, whose data is JSON:
//
//	hello    instance, revision, started; the first, and restarted where the viewer knew another instance
//	history  what a topic's plots had in the last minutes: times and a list of values for each
//	sample   topic (the overview, the health of the gateway, or a resource), time, values by name, and lists of rows
//	change   what has changed, up to a revision; lost: some of it was missed
//	bye      why the stream ends for good
//
// The ID of an event is INSTANCE.REVISION: who comes back with it gets the changes after that revision,
// or is told that the gateway was restarted.
package live
