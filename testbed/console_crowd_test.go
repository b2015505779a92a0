package testbed

import (
	"bufio"
	"cmp"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/client"
	"mirrorgw/testbed/control"
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

// viewers watch a page each, as browsers do.
type viewers struct {
	events atomic.Int64
	faults atomic.Int64
	group  sync.WaitGroup
	stop   chan struct{}
}

// watch has n people watch the events of some topics.
func (c *consoleGateway) watch(t *testing.T, n int, path string) *viewers {
	t.Helper()
	w := &viewers{stop: make(chan struct{})}
	for range n {
		f := c.visitor(t, "")
		response, err := f.client.Get(c.base + path)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", path, response, err)
		}
		w.group.Add(1)
		go func() {
			defer w.group.Done()
			lines := bufio.NewScanner(response.Body)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				if strings.HasPrefix(lines.Text(), "event:") {
					w.events.Add(1)
				}
			}
			select {
			case <-w.stop:
			default:
				w.faults.Add(1)
			}
		}()
		go func() {
			<-w.stop
			response.Body.Close()
		}()
	}
	return w
}

func (w *viewers) leave() {
	close(w.stop)
	w.group.Wait()
}

// TestConsoleViewers: while 50 people watch, the worker forwards as many frames as before, and memory does not
// grow: for a minute, or an hour with MIRRORGW_FULL=1.
func TestConsoleViewers(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	span, rounds := 10*time.Second, 6
	if os.Getenv("MIRRORGW_FULL") != "" {
		span, rounds = time.Minute, 60
	}
	c.awaitFrames()
	alone := c.rate(t, span)
	w := c.watch(t, 50, "/events?topic=overview")
	var rates []float64
	var memory []control.Memory
	for range rounds {
		rates = append(rates, c.rate(t, span))
		memory = append(memory, control.MemoryOf(t, c.PID()))
	}
	seen := w.events.Load()
	w.leave()
	after := c.rate(t, span)
	t.Logf("%.3f Mframes/s alone, %.3f with 50 viewers (median of %d times %s), %.3f afterwards; %d events; memory %s at first, %s at last",
		alone/1e6, median(rates)/1e6, rounds, span, after/1e6, seen, memory[0], memory[rounds-1])
	if w.faults.Load() > 0 {
		t.Errorf("%d viewers were sent away", w.faults.Load())
	}
	if want := int64(50 * rounds * int(span/time.Second) / 2); seen < want {
		t.Errorf("50 viewers have seen %d events, want at least %d", seen, want)
	}
	if grown := memory[rounds-1].Total() - memory[0].Total(); grown > 16<<20 {
		t.Errorf("memory grew by %.1f MiB while they watched", control.MiB(grown))
	}
	if most := max(alone, after); median(rates) < 0.8*most { // other tests may want the CPU too
		t.Errorf("the worker forwards %.3f Mframes/s with viewers, and %.3f without", median(rates)/1e6, most/1e6)
	}
}

// rate is how many frames a second the worker forwards, over a time.
func (c *consoleGateway) rate(t *testing.T, span time.Duration) float64 {
	t.Helper()
	count := func() (int64, time.Time) {
		stats, err := c.Stats(c.context(), client.StatsQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return stats.Ports["wire1"].TxPackets, time.Now()
	}
	first, from := count()
	<-time.After(span) // a rate is over a time
	last, to := count()
	return float64(last-first) / to.Sub(from).Seconds()
}
