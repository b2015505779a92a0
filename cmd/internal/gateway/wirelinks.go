package gateway

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"mirrorgw/cmd/internal/wirelink"
	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
	"mirrorgw/rules"
)

// linkEvery is how often drivers, and the kernel, are asked for links. The kernel tells of most changes
// at once, too.
const linkEvery = 50 * time.Millisecond

// linkGroup is what the links of wires need of an lcore.Group.
type linkGroup interface {
	Links() []lcore.Link
	LinksChanged() <-chan struct{}
	RefreshLinks()
	SetLink(port int, up bool) error
}

// wireLinks passes the link state of one side of a wire on to the other. One goroutine (run) does
// it; wire may be called by any.
type wireLinks struct {
	group  linkGroup
	ports  []*lcore.Port
	spec   []wirelink.Port
	words  []string // what ctl.WireLink says of each port's propagation
	log    *slog.Logger
	states *ctl.StateEvents
	marks  *downMarks

	mu     sync.Mutex // guards wires, which run uses
	wires  *wirelink.Wires
	failed map[int]bool // ports that could not be switched, told once

	ending, ended chan struct{} // nil while nothing runs
}

func newWireLinks(group linkGroup, ports []*lcore.Port, cfg *config.Config, states *ctl.StateEvents, log *slog.Logger) *wireLinks {
	w := &wireLinks{group: group, ports: ports, log: log, states: states, marks: &downMarks{dir: lockDir()}, failed: map[int]bool{}}
	for i := range cfg.Ports {
		p := &cfg.Ports[i]
		spec, word := wirelink.Port{Peer: wirelink.NoPeer, HoldDown: p.HoldDown}, ""
		if peer := ports[i].Peer; peer >= 0 {
			spec.Peer = peer
			switch {
			case !p.Propagate:
				word = ctl.PropagationOff
			case !ports[i].HasLink() || !ports[peer].HasLink():
				word = ctl.PropagationImpossible
			default:
				spec.Propagate, word = true, ctl.PropagationOn
			}
		}
		w.spec, w.words = append(w.spec, spec), append(w.words, word)
	}
	w.wires = wirelink.New(time.Now(), w.spec)
	return w
}

// restore lets go what a gateway that was killed had taken down. The ports have been started: before,
// not every driver could do it.
func (w *wireLinks) restore() {
	for i, p := range w.ports {
		if !w.marks.has(p.Device) {
			continue
		}
		if err := w.group.SetLink(i, true); err != nil {
			w.log.Warn("a link that a gateway took down, which was killed, cannot be taken up again", "port", p.Name, "error", err)
			continue
		}
		w.log.Info("link taken up again: a gateway that was killed had taken it down", "port", p.Name)
		w.marks.remove(p.Device)
	}
}

// start begins to watch, if any port has a link; the ports have been started.
func (w *wireLinks) start() {
	if !slices.ContainsFunc(w.ports, (*lcore.Port).HasLink) {
		return
	}
	w.mu.Lock()
	w.wires = wirelink.New(time.Now(), w.spec)
	w.mu.Unlock()
	w.ending, w.ended = make(chan struct{}), make(chan struct{})
	go w.run()
}

// stop returns when nothing is switched any more and all that was taken down is let go: what the
// ports were before the gateway, they are after it. It may be called again, and without start.
func (w *wireLinks) stop() {
	if w.ending == nil {
		return
	}
	close(w.ending)
	<-w.ended
	w.ending = nil
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, port := range w.wires.TakenDown() {
		w.do(time.Now(), wirelink.Switch{Port: port, Up: true})
	}
}

func (w *wireLinks) run() {
	defer close(w.ended)
	tick := time.NewTicker(linkEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.ending:
			return
		case <-tick.C:
			w.group.RefreshLinks()
		case <-w.group.LinksChanged():
		}
		w.look(time.Now())
	}
}

