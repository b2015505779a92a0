package main

import (
	"context"
	"errors"
	"fmt"
)

// What --only calls the rows of faults: of the tunnel's far end, and of a busy control plane.
const (
	faultsName        = "faults"
	faultsControlName = "faults-control"
)

// faultRatio is how much of its rate production must keep, whatever goes wrong on the other side.
const faultRatio = 0.97

// tunnelFaults are the ends of a tunnel that take no copies.
var tunnelFaults = []struct {
	name string
	end  far
}{
	{"fault-stalled-target", deaf},
	{"fault-link-down", nobody},
}

// working is a tunnel that they stand beside, on the same device.
const working = eager

// measureTunnelFaults gives the gateway all that it takes, mirrored, in turn with a tunnel that works
// and with those that do not.
func (b *bench) measureTunnelFaults(ctx context.Context) (rows []row, err error) {
	for _, w := range b.chosenLoads() {
		some := make([]row, len(tunnelFaults))
		for i, fault := range tunnelFaults {
			some[i] = row{Name: fault.name + "-" + w.name, Unit: "Mpps", paced: true, Peer: "working-tunnel", Threshold: faultRatio}
		}
		for range b.runs {
			healthy, err := b.takes(ctx, w, "working tunnel", working)
			if err != nil {
				return rows, err
			}
			for i, fault := range tunnelFaults {
				hurt, err := b.takes(ctx, w, fault.name, fault.end)
				if err != nil {
					return rows, err
				}
				some[i].add(true, hurt)
				some[i].add(false, healthy)
			}
		}
		for i := range some {
			some[i].summarize()
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

// takes is how much the gateway forwards, Mpps, while it mirrors everything to an end. Copies that are
// not taken must be counted, every one.
func (b *bench) takes(ctx context.Context, w workload, name string, end far) (mpps float64, err error) {
	err = b.withRig(ctx, w, end, func(r *pacedRig) error {
		if err := r.mirror(ctx, true); err != nil {
			return err
		}
		mpps, err = b.takesNow(ctx, r, name)
		return err
	})
	return mpps, err
}

// takesNow is takes of a rig that mirrors.
func (b *bench) takesNow(ctx context.Context, r *pacedRig, name string) (mpps float64, err error) {
	var rates []float64
	var copies int64
	all := counted{}
	for range 3 {
		p, _, err := r.offer(ctx, 0, b.trial)
		if err != nil {
			return 0, err
		}
		copies += p.copies
		all.add(p.reasons)
		rates = append(rates, p.ReceivedRate()/1e6)
	}
	mpps = median(rates)
	fmt.Printf("%-24s %-12s production %6.3f Mpps   copies sent %9d   %v\n", name, r.load.name, mpps, copies, all)
	if problem := all.judge(); problem != "" {
		return 0, errors.New(problem)
	}
	return mpps, nil
}
