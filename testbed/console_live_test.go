package testbed

import (
	"bufio"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/testbed/browser"
	"mirrorgw/testbed/control"
)

// TestConsoleLive: pages that are open show what others change, and come back by themselves when the
// gateway restarts.
func TestConsoleLive(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	ann, ben := c.admin(t, b), c.loggedIn(t, b, rootKey)
	list := ben.Goto("/targets").Sees("archive")
	detail := benOpens(ben, "/targets/"+consoleOther)
	overview := benOpens(ben, "/")
	ann.Goto("/targets/new").Fill("Name", "from-ann").Choose("Target type", "IP address").Fill("Target", "192.0.2.10").Click("Create").Sees("from-ann")
	list.Sees("from-ann was created").Click("Load it again").In("main", "").Sees("from-ann")
	ann.Goto("/targets/"+consoleOther+"/modify").Fill("Description", "ann was here").Click("Save changes").Sees("ann was here")
	detail.Sees("since this page was loaded").Click("Load it again").Sees("ann was here")
	list.Sees("since this page was loaded").Click("Load it again").Sees("ann was here")

	c.moves(t, overview)
	for _, p := range []*browser.Page{ann, list, detail, overview} {
		p.Expect("ERR_CONNECTION_REFUSED").Expect("ERR_INCOMPLETE_CHUNKED_ENCODING").Expect("ERR_EMPTY_RESPONSE").Expect("ERR_CONNECTION_RESET").Expect("ERR_NETWORK").Expect("status of 401")
	}
	c.Signal(syscall.SIGTERM)
	c.Wait()
	c.start()
	_, err := c.Targets().Create(c.context(), api.TrafficMirrorTarget{Common: api.Common{Name: "after-the-restart"}, IPAddress: "192.0.2.10"})
	made(t, err)
	list.Sees("You are no longer logged in").In("main", "").Click("Log in").Sees("Access key ID") // log-ins are in memory
	list.Fill("Access key ID", rootKey).Fill("Secret access key", keySecret).Click("Log in").Sees("after-the-restart")
	overview.Sees("Live").SeesNot("no longer logged in")
	c.moves(t, overview)
	for _, p := range []*browser.Page{ann, list, detail, overview} {
		for _, fault := range p.Faults() {
			t.Error(fault)
		}
	}
}

// benOpens another tab.
func benOpens(ben *browser.Page, path string) *browser.Page { return ben.Person().Open(path) }

// moves asserts that a page shows other numbers after a while, without being loaded again.
func (c *consoleGateway) moves(t *testing.T, p *browser.Page) {
	t.Helper()
	p.Evaluate("window.same = true", nil)
	p.Await("document.querySelector('main').innerText.length > 100")
	p.Evaluate("window.before = document.querySelector('main').innerText", nil)
	p.Await("window.before !== undefined && document.querySelector('main').innerText !== window.before && window.same")
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
	least := 0.2 // others want the CPU too
	if os.Getenv("MIRRORGW_FULL") != "" {
		least = 0.9
	}
	if most := max(alone, after); median(rates) < least*most {
		t.Errorf("the worker forwards %.3f Mframes/s with viewers, and %.3f without", median(rates)/1e6, most/1e6)
	}
}

// rate is how many frames a second the worker forwards, over a time.
func (c *consoleGateway) rate(t *testing.T, span time.Duration) float64 {
	t.Helper()
	count := func() (int64, time.Time) {
		stats, err := c.Stats(c.context(), client.StatsQuery{})
		if err != nil {
			t.Fatalf("%v; what the gateway did then:\n%s", err, c.Stuck())
		}
		return stats.Ports["wire1"].TxPackets, time.Now()
	}
	first, from := count()
	<-time.After(span) // a rate is over a time
	last, to := count()
	return float64(last-first) / to.Sub(from).Seconds()
}
