package lcore

import (
	"fmt"
	"slices"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// Explanation is what the data path made of one frame.
type Explanation struct {
	Snapshot *rules.Snapshot // by which it decided
	Consumed bool            // the frame is for the gateway itself: no source sees it
	Verdicts []rules.Verdict // one for each source that saw the frame, egress first
	Copies   []Copy          // what would be sent
	Skipped  []Skip          // accepted, but no copy would be sent
}

// Copy is a copy as it would leave.
type Copy struct {
	Session   int // index in Snapshot.Sessions
	Direction rules.Direction
	Port      int    // tunnel port, by index in the configuration
	Frame     []byte // from the outer Ethernet header
}

// Skip is a copy that would not be sent.
type Skip struct {
	Session   int // index in Snapshot.Sessions
	Direction rules.Direction
	Reason    string // as in the counters
}

// MaxFrame is the longest frame that Explain takes, bytes.
const MaxFrame = 1<<16 - 1

// openExplain makes the harness of Explain. It has mempools and counters of its own: nothing that
// a worker uses, nor anything that an operator sees counted.
func (g *Group) openExplain() (err error) {
	plan := g.mempools()
	if g.explain, err = pipeline.NewHarness("mgw_explain", len(g.tunnels), plan.Explain, g.spec.Capacity); err != nil {
		return outOfMemory(err)
	}
	return nil
}

// Explain takes one frame (without FCS, at most MaxFrame bytes), as if it had been received on a
// port, through the stages with the program that is in force, cut into segments as the port would
// have received it, and with room everywhere. A
// fragment is judged as if none had come before it. Nothing is sent and nothing is counted. A change that
// is being put in force waits for it; workers notice nothing.
func (g *Group) Explain(port int, frame []byte) (*Explanation, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return nil, errClosed
	case g.program == nil:
		return nil, fmt.Errorf("explain before the first publish: there is no program yet")
	case port < 0 || port >= len(g.ports):
		return nil, fmt.Errorf("there is no port %d; the gateway has %d ports", port, len(g.ports))
	case len(frame) > MaxFrame:
		return nil, fmt.Errorf("a frame of %d bytes; the data path takes at most %d", len(frame), MaxFrame)
	}
	if taken, err := g.takes(port, frame); taken || err != nil {
		return &Explanation{Snapshot: g.snapshot, Consumed: taken}, err
	}
	in := pipeline.Input{Port: port, Frames: [][]byte{frame}, Segments: [][]int{segments(len(frame))}}
	if g.tooLong(port, frame) {
		in.ProductionRefuses = 1
	}
	g.explain.ForgetFragments()
	out, err := g.explain.Run(g.program, in)
	if err != nil {
		return nil, err
	}
	return g.explanation(out), nil
}

// takes reports whether a frame is taken out of a wire's burst because it is for us.
func (g *Group) takes(port int, frame []byte) (bool, error) {
	if p := g.ports[port]; p.Role == rules.RoleWire && p.Tunnel {
		whose, _, err := g.explain.Addressee(p.host(), frame, segments(len(frame)))
		return whose == pipeline.Ours || whose == pipeline.OursIdle, err
	}
	return false, nil
}

// segments is how a frame of n bytes lies in rx mbufs.
func segments(n int) (lengths []int) {
	const room = rxDataRoom - dpdk.Headroom
	for ; n > room; n -= room {
		lengths = append(lengths, room)
	}
	return append(lengths, n)
}

// tooLong reports whether the frame would be dropped because the peer cannot send it: what the
// poll loop does with peer_frame_max and peer_tag_extra.
func (g *Group) tooLong(port int, frame []byte) bool {
	p := g.ports[port]
	if p.Role != rules.RoleWire || g.ports[p.Peer].FrameMax == 0 {
		return false
	}
	most := g.ports[p.Peer].FrameMax
	if len(frame) >= ethernetHeader && frame[12] == 0x81 && frame[13] == 0x00 {
		most += g.ports[p.Peer].TagExtra
	}
	return len(frame) > most
}

// explanation says what the harness did in terms of the snapshot. Which rule decided and why a
// copy was skipped only its counters tell; they are zero before each frame.
func (g *Group) explanation(out *pipeline.Output) *Explanation {
	e := &Explanation{Snapshot: g.snapshot}
	for _, seen := range out.Seen {
		v := seen.Verdict
		if v.Rule = rules.NoRule; v.Outcome == rules.Matched {
			v.Rule = g.acceptedBy(&v)
			skips := g.skips(&v)
			v.SampledOut = slices.ContainsFunc(skips, func(s Skip) bool { return s.Reason == pipeline.SkipSampled })
			e.Skipped = append(e.Skipped, skips...)
		}
		e.Verdicts = append(e.Verdicts, v)
	}
	for _, seen := range out.Seen {
		g.forgetExplained(seen.Verdict.Source)
	}
	for _, made := range out.Copies {
		e.Copies = append(e.Copies, Copy{made.Session, made.Direction, g.tunnels[made.Tunnel].Port, made.Bytes})
	}
	return e
}

// acceptedBy finds the rule that accepted: the only one of the session's filter that has a hit
// and accepts. With amazon-dns none has.
func (g *Group) acceptedBy(v *rules.Verdict) int {
	slots := g.current.Filters[g.snapshot.Sessions[v.Session].Filter][v.Direction]
	return slices.IndexFunc(slots, func(slot uint32) bool { return g.explain.Counters().Rule(slot).Packets > 0 })
}

func (g *Group) skips(v *rules.Verdict) (skips []Skip) {
	for reason := range g.explain.Counters().Session(g.current.Sessions[v.Session], v.Direction).Skipped {
		skips = append(skips, Skip{v.Session, v.Direction, reason})
	}
	return skips
}

// forgetExplained sets the harness's counters of a source, its sessions and their rules to zero, and
// fills the token buckets: of one frame nobody can say what came before it.
func (g *Group) forgetExplained(source int) {
	counters := g.explain.Counters()
	counters.ClearSource(g.current.Sources[source])
	src := &g.snapshot.Sources[source]
	for session := src.First; session < src.First+src.Count; session++ {
		counters.ClearSession(g.current.Sessions[session])
		for _, slots := range g.current.Filters[g.snapshot.Sessions[session].Filter] {
			for _, slot := range slots {
				counters.ClearRule(slot)
			}
		}
	}
	for _, slot := range g.current.Targets {
		counters.ClearTarget(slot)
	}
}
