package main

import (
	"context"
	"fmt"
	"path/filepath"

	"mirrorgw/testbed/plot"
)

// sharedName is what --only calls the rows of a wire that copies leave by, too.
const sharedName = "shared"

// sharedPart is how much the far wire carries, of what the gateway forwards at most: far less, so that
// the wire is what there is too little of.
const sharedPart = 0.5

// Offered loads, parts of what the wire carries.
var sharedParts = []float64{0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1}

// measureShared offers up to what a wire carries, while everything is mirrored and copies leave by the same port.
func (b *bench) measureShared(ctx context.Context) (rows []row, err error) {
	for _, w := range b.chosenLoads() {
		r := row{Name: sharedName + "-" + w.name, Unit: "Mpps", paced: true, Peer: "no-session", Threshold: overloadRatio}
		var points []loadPoint
		err := b.withRig(ctx, w, wire, func(rig *pacedRig) (err error) {
			points, err = b.sharedOf(ctx, rig, &r)
			return err
		})
		if err != nil {
			return rows, err
		}
		if err := drawShared(w.name, points, filepath.Join(b.plots, r.Name+".svg")); err != nil {
			return rows, err
		}
		r.summarize()
		rows = append(rows, r)
	}
	return rows, nil
}

// sharedOf returns the curve. The row is production at full transmit, mirrored or not.
func (b *bench) sharedOf(ctx context.Context, rig *pacedRig, r *row) (points []loadPoint, err error) {
	capacity, err := rig.capacity(ctx, b.trial, 3)
	if err != nil {
		return nil, err
	}
	rig.take = sharedPart * capacity
	if err := rig.mirror(ctx, true); err != nil {
		return nil, err
	}
	for _, part := range sharedParts {
		point, _, err := b.sharedAt(ctx, rig, part*rig.take)
		if err != nil {
			return nil, err
		}
		points = append(points, point)
	}
	for k := range 2 * b.runs {
		on := k%4 == 0 || k%4 == 3
		if err := rig.mirror(ctx, on); err != nil {
			return nil, err
		}
		p, _, err := rig.settled(ctx, rig.take, b.trial)
		if err != nil {
			return nil, err
		}
		r.add(on, p.ReceivedRate()/1e6)
	}
	return points, nil
}

// sharedAt is one point of the curve.
func (b *bench) sharedAt(ctx context.Context, rig *pacedRig, rate float64) (point loadPoint, p pacedRun, err error) {
	p, limited, err := rig.settled(ctx, rate, b.trial)
	if err != nil {
		return point, p, err
	}
	point = loadPoint{Offered: p.OfferedRate() / 1e6, Production: p.ReceivedRate() / 1e6, Limited: limited,
		Copies: float64(p.copies) / p.Active() / 1e6, Skipped: float64(p.skipped) / p.Active() / 1e6}
	fmt.Printf("shared-%-12s wire %6.3f   offered %6.3f   production %6.3f   copies %6.3f Mpps   lost %.3f %%   %v%s\n", rig.load.name, rig.take/1e6,
		point.Offered, point.Production, point.Copies, 100*p.LossShare(), p.reasons, limitedMark(limited))
	return point, p, nil
}

func drawShared(load string, points []loadPoint, path string) error {
	chart := plot.Line{
		Title: "Copies leave by the wire of production, " + load,
		Note:  "the far wire carries so many frames a second as the greatest load that is offered",
		X:     plot.Axis{Label: "offered, Mpps"},
		Y:     plot.Axis{Label: "Mpps"},
		Series: []plot.Series{
			series("production", points, func(p loadPoint) float64 { return p.Production }),
			series("copies", points, func(p loadPoint) float64 { return p.Copies }),
		},
	}
	return chart.WriteFile(path)
}
