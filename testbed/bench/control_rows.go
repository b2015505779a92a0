package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// What is wanted of the control rows.
const (
	ackLimit     = 10   // milliseconds of the median
	rateRatio    = 0.95 // rate with changes by rate without
	changesRatio = 0.99 // changes made by changes asked for
	gapAllowance = 100  // microseconds above the longest gap without changes
)

// controlRows are the rows while they are measured.
type controlRows struct {
	ack, ackP99, ackRow, apply, start, memory, changes row
	blocked                                            row
	rate, gap                                          [changing]row // beside an interval without changes and a busy one

	documentKiB float64 // of a session with its interface and filter, as text
	emptyKiB    float64 // resident memory of the empty gateway that ran last
}

func newControlRows() *controlRows {
	return &controlRows{
		ack:     row{Name: "control-ack", Unit: "ms", Peer: "one-source", Limit: ackLimit},
		ackP99:  row{Name: "control-ack-p99", Unit: "ms", Peer: "one-source"},
		ackRow:  row{Name: "control-ack-row", Unit: "ms", Peer: "one-source"},
		apply:   row{Name: "control-apply", Unit: "s", Peer: "same-again"},
		start:   row{Name: "control-start", Unit: "s", Peer: "empty"},
		memory:  row{Name: "control-memory", Unit: "KiB/session", Peer: "document"},
		changes: row{Name: "control-changes", Unit: "1/s", Peer: "asked-for", Threshold: changesRatio},
		blocked: row{Name: "control-blocked", Unit: "us/change", Peer: "busy-machine"},
		rate: [...]row{
			quiet: {Name: "control-rate", Unit: "Mpps", Peer: "no-changes", Threshold: rateRatio},
			busy:  {Name: "control-rate", Unit: "Mpps", Peer: "busy-machine"},
		},
		gap: [...]row{
			quiet: {Name: "control-gap", Unit: "us", Peer: "no-changes"},
			busy:  {Name: "control-gap", Unit: "us", Peer: "busy-machine"},
		},
	}
}

// loaded notes how long a start with the state took, and what the daemon then holds.
func (c *controlRows) loaded(start time.Duration, residentKiB float64) {
	c.start.Values = append(c.start.Values, start.Seconds())
	c.memory.Values = append(c.memory.Values, (residentKiB-c.emptyKiB)/controlSources)
	c.memory.PeerValues = append(c.memory.PeerValues, c.documentKiB)
	c.changes.PeerValues = append(c.changes.PeerValues, changesPerSecond)
}

// watched notes what the worker did in an interval.
func (c *controlRows) watched(kind int, mpps, gap float64) {
	note := func(rows *[changing]row, figure float64) {
		if kind != changing {
			rows[kind].PeerValues = append(rows[kind].PeerValues, figure)
			return
		}
		for i := range rows {
			rows[i].Values = append(rows[i].Values, figure)
		}
	}
	note(&c.rate, mpps)
	note(&c.gap, gap)
}

// refuse marks every row when a life did not do its work.
func (c *controlRows) refuse(life, note string) {
	for _, r := range c.all() {
		if note != "" && r.Invalid == "" {
			r.Invalid = life + ": " + note
		}
	}
}

func (c *controlRows) all() []*row {
	return []*row{&c.ack, &c.ackP99, &c.ackRow, &c.apply, &c.start, &c.memory, &c.changes, &c.blocked,
		&c.rate[quiet], &c.rate[busy], &c.gap[quiet], &c.gap[busy]}
}

// list is the rows with what follows from the runs.
func (c *controlRows) list() (rows []row) {
	for i := range c.gap {
		c.gap[i].Limit = median(c.gap[i].PeerValues) + gapAllowance
	}
	c.countBlocked()
	for _, r := range c.all() {
		r.summarize()
		rows = append(rows, *r)
	}
	return rows
}

// countBlocked fills the row of the effective blocked time of a change: frames that were not forwarded at full
// load because of the changes, divided by the rate and by the number of changes. None of them is lost, for the
// generator waits; on a wire, the receive queue holds them. Beside it stands what the busy machine alone takes, as if as
// many changes were the cause. Noise can make either negative.
func (c *controlRows) countBlocked() {
	c.blocked.Values, c.blocked.PeerValues = nil, nil
	for i, changes := range c.changes.Values {
		if i >= len(c.rate[quiet].Values) || i >= len(c.rate[busy].PeerValues) {
			return
		}
		blocked := func(mpps float64) float64 { return (1 - mpps/c.rate[quiet].PeerValues[i]) * 1e6 / changes }
		c.blocked.Values = append(c.blocked.Values, blocked(c.rate[quiet].Values[i]))
		c.blocked.PeerValues = append(c.blocked.PeerValues, blocked(c.rate[busy].PeerValues[i]))
	}
}

// controlTable is the control rows for a person.
func controlTable(rows []row) string {
	return besideTable(rows) + fmt.Sprintf("\nMedians; of the control rows with %d interfaces, filters of %d rules and sessions loaded, under traffic of all of them.\n",
		controlSources, controlRules)
}

// besideTable is for rows that each have a peer of their own.
func besideTable(rows []row) string {
	var text strings.Builder
	text.WriteByte('\n')
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "row\tmirrorgw\trange\tunit\tbeside\t\trange\tratio\twanted\t\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%.2f\t%s\t%s\t%.2f\t%s\t%s\t%.3f\t%s\t\n", r.Name, r.Value, spread(r.Values), r.Unit,
			r.PeerValue, r.Peer, spread(r.PeerValues), r.Ratio, r.verdict())
	}
	w.Flush() // a strings.Builder does not fail
	return text.String()
}
