package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
	"mirrorgw/testbed/daemon"
	"mirrorgw/testbed/traffic"
)

const (
	killClients = 4
	longestLife = 300 * time.Millisecond // of a daemon under changes, before it is killed
)

func kills() int {
	if fullTests() {
		return 200
	}
	return 20
}

// TestKill kills the daemon at random moments while several clients change things. After each
// restart every acknowledged change is there, the ones under way are there as a whole or not at
// all, and frames are mirrored as the export says.
func TestKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("MIRRORGW_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (MIRRORGW_SEED repeats it)", seed)
	l, dir := storyLAN(t)
	k := &killer{t: t, lan: l, dir: dir, random: rand.New(rand.NewPCG(seed, 0))}
	k.stream = newStream(t, l, k.frame)
	for i := range killClients {
		k.clients = append(k.clients, &killClient{number: i, random: rand.New(rand.NewPCG(seed, uint64(i+1))), acknowledged: facts{}})
	}
	gateway := k.start()
	if err := second(k.api.Targets().Create(t.Context(), api.TrafficMirrorTarget{Common: api.Common{Name: "monitor"}, IPAddress: targetA})); err != nil {
		t.Fatal(err)
	}
	for i := range kills() {
		k.changeAndKill(gateway)
		gateway = k.start()
		if k.judge(); t.Failed() {
			t.Fatalf("kill %d; the daemon's last words:\n%s", i+1, tail(gateway.Stderr(), 5))
		}
	}
	changes := k.checkHistory()
	gateway.Signal(syscall.SIGTERM)
	checkStoryEnd(t, gateway.Wait())
	t.Logf("%d kills, %d changes acknowledged, %d under way were kept and %d were not; %d frames, %d copies",
		kills(), changes, k.kept, k.lost, k.stream.lastSent(), k.stream.lastCopied())
}

// killer is the test.
type killer struct {
	t       *testing.T
	lan     *lan
	dir     string
	random  *rand.Rand
	stream  *stream
	api     *client.Client
	clients []*killClient

	kept, lost int // changes that were under way
}

// start starts the daemon on the state that there is.
func (k *killer) start() *daemon.Process {
	k.t.Helper()
	p := startStory(k.t, k.lan, k.dir)
	if k.api != nil {
		k.api.Close()
	}
	k.api = client.New(filepath.Join(k.dir, "ctl.sock"))
	k.t.Cleanup(k.api.Close)
	return p
}

// changeAndKill kills the daemon at some moment while all clients change things.
func (k *killer) changeAndKill(gateway *daemon.Process) {
	k.t.Helper()
	var wait sync.WaitGroup
	failed := make(chan error, killClients)
	for _, c := range k.clients {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if err := c.run(k.t.Context(), k.api.Socket()); err != nil {
				failed <- err
			}
		}()
	}
	select {
	case <-time.After(time.Duration(k.random.Int64N(int64(longestLife)))):
	case err := <-failed:
		k.t.Error(err)
	}
	gateway.Signal(syscall.SIGKILL)
	gateway.Wait()
	wait.Wait()
	close(failed)
	for err := range failed {
		k.t.Error(err)
	}
}

// judge compares the state with what the clients know, and the frames with the state.
func (k *killer) judge() {
	k.t.Helper()
	asJSON, e1 := k.api.Export(k.t.Context(), api.ContentType)
	asTOML, e2 := k.api.Export(k.t.Context(), api.ContentTypeTOML)
	if e1 != nil || e2 != nil {
		k.t.Fatal(e1, e2)
	}
	present, err := factsOf(asJSON)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, c := range k.clients {
		before, underWay := len(c.acknowledged), c.asked != nil
		old := c.acknowledged
		if err := c.settle(present); err != nil {
			k.t.Error(err)
		} else if underWay && (before != len(c.acknowledged) || old.difference(c.acknowledged) != "") {
			k.kept++
		} else if underWay {
			k.lost++
		}
	}
	k.compareFrames(k.compile(asTOML))
}

// checkHistory asserts that the change stream still has every acknowledged change, through all
// restarts, in order. The daemon keeps 10,000 events, so only the last ones are asked for. It
// returns how many changes were acknowledged.
func (k *killer) checkHistory() (changes int) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), streamWait)
	defer cancel()
	state, err := k.api.State(ctx)
	if err != nil {
		k.t.Fatal(err)
	}
	const asked = 1000
	from := max(state.Revision, asked) - asked
	told := map[uint64]bool{}
	enough := errors.New("enough")
	last := from
	err = k.api.Watch(ctx, from, func(event api.Event) error {
		if event.Revision < last {
			return fmt.Errorf("revision %d comes after %d", event.Revision, last)
		}
		last = event.Revision
		told[last] = true
		if last == state.Revision {
			return enough
		}
		return nil
	})
	if err != enough {
		k.t.Errorf("watch: %v", err)
	}
	for _, c := range k.clients {
		changes += len(c.revisions)
		for _, revision := range c.revisions {
			if revision > from && !told[revision] {
				k.t.Errorf("revision %d was acknowledged to client %d and is not in the change stream", revision, c.number)
			}
		}
	}
	return changes
}

