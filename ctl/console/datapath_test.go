package console_test

import (
	"errors"
	"sync/atomic"

	"mirrorgw/ctl"
	"mirrorgw/rules"
	"mirrorgw/vxlan"
)

// dataPath stands in for the lcores: the last snapshot, judged by the reference.
type dataPath struct {
	snapshot atomic.Pointer[rules.Snapshot]
	stalled  atomic.Bool // an lcore does not report in time
}

type prepared struct {
	d *dataPath
	s *rules.Snapshot
}

func (d *dataPath) Prepare(s *rules.Snapshot) (ctl.Prepared, error) { return &prepared{d, s}, nil }
func (p *prepared) Discard()                                        {}
func (p *prepared) Commit() error {
	p.d.snapshot.Store(p.s)
	if p.d.stalled.Load() {
		return ctl.ErrStalled
	}
	return nil
}

func (d *dataPath) Explain(port int, frame []byte) (*ctl.Decided, error) {
	s := d.snapshot.Load()
	if s == nil {
		return nil, errors.New("nothing is in force")
	}
	decided := &ctl.Decided{Snapshot: s, Verdicts: rules.Evaluate(s, port, frame, nil)}
	for _, v := range decided.Verdicts {
		if v.Outcome != rules.Matched {
			continue
		}
		session := &s.Sessions[v.Session]
		target := &s.Targets[session.Target]
		outer, err := vxlan.NewTemplate(vxlan.Outer{SrcMAC: [6]byte{2}, DstMAC: target.NextHop, Src: session.OuterSource, Dst: target.Address, VNI: session.VNI})
		if err != nil {
			return nil, err
		}
		decided.Copies = append(decided.Copies, ctl.Copy{Session: v.Session, Direction: v.Direction, Port: target.Port, Frame: outer.Encapsulate(nil, frame, 50000)})
	}
	return decided, nil
}
