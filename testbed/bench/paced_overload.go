package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// overloadName is what --only calls the overload rows.
const overloadName = "overload"

// overloadRatio is the part of the production rate without sessions that the gateway must forward
// however much there is to mirror.
const overloadRatio = 0.97

// loadPoint is one point of the curve, Mpps.
type loadPoint struct {
	Offered    float64 `json:"offered"`
	Production float64 `json:"production"`
	Copies     float64 `json:"copies"`
	Skipped    float64 `json:"skipped"` // copies not made
	Limited    bool    `json:"limited,omitempty"`
}

// curve is what became of production and copies at each offered load.
type curve struct {
	Load      string      `json:"load"`
	Mirrored  []loadPoint `json:"mirrored"`
	NoSession []loadPoint `json:"no_session"`
	Beside    []loadPoint `json:"ovs_dpdk"` // Open vSwitch, which mirrors everything
}

// The offered loads are these parts of what the gateway forwards at most, which is more than it can mirror.
var overloadParts = []float64{0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.3, 1.5, 1.75, 2}

// measureOverload offers up to twice of what can be forwarded, far more than can be mirrored, and looks at
// production and copies.
func (b *bench) measureOverload(ctx context.Context) (rows []row, err error) {
	for _, w := range b.chosenLoads() {
		c := curve{Load: w.name}
		r := row{Name: "overload-" + w.name, Unit: "Mpps", paced: true, Peer: "no-session", Threshold: overloadRatio}
		err := b.withRig(ctx, w, taker, func(rig *pacedRig) error { return b.overloadOf(ctx, rig, &c, &r) })
		if err != nil {
			return rows, err
		}
		if c.Beside, err = b.ovsCurve(ctx, w, c.Mirrored[len(c.Mirrored)-1].Offered*1e6); err != nil {
			return rows, err
		}
		if err := c.write(filepath.Join(filepath.Dir(b.out), r.Name+".json")); err != nil {
			return rows, err
		}
		if err := c.draw(filepath.Join(b.plots, r.Name+".svg")); err != nil {
			return rows, err
		}
		r.summarize()
		rows = append(rows, r)
	}
	return rows, nil
}

// overloadOf draws both curves. The row is production at the greatest load, mirrored or not.
func (b *bench) overloadOf(ctx context.Context, rig *pacedRig, c *curve, r *row) error {
	if err := rig.mirror(ctx, true); err != nil {
		return err
	}
	forwards, err := rig.capacity(ctx, b.trial, 3)
	if err != nil {
		return err
	}
	if c.Mirrored, err = b.curveOf(ctx, rig, forwards); err != nil {
		return err
	}
	if err := rig.mirror(ctx, false); err != nil {
		return err
	}
	if c.NoSession, err = b.curveOf(ctx, rig, forwards); err != nil {
		return err
	}
	for k := range 2 * b.runs {
		on := k%2 == 0
		if err := rig.mirror(ctx, on); err != nil {
			return err
		}
		p, _, err := rig.settled(ctx, 2*forwards, b.trial)
		if err != nil {
			return err
		}
		if p.OfferedRate() < 0.97*2*forwards {
			r.Note = "the generator's limit is less than twice of what the gateway forwards"
		}
		r.add(on, p.ReceivedRate()/1e6)
	}
	return nil
}

// settleTime is how long a load lasts before it is measured: what the load before it has left in the
// gateway's budget is gone then.
const settleTime = 0.3 // seconds

// settled is offer after the same load for a while.
func (r *pacedRig) settled(ctx context.Context, perSecond, seconds float64) (pacedRun, bool, error) {
	if p, limited, err := r.offer(ctx, perSecond, settleTime); err != nil {
		return p, limited, err
	}
	return r.offer(ctx, perSecond, seconds)
}

// curveOf makes a run at each part of a rate.
func (b *bench) curveOf(ctx context.Context, rig *pacedRig, rate float64) (points []loadPoint, err error) {
	for _, part := range overloadParts {
		p, limited, err := rig.settled(ctx, part*rate, b.trial)
		if err != nil {
			return nil, err
		}
		point := loadPoint{Offered: p.OfferedRate() / 1e6, Production: p.ReceivedRate() / 1e6, Limited: limited,
			Copies: float64(p.copies) / p.Active() / 1e6, Skipped: float64(p.skipped) / p.Active() / 1e6}
		fmt.Printf("overload-%-12s offered %6.3f   production %6.3f   copies %6.3f   skipped %6.3f Mpps%s\n",
			rig.load.name, point.Offered, point.Production, point.Copies, point.Skipped, limitedMark(limited))
		points = append(points, point)
	}
	return points, nil
}

func limitedMark(limited bool) string {
	if limited {
		return "   (the generator's limit)"
	}
	return ""
}

// write keeps the curve for the plot.
func (c *curve) write(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
