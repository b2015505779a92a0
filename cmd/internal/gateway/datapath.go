package gateway

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"mirrorgw/cmd/internal/bypass"
	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/report"
	"mirrorgw/lcore"
	"mirrorgw/rules"
)

// dataPath is the lcore group as the control plane sees it: ctl.Publisher, ctl.Explainer, status
// and report. Any goroutine may call it, also when the group has been closed.
type dataPath struct {
	group      *lcore.Group
	cfg        *config.Config
	forwarding atomic.Bool
	publishing sync.Mutex // from Prepare to Commit or Discard
	gaps       gaps
	loops      loops
	watched    *gapWatch // nil until start
	ways       *ways
	links      *wireLinks
	bypass     atomic.Pointer[bypass.Switch] // nil without [bypass]
}

func newDataPath(group *lcore.Group, cfg *config.Config, log *slog.Logger) (*dataPath, error) {
	ways, err := newWays(group, group.Ports(), cfg, log)
	if err != nil {
		return nil, err
	}
	links := newWireLinks(group, group.Ports(), cfg, ways.states, log)
	return &dataPath{group: group, cfg: cfg, ways: ways, links: links}, nil
}

// Prepare implements ctl.Publisher. A second Prepare waits for the end of the first.
func (d *dataPath) Prepare(s *rules.Snapshot) (ctl.Prepared, error) {
	d.publishing.Lock()
	return d.prepare(s)
}

// prepare is called with publishing locked, and unlocks it if there will be no Commit or Discard.
func (d *dataPath) prepare(s *rules.Snapshot) (ctl.Prepared, error) {
	program, err := d.group.Prepare(s)
	if err != nil {
		d.publishing.Unlock()
		return nil, err
	}
	d.ways.follow(s)
	return &preparedProgram{d, program, s}, nil
}

// preparedProgram implements ctl.Prepared.
type preparedProgram struct {
	data     *dataPath
	program  *lcore.Prepared
	snapshot *rules.Snapshot
}

// Commit puts the program in force.
func (p *preparedProgram) Commit() error {
	defer p.data.publishing.Unlock()
	err := p.program.Commit()
	if err == nil || errors.Is(err, lcore.ErrStalled) {
		p.data.ways.settle(p.snapshot)
	}
	if errors.Is(err, lcore.ErrStalled) {
		return ctl.ErrStalled
	}
	return err
}

// Discard gives the program up.
func (p *preparedProgram) Discard() {
	defer p.data.publishing.Unlock()
	p.program.Discard()
	p.data.ways.retreat()
}

// unlessPublished is the publisher of an empty configuration: it is dropped when something is in
// force already, which is better in every way.
type unlessPublished struct{ *dataPath }

// Prepare implements ctl.Publisher.
func (d unlessPublished) Prepare(s *rules.Snapshot) (ctl.Prepared, error) {
	d.publishing.Lock()
	if d.group.Generation() > 0 {
		d.publishing.Unlock()
		return nothing{}, nil
	}
	return d.prepare(s)
}

// nothing is a prepared snapshot that is never put in force.
type nothing struct{}

func (nothing) Commit() error { return nil }
func (nothing) Discard()      {}

// start starts the ports and the workers, once.
func (d *dataPath) start() error {
	if d.forwarding.Load() {
		return nil
	}
	err := d.group.Start()
	d.forwarding.Store(err == nil)
	if err == nil {
		d.watched = watchGaps(d.group, &d.gaps, &d.loops)
		d.ways.start()
		d.links.restore()
		d.links.start()
	}
	return err
}

// stop ends the workers; whatever is prepared can still be committed or discarded.
func (d *dataPath) stop() error {
	d.forwarding.Store(false)
	d.watched.stop()
	d.watched = nil
	d.ways.stop()
	d.links.stop()
	return d.group.Stop()
}

// report returns the counters of some kinds at this moment.
func (d *dataPath) report(kinds report.Kinds) *report.Report {
	return liveReport(d.group, d.cfg, kinds)
}

// status is what the data path is and does at this moment.
func (d *dataPath) status() ctl.Status {
	s := ctl.Status{Forwarding: d.forwarding.Load(), Generation: d.group.Generation(), Pending: d.group.Pending()}
	s.Underlay, s.Balancers, s.Bypass = d.ways.underlayState(), d.ways.balancerStates(), d.bypassState()
	for i, w := range d.group.Workers() {
		s.Lcores = append(s.Lcores, ctl.LcoreStatus{Lcore: w.Lcore, CPU: w.CPU, Role: roleOf(&w), Heartbeat: w.Heartbeat, Generation: w.Telemetry.Generation,
			Gaps: d.gaps.of(i), Loop: loopOf(&w), Past: d.loops.of(i), Congestion: congestionState(&w.Congestion), HandedOver: w.HandedOver})
	}
	ports := d.group.Ports()
	for i, link := range d.group.Links() {
		s.Ports = append(s.Ports, portStatus(ports[i], link, d.group.PortCounters(i).PartialChecksums))
		s.Ports[i].Wire = d.links.wire(i)
	}
	return s
}

func roleOf(w *lcore.WorkerState) string {
	if w.Mirror {
		return ctl.RoleMirror
	}
	return ctl.RoleWorker
}

// portStatus describes a port on which so many mirrored frames arrived with partial checksums.
func portStatus(p *lcore.Port, link lcore.Link, partial uint64) ctl.PortStatus {
	mtu := p.TunnelMTU()
	if mtu == 0 { // the port takes any; what it was given is what is known
		mtu = p.Granted.MTU
	}
	return ctl.PortStatus{
		MAC: [6]byte(p.MAC), MTU: mtu, Driver: p.Driver.Name, Notes: notesOf(p.Driver.Name), Advice: partialAdvice(p.Name, partial),
		LinkUp: link.Up, SpeedMbps: link.SpeedMbps, FullDuplex: link.FullDuplex,
	}
}

// Explain implements ctl.Explainer.
func (d *dataPath) Explain(port int, frame []byte) (*ctl.Decided, error) {
	found, err := d.group.Explain(port, frame)
	if err != nil {
		return nil, err
	}
	decided := &ctl.Decided{Snapshot: found.Snapshot, Verdicts: found.Verdicts}
	for _, c := range found.Copies {
		decided.Copies = append(decided.Copies, ctl.Copy(c))
	}
	for _, s := range found.Skipped {
		decided.Skipped = append(decided.Skipped, ctl.Skip(s))
	}
	return decided, nil
}