// look does what the links ask for at this moment.
func (w *wireLinks) look(now time.Time) {
	links := w.group.Links()
	if len(links) != len(w.spec) {
		return // closed
	}
	readings := make([]wirelink.Reading, len(links))
	for i := range links {
		readings[i] = wirelink.Reading{Known: links[i].Known, Up: links[i].Up}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := make([]wirelink.Level, len(links))
	for i := range before {
		before[i] = w.wires.State(i).Level
	}
	changed, switches := w.wires.Look(now, readings)
	for _, port := range changed {
		w.tell(now, port, before[port])
	}
	for _, s := range switches {
		w.do(now, s)
	}
}

// tell says that the level of a port has changed. The first one that is up is no news.
func (w *wireLinks) tell(now time.Time, port int, before wirelink.Level) {
	s, name := w.wires.State(port), w.ports[port].Name
	if s.TakenDown { // do tells
		return
	}
	state := ctl.LinkUnknown
	switch s.Level {
	case wirelink.Up:
		state = ctl.LinkUp
	case wirelink.Down:
		state = ctl.LinkDown
	}
	tunnel := w.ports[port].Role == rules.RoleTunnel // ways logs those
	switch {
	case tunnel || s.Level == wirelink.Up && before == wirelink.Unknown && s.Taken == 0: // at the start
	case s.Level == wirelink.Up:
		w.log.Info("link", "port", name, "state", state, "changes", s.Changes)
	default:
		w.log.Warn("link", "port", name, "state", state, "changes", s.Changes)
	}
	w.states.Publish(ctl.StateChange{Time: now, Link: &ctl.LinkState{Port: name, State: state}})
}

// do switches a link. Called with mu held.
func (w *wireLinks) do(now time.Time, s wirelink.Switch) {
	p := w.ports[s.Port]
	if !s.Up {
		if err := w.marks.make(p.Device); err != nil { // without it a kill would leave the link down for good
			w.fail(now, s, err)
			return
		}
	}
	if err := w.group.SetLink(s.Port, s.Up); err != nil {
		if !s.Up {
			w.marks.remove(p.Device)
		}
		w.fail(now, s, err)
		return
	}
	delete(w.failed, s.Port)
	peer := w.ports[p.Peer].Name
	if s.Up {
		w.marks.remove(p.Device)
		w.log.Info("link let go", "port", p.Name, "peer", peer)
		w.states.Publish(ctl.StateChange{Time: now, Link: &ctl.LinkState{Port: p.Name, State: ctl.LinkComingUp}})
		return
	}
	w.log.Warn("link taken down, because that of its peer is down", "port", p.Name, "peer", peer)
	reason := fmt.Sprintf("the link of %s is down", peer)
	w.states.Publish(ctl.StateChange{Time: now, Link: &ctl.LinkState{Port: p.Name, State: ctl.LinkTakenDown, Reason: reason}})
}

// fail remembers that a link could not be switched, and tells it once.
func (w *wireLinks) fail(now time.Time, s wirelink.Switch, err error) {
	never := dpdk.IsNotSupported(err)
	w.wires.Failed(now, s, never)
	if w.failed[s.Port] {
		return
	}
	w.failed[s.Port] = true
	p := w.ports[s.Port]
	if never {
		w.log.Warn("the driver cannot take a link down: the hosts behind this port do not learn that the other side of the wire is down",
			"port", p.Name, "driver", p.Driver.Name, "error", err)
		return
	}
	w.log.Error("a link cannot be switched; it is tried again every second", "port", p.Name, "up", s.Up, "error", err)
}

// wire is the state of one port, nil if it is no side of a wire.
func (w *wireLinks) wire(port int) *ctl.WireLink {
	if w.spec[port].Peer == wirelink.NoPeer {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s, word := w.wires.State(port), w.words[port]
	if word == ctl.PropagationOn && w.wires.State(w.spec[port].Peer).Refused {
		word = ctl.PropagationImpossible
	}
	return &ctl.WireLink{Propagation: word, TakenDown: s.TakenDown, TakenAt: s.TakenAt, Changes: s.Changes, Taken: s.Taken}
}
