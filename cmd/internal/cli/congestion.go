package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/api"
)

// What an lcore does in each state of congestion. A daemon may know states that are not listed.
var congestionMeans = map[string]string{
	"limited":   "copies are skipped",
	"unmatched": "nothing is mirrored, rules are not asked",
	"blind":     "nothing is mirrored, sources are not looked up",
}

// congestion says which lcores let production go first.
func congestion(lcores []api.Lcore) (faults []string) {
	for i := range lcores {
		l := &lcores[i]
		if c := &l.Congestion; isCongested(c) {
			faults = append(faults, fmt.Sprintf("lcore %d is congested (%s) since %s: %s; signs: %s", l.Lcore, printable(c.State),
				duration(time.Duration(c.ChangedMillis)*time.Millisecond), cmp.Or(congestionMeans[c.State], "copies may be missing"), cmp.Or(signsOf(c), "-")))
		}
	}
	return faults
}

// isCongested is false for a daemon that does not say.
func isCongested(c *api.Congestion) bool { return c.State != "" && c.State != "calm" }

// signsOf names the signs that have been seen, the most frequent first.
func signsOf(c *api.Congestion) string {
	var seen []string
	for _, sign := range slices.Sorted(maps.Keys(c.Signs)) {
		if c.Signs[sign] > 0 {
			seen = append(seen, sign)
		}
	}
	slices.SortStableFunc(seen, func(a, b string) int { return cmp.Compare(c.Signs[b], c.Signs[a]) })
	return printable(strings.Join(seen, ", "))
}

// congestionState is the state and, unless it is calm, the budget as a rate.
func congestionState(c *api.Congestion) string {
	if !isCongested(c) {
		return orDash(c.State)
	}
	return fmt.Sprintf("%s, %s copies in 50 us", printable(c.State), grouped(int64(c.Budget)))
}

// congestedFor is the time in any state but calm since the daemon started.
func congestedFor(c *api.Congestion) string {
	seconds := 0.0
	for state, t := range c.States {
		if state != "calm" {
			seconds += t.Seconds
		}
	}
	return fmt.Sprintf("%.3f s", seconds)
}