// compile makes of an export what the data path must do.
func (k *killer) compile(export []byte) *rules.Snapshot {
	k.t.Helper()
	cfg, err := config.Load(filepath.Join(k.dir, "gateway.toml"))
	if err != nil {
		k.t.Fatal(err)
	}
	document, err := ctl.ParseDocument("export.toml", export)
	if err != nil {
		k.t.Fatalf("the export cannot be read: %v", err)
	}
	resources, _, err := store.Resources(document, store.Options{Config: cfg})
	if err != nil {
		k.t.Fatalf("the export is refused: %v", err)
	}
	snapshot, err := rules.Compile(resources)
	if err != nil {
		k.t.Fatal(err)
	}
	return snapshot
}

// killFrames are the ports and protocols that the filters tell apart.
var killFrames = []func(traffic.Packet) traffic.Packet{
	func(p traffic.Packet) traffic.Packet { return p.TCP(4000, 100) },
	func(p traffic.Packet) traffic.Packet { return p.TCP(4000, 200) },
	func(p traffic.Packet) traffic.Packet { return p.UDP(4000, 100) },
	func(p traffic.Packet) traffic.Packet { return p.UDP(4000, 4000) },
}

// frame is frame n: all kinds from each interface that a client may have, in turn.
func (k *killer) frame(n uint64) (fromA bool, frame []byte) {
	i := int(n-1) % (killClients * killSources * len(killFrames))
	kind, i := i%len(killFrames), i/len(killFrames)
	from := traffic.NewHost("source", sourceMAC(i/killSources, i%killSources), "10.0.0.5")
	return true, killFrames[kind](traffic.From(from).To(storyClient)).Payload(numbered(n, int(n*31%400))).Frame()
}

// compareFrames sends each kind of frame from each interface and compares the copies with what
// rules.Evaluate says.
func (k *killer) compareFrames(s *rules.Snapshot) {
	k.t.Helper()
	first, before := k.stream.lastSent()+1, k.stream.lastCopied() // nothing is on its way
	k.stream.send(killClients * killSources * uint64(len(killFrames)))
	last := k.stream.lastSent()
	want := map[uint64][]expectedCopy{}
	total := 0
	for n := first; n <= last; n++ {
		_, frame := k.frame(n)
		want[n] = expectCopies(s, 0, [][]byte{frame})
		total += len(want[n])
	}
	k.awaitCounters(int64(total), int64(last-first+1))
	k.stream.awaitCopies(before + total)
	k.stream.mu.Lock()
	defer k.stream.mu.Unlock()
	for n := first; n <= last; n++ {
		if got := k.stream.copies[n]; !sameCopies(got, want[n]) {
			k.t.Errorf("frame %d has the copies %+v, the export says %+v", n, got, want[n])
		}
	}
}

// awaitCounters waits until the frames of this daemon are accounted for: as many copies as wanted.
func (k *killer) awaitCounters(copies, frames int64) {
	k.t.Helper()
	for late := time.Now().Add(streamWait); ; {
		stats, err := k.api.Stats(k.t.Context(), client.StatsQuery{})
		if err != nil {
			k.t.Fatal(err)
		}
		sent := stats.Ports["wire1"].TxPackets
		if sent >= frames && stats.Ports["tun0"].CopiesPackets == copies && stats.Laws == (report.Laws{}) {
			return
		}
		if time.Now().After(late) {
			text, _ := json.Marshal(stats)
			k.t.Fatalf("%d copies were wanted of %d frames; the counters: %s", copies, frames, text)
		}
	}
}

func sameCopies(got []copyFact, want []expectedCopy) bool {
	if len(got) != len(want) {
		return false
	}
	for i, w := range want {
		if got[i] != (copyFact{w.dst.String(), w.vni, len(w.inner)}) {
			return false
		}
	}
	return true
}

// apply applies a document and keeps what it does not have.
func apply(ctx context.Context, c *client.Client, doc api.Document) (revision uint64, err error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return 0, err
	}
	answer, err := c.Apply(ctx, text, client.ApplyOptions{ContentType: api.ContentType, KeepOthers: true})
	if err != nil {
		return 0, err
	}
	return answer.Revision, nil
}
