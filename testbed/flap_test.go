package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
)

const (
	flapClients = 8

	// flapGrowth is how much memory the daemon may take more in the end than after the settling
	// time: what Go's collector leaves lying between two of its runs, and nothing that grows with
	// the number of changes.
	flapGrowth = 24 << 20
)

// flapTimes is how long the changes last, and how much of that the daemon has to take the memory
// that it needs.
func flapTimes() (all, settling time.Duration) {
	if fullTests() {
		return 60 * time.Second, 10 * time.Second
	}
	return 10 * time.Second, 2 * time.Second
}

// TestFlap creates, modifies and deletes sessions as fast as the socket takes it, while a port
// receives without pause: production loses nothing, both laws hold whenever they are read, and the
// memory does not grow.
func TestFlap(t *testing.T) {
	g := newSteered(t)
	prepareFlap(t, g)
	// A daemon with AddressSanitizer keeps what was freed; little of it here.
	t.Setenv("ASAN_OPTIONS", os.Getenv("ASAN_OPTIONS")+":quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
	all, settling := flapTimes()
	s := g.startFor(all)
	s.mirrorAll()
	f := &flap{steered: s, socket: filepath.Join(g.dir, "ctl.sock")}
	ctx, cancel := context.WithTimeout(context.Background(), all)
	defer cancel()
	f.begin(ctx)
	settled, last := f.watchMemory(ctx, settling)
	f.clients.Wait()
	for _, err := range f.errors {
		t.Error(err)
	}

	changes := f.changes.Load()
	t.Logf("%d changes by %d clients in %v: %.0f a second; the laws were read %d times", changes, flapClients, all, float64(changes)/all.Seconds(), f.reads.Load())
	t.Logf("memory after %v at most %v, in the end %v: %+.1f MiB, %d bytes a change", settling, settled, last,
		control.MiB(last.Total()-settled.Total()), (last.Total()-settled.Total())/max(changes, 1))
	if grown := last.Total() - settled.Total(); grown > flapGrowth {
		t.Errorf("the memory grew by %.1f MiB, at most %.1f are allowed", control.MiB(grown), control.MiB(flapGrowth))
	}
	f.judge()
}

// prepareFlap raises a quota of the gateway before it is started, and forbids it hugepages, which
// Linux does not count as resident memory.
func prepareFlap(t *testing.T, g *steeredGateway) {
	t.Helper()
	path := filepath.Join(g.dir, "gateway.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, strings.Replace(string(text), "[eal]\n", "[eal]\nhugepages = \"never\"\n", 1)+"\n[quotas]\nsessions_per_source = 256\n")
}

// startFor starts a daemon that may live longer than others by some time.
func (g *steeredGateway) startFor(longer time.Duration) *steered {
	g.t.Helper()
	usual := daemon.Timeout
	daemon.Timeout += longer
	defer func() { daemon.Timeout = usual }()
	return g.start()
}

// flap is the gateway with its clients.
type flap struct {
	*steered
	socket  string
	clients sync.WaitGroup
	changes atomic.Int64 // acknowledged
	reads   atomic.Int64 // of the laws

	mu     sync.Mutex
	errors []error
}

// begin starts the clients; they end with ctx.
func (f *flap) begin(ctx context.Context) {
	for i := range flapClients {
		f.run(func(c *client.Client) error { return f.change(ctx, c, i) })
	}
	f.run(func(c *client.Client) error { return f.readLaws(ctx, c) })
}

// run runs a client on connections of its own.
func (f *flap) run(work func(*client.Client) error) {
	f.clients.Add(1)
	go func() {
		defer f.clients.Done()
		c := client.New(f.socket)
		defer c.Close()
		if err := work(c); err != nil {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.errors = append(f.errors, err)
		}
	}()
}

