package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mirrorgw/ctl/report"
)

// counted is what became of frames that were not mirrored, by counter: skipped.REASON of the sessions,
// unmatched_congestion of the sources, unseen_congestion, received, matched and dropped.REASON of the first wire.
type counted map[string]int64

func countedOf(r *report.Report) counted {
	wire := r.Ports["wire0"]
	c := counted{"unseen_congestion": wire.UnseenCongestion, "received": wire.RxPackets}
	for _, s := range r.Sessions {
		for reason, n := range s.Egress.Skipped {
			c["skipped."+reason] += n
		}
	}
	for _, s := range r.Sources {
		c["unmatched_congestion"] += s.Egress.UnmatchedCongestion
		c["matched"] += s.Egress.Matched
	}
	for reason, n := range wire.Dropped {
		c["dropped."+reason] += n
	}
	return c
}

// since is what came to it.
func (c counted) since(before counted) counted {
	difference := counted{}
	for name, n := range c {
		difference[name] = n - before[name]
	}
	return difference
}

func (c counted) add(other counted) {
	for name, n := range other {
		c[name] += n
	}
}

// judge says whether some frame that a session should have mirrored is in no counter. Counters of ports and
// sources are not read at the same moment, so frames must not be under way.
func (c counted) judge() string {
	if c["received"] != c["matched"]+c["unmatched_congestion"]+c["unseen_congestion"] {
		return fmt.Sprintf("of %d frames received %d were matched, %d were unmatched and %d unseen for congestion",
			c["received"], c["matched"], c["unmatched_congestion"], c["unseen_congestion"])
	}
	return ""
}

// String is what was not mirrored, without what is 0.
func (c counted) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if c[name] != 0 && name != "received" && name != "matched" {
			parts = append(parts, fmt.Sprintf("%s %d", name, c[name]))
		}
	}
	return strings.Join(parts, ", ")
}
