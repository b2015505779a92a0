package testbed

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Of the crowded gateway: sources and the sessions of each.
const crowdSources, crowdSessionsEach = 100, 100

// crowdConsole is a document with that many sources, targets and filters, and n sessions of each source.
func crowdConsole(n int) string {
	var text strings.Builder
	for i := range crowdSources {
		fmt.Fprintf(&text, "[[interface]]\nname = \"host-%03d\"\nport = \"wire0\"\nmac = \"02:00:00:00:%02x:%02x\"\naddresses = [\"10.1.%d.%d\"]\n", i, i>>8, i&255, i>>8, i&255)
		fmt.Fprintf(&text, "[[target]]\nname = \"tool-%03d\"\naddress = \"192.0.2.10\"\n[[filter]]\nname = \"filter-%03d\"\n[[filter.rule]]\ndirection = \"egress\"\nnumber = 1\naction = \"accept\"\nprotocol = \"tcp\"\n", i, i)
	}
	for i := range crowdSources * n {
		fmt.Fprintf(&text, "[[session]]\nname = \"session-%05d\"\nsource = \"host-%03d\"\ntarget = \"tool-%03d\"\nfilter = \"filter-%03d\"\nnumber = %d\n",
			i, i%crowdSources, i*7%crowdSources, i*3%crowdSources, 1+i/crowdSources)
	}
	return text.String()
}

const crowdQuotas = "\n[quotas]\nsessions_per_source = 200\n"

// crowdLists are the lists as people look at them; the last page is that of 10,000 sessions.
var crowdLists = []string{"/sessions", "/sessions?q=session-00777", "/sessions?q=host-042", "/sessions?sort=name", "/sessions?sort=-sessionNumber", "/sessions?page=LAST",
	"/sessions?sort=-name&page=LAST", "/targets", "/targets?q=tool-0", "/targets?sort=-name", "/filters", "/filters?sort=name", "/interfaces", "/interfaces?sort=-name", "/load-balancers", "/"}

// TestConsoleTenThousandSessions: with 10,000 sessions a page of a list takes no longer than a few times what it
// takes with 100; a search, which reads all, no longer than grows with their number. All can be used in a
// browser. The figures are in the log.
func TestConsoleTenThousandSessions(t *testing.T) {
	few := newConsoleGatewayWith(t, crowdConsole(1), crowdQuotas)
	small := few.medians(t, 1)
	few.Signal(syscall.SIGTERM)
	few.Wait()
	many := newConsoleGatewayWith(t, crowdConsole(crowdSessionsEach), crowdQuotas)
	large := many.medians(t, crowdSessionsEach)
	for i, path := range crowdLists {
		t.Logf("%-34s %6.1f ms with 100 sessions, %6.1f ms with 10,000", path, ms(small[i]), ms(large[i]))
		most := 25*small[i] + 100*time.Millisecond
		if strings.Contains(path, "q=") {
			most = 300 * small[i] // 100 times as many, and what a busy machine adds
		}
		if large[i] > max(most, 100*time.Millisecond) {
			t.Errorf("%s takes %s with 10,000 sessions and %s with 100", path, large[i], small[i])
		}
	}
	p := many.admin(t, launch(t)).Goto("/sessions").Sees("10000")
	p.Fill("Search", "session-00777").Click("Search").Sees("session-00777").SeesNot("session-00778")
	p.Click("session-00777").Sees("host-077")
	p.Goto("/sessions").Click("Next page").Sees("51")
	for _, fault := range p.Faults() {
		t.Error(fault)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// medians are the times that the lists take, whole, of some requests each.
func (c *consoleGateway) medians(t *testing.T, sessionsEach int) (times []time.Duration) {
	t.Helper()
	f := c.visitor(t, "")
	last := fmt.Sprint(max(1, crowdSources*sessionsEach/50))
	for _, path := range crowdLists {
		var took []time.Duration
		for range 9 {
			start := time.Now()
			status, text := f.get(strings.Replace(path, "LAST", last, 1))
			took = append(took, time.Since(start))
			if status != http.StatusOK || len(text) < 500 {
				t.Fatalf("%s is answered by %d: %.200s", path, status, text)
			}
		}
		times = append(times, median(took))
	}
	return times
}

// median is the middle one of an odd number of values.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