// change makes a session, changes all that can be changed of it, and deletes it, until ctx ends.
// A change that has begun is finished, so that each is acknowledged.
func (f *flap) change(ctx context.Context, c *client.Client, number int) error {
	name := fmt.Sprintf("flap-%d", number)
	own := context.WithoutCancel(ctx)
	sessions, ports := c.Sessions(), api.PortRange{FromPort: 80, ToPort: 443}
	plain := f.plainHTTP()
	defer plain.CloseIdleConnections()
	steps := []func() error{
		func() error {
			return create(plain, api.PathFilters, api.TrafficMirrorFilter{Common: api.Common{Name: name}, EgressFilterRules: []api.TrafficMirrorFilterRule{
				{TrafficDirection: "egress", RuleNumber: 7, RuleAction: "accept", Protocol: api.ProtocolNumber(6), DestinationPortRange: &ports}}})
		},
		func() error {
			return create(plain, api.PathSessions, api.TrafficMirrorSession{Common: api.Common{Name: name}, NetworkInterfaceID: "web-1",
				TrafficMirrorTargetID: "ids", TrafficMirrorFilterID: name, SessionNumber: 100 + number})
		},
		func() error { return second(sessions.Modify(own, name, map[string]any{"packetLength": 64 + number})) },
		func() error { return second(sessions.Modify(own, name, map[string]any{"sessionNumber": 200 + number})) },
		func() error {
			return second(sessions.Modify(own, name, map[string]any{"trafficMirrorFilterId": "web", "virtualNetworkId": 5000 + number}))
		},
		func() error { return second(sessions.Delete(own, name)) },
		func() error { return second(c.Filters().Delete(own, name)) },
	}
	for ctx.Err() == nil {
		for i, step := range steps {
			if err := step(); err != nil {
				return fmt.Errorf("client %d, step %d: %w", number, i, err)
			}
			f.changes.Add(1)
		}
	}
	return nil
}

// plainHTTP speaks to the socket without a client token, which the daemon would remember for a day:
// memory that grows, and is meant to.
func (f *flap) plainHTTP() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", f.socket)
	}}}
}

// create creates a resource.
func create(c *http.Client, path string, resource any) error {
	body, err := json.Marshal(resource)
	if err != nil {
		return err
	}
	response, err := c.Post("http://mirrorgw"+path, api.ContentType, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s", response.Status, answer)
	}
	return err
}

// second is the error of a call whose answer is of no interest.
func second[T any](_ T, err error) error { return err }

// readLaws reads the laws all the time, with a pause that leaves the daemon to those who change.
func (f *flap) readLaws(ctx context.Context, c *client.Client) error {
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for ctx.Err() == nil {
		<-pause.C
		stats, err := c.Stats(context.WithoutCancel(ctx), client.StatsQuery{})
		if err != nil {
			return err
		}
		if stats.Laws != (report.Laws{}) {
			return fmt.Errorf("the laws are %+v", stats.Laws)
		}
		if dropped := stats.Ports["wire0"].Dropped.Sum(); dropped != 0 {
			return fmt.Errorf("production lost %d frames: %v", dropped, stats.Ports["wire0"].Dropped)
		}
		f.reads.Add(1)
	}
	return nil
}

// watchMemory samples the daemon's memory until ctx ends: the largest sample of the settling time,
// and the smallest of the last tenth, for between two collections there is always something.
func (f *flap) watchMemory(ctx context.Context, settling time.Duration) (settled, last control.Memory) {
	f.t.Helper()
	begin := time.Now()
	deadline, _ := ctx.Deadline()
	tenth := deadline.Sub(begin) / 10
	sample := time.NewTicker(50 * time.Millisecond)
	defer sample.Stop()
	for {
		select {
		case now := <-sample.C:
			m := control.MemoryOf(f.t, f.PID())
			if now.Sub(begin) < settling && m.Total() > settled.Total() {
				settled = m
			}
			if deadline.Sub(now) < tenth && (last.Total() == 0 || m.Total() < last.Total()) {
				last = m
			}
		case <-ctx.Done():
			return settled, last
		}
	}
}

// judge asserts in the end that nothing is left of the sessions, and nothing was lost. The report of
// the end has laws that hold at every place by itself.
func (f *flap) judge() {
	f.t.Helper()
	left, err := f.Sessions().List(f.context())
	if err != nil || len(left) != 1 {
		f.t.Errorf("%d sessions are left (%v), want the one of the beginning", len(left), err)
	}
	stats, err := f.Stats(f.context(), client.StatsQuery{})
	if err != nil {
		f.t.Fatal(err)
	}
	for name, port := range stats.Ports {
		if port.Driver.Sum() != 0 {
			f.t.Errorf("port %s: the driver lost %v", name, port.Driver)
		}
	}
	if strings.Contains(f.Stderr(), "level=ERROR") {
		f.t.Errorf("the daemon logs errors:\n%s", tail(f.Stderr(), 5))
	}
	f.end()
}
