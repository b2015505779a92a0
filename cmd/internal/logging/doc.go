// Package logging writes the daemon's log: as text, as JSON, or for journald, which may change while it
// runs; and not more of one message than anybody would read. Clients and frames that somebody sends to
// fill the log cost a count, which is logged in the end.
package logging
