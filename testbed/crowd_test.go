package testbed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/testbed/control"
)

// crowdSize is how many clients come at once.
const crowdSize = 1000

// crowdRoom is how many connections the daemon takes at once.
const crowdRoom = 2048

// TestCrowd lets clients do their worst while numbered frames pass: every frame must come out, and
// be mirrored once, as if nobody were there.
func TestCrowd(t *testing.T) {
	l, dir := storyLAN(t)
	traffic := newStream(t, l, storyFrame)
	gateway := startStory(t, l, dir)
	socket := filepath.Join(dir, "ctl.sock")
	c := &crowd{t: t, socket: socket, pid: gateway.PID(), story: &story{t: t, stream: traffic, ctl: control.New(t, socket), api: client.New(socket)}}
	t.Cleanup(c.story.api.Close)
	c.mirrorAll()
	traffic.flow()

	staying := c.stay()
	t.Run("a thousand at once", func(t *testing.T) { c.thousand(t) })
	t.Run("more than there is room for", func(t *testing.T) { c.full(t) })
	t.Run("bodies of a GiB", func(t *testing.T) { c.giants(t) })
	t.Run("what is no request", func(t *testing.T) { c.nonsense(t) })
	t.Run("half a request", func(t *testing.T) { staying.judge(t) })

	c.story.counters()
	traffic.hold()
	traffic.awaitCopies(int(traffic.lastSent())) // every frame has one
	c.story.judge()
	gateway.Signal(syscall.SIGTERM)
	checkStoryEnd(t, gateway.Wait())
}

// crowd is the gateway and where it is steered.
type crowd struct {
	t      *testing.T
	socket string
	pid    int
	story  *story
}

// mirrorAll mirrors all frames of the story.
func (c *crowd) mirrorAll() {
	c.t.Helper()
	f := fate{session: "all", dst: targetA, vni: 100}
	want := policy{}
	for _, kind := range storyKinds {
		want[kind.name] = f
	}
	ctx := c.t.Context()
	_, e1 := c.story.api.Interfaces().Create(ctx, api.NetworkInterface{Common: api.Common{Name: "web-1"}, Port: "wire0", MACAddress: macA, MTU: liveMTU})
	_, e2 := c.story.api.Targets().Create(ctx, api.TrafficMirrorTarget{Common: api.Common{Name: "monitor"}, IPAddress: targetA})
	_, e3 := c.story.api.Filters().Create(ctx, api.TrafficMirrorFilter{Common: api.Common{Name: "all"},
		IngressFilterRules: []api.TrafficMirrorFilterRule{{TrafficDirection: "ingress", RuleNumber: 1, RuleAction: "accept"}},
		EgressFilterRules:  []api.TrafficMirrorFilterRule{{TrafficDirection: "egress", RuleNumber: 1, RuleAction: "accept"}}})
	_, e4 := c.story.api.Sessions().Create(ctx, api.TrafficMirrorSession{Common: api.Common{Name: "all"}, NetworkInterfaceID: "web-1",
		TrafficMirrorTargetID: "monitor", TrafficMirrorFilterID: "all", SessionNumber: 1, VirtualNetworkID: 100})
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		c.t.Fatal(err)
	}
	c.story.epochs = []epoch{{step: "the session", want: want}}
}

// thousand lets all clients begin at once. Each lists the sessions and creates a target, and gets an
// answer to both: what it asked for, or a clear 503.
func (c *crowd) thousand(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), streamWait)
	defer cancel()
	var wait sync.WaitGroup
	var mu sync.Mutex
	answers, created := map[string]int{}, 0
	begin := newSignal()
	for i := range crowdSize {
		wait.Add(1)
		go func() {
			defer wait.Done()
			<-begin
			list, create := c.visit(ctx, fmt.Sprintf("visitor-%d", i))
			mu.Lock()
			defer mu.Unlock()
			answers["list: "+answerText(list)]++
			answers["create: "+answerText(create)]++
			if create == nil {
				created++
			}
		}()
	}
	asked := time.Now()
	close(begin)
	wait.Wait()
	t.Logf("%d clients in %v: %v", crowdSize, time.Since(asked).Round(time.Millisecond), answers)
	for text := range answers {
		if text != "list: "+answered && text != "create: "+answered && text != "list: "+turnedAway && text != "create: "+turnedAway {
			t.Errorf("%d clients got %s", answers[text], text)
		}
	}
	targets, err := c.story.api.Targets().List(ctx)
	if err != nil || len(targets) != created+1 || created == 0 {
		t.Errorf("there are %d targets (%v), %d were acknowledged", len(targets), err, created+1)
	}
}

// full takes all the connections that there are and keeps them. The next client is told so, and is
// served once there is room again.
func (c *crowd) full(t *testing.T) {
	var files unix.Rlimit // Go raises the soft limit to the hard one
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil || files.Max < 2*crowdRoom {
		t.Skipf("%d open files are allowed (%v), %d are needed: raise the limit", files.Max, err, 2*crowdRoom)
	}
	var kept []*raw
	for range crowdRoom {
		kept = append(kept, c.dial(t))
	}
	ctx, cancel := context.WithTimeout(t.Context(), streamWait)
	defer cancel()
	if list, create := c.visit(ctx, "too-many"); answerText(list) != turnedAway || answerText(create) != turnedAway {
		t.Errorf("with %d connections open a client got %s and %s, want %s", crowdRoom, answerText(list), answerText(create), turnedAway)
	}
	for _, r := range kept {
		r.Close()
	}
	for list, create := error(errNotYet), error(nil); list != nil; { // the daemon has to notice that they went
		if list, create = c.visit(ctx, "room-again"); ctx.Err() != nil {
			t.Fatalf("with all connections closed a client got %s and %s", answerText(list), answerText(create))
		}
	}
}

var errNotYet = errors.New("not asked yet")

const (
	answered   = "done"
	turnedAway = "503 " + api.CodeUnavailable
)

// visit is one client on a connection of its own.
func (c *crowd) visit(ctx context.Context, name string) (list, create error) {
	visitor := client.New(c.socket)
	defer visitor.Close()
	_, list = visitor.Sessions().List(ctx)
	_, create = visitor.Targets().Create(ctx, api.TrafficMirrorTarget{Common: api.Common{Name: name}, IPAddress: targetB})
	return list, create
}

func answerText(err error) string {
	var refused *api.Error
	switch {
	case err == nil:
		return answered
	case errors.As(err, &refused) && refused.Status == http.StatusServiceUnavailable && refused.Message != "":
		return "503 " + refused.Code
	}
	return err.Error()
}
