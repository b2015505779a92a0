package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mirrorgw/testbed/bench/generator"
	"mirrorgw/testbed/traffic"
)

// ovsQueue is the transmit queue of its PMD thread; the first is its main thread's.
const ovsQueue = 1

// ovsCurve offers Open vSwitch the loads of a curve up to the greatest, frames a second, between the same
// devices and with the same generator. It mirrors everything; what it cannot do it loses.
func (b *bench) ovsCurve(ctx context.Context, w workload, most float64) (points []loadPoint, err error) {
	end, err := undisturbed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	dir, err := os.MkdirTemp(b.dir, "ovs-")
	if err != nil {
		return nil, err
	}
	w.ovs = ovsMirror
	wire0, wire1, _ := generator.Devices(filepath.Join(dir, memifSocket))
	if err := b.huge.ensure(memoryMB + generator.MemoryMB); err != nil {
		return nil, err
	}
	v, err := b.startOVSBetween(ctx, dir, &w, wire0, wire1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.stop()) }()
	capture := filepath.Join(dir, captureFile)
	if err := traffic.Write(capture, w.frames()); err != nil {
		return nil, err
	}
	g, err := generator.Start(ctx, generator.Setup{Socket: filepath.Join(dir, memifSocket), Capture: capture, CPU: controlCPU, Queue: ovsQueue})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.Stop()) }()
	if err := v.awaitTunnel(ctx, g); err != nil {
		return nil, err
	}
	for _, part := range overloadParts {
		point, err := v.curvePoint(ctx, g, part/overloadParts[len(overloadParts)-1]*most, b.trial)
		if err != nil {
			return nil, err
		}
		points = append(points, point)
	}
	return points, nil
}

// awaitTunnel offers a little until copies leave.
func (v *openVSwitch) awaitTunnel(ctx context.Context, g *generator.Process) error {
	for deadline := time.Now().Add(patience); ; {
		p, err := v.curvePoint(ctx, g, 1e5, 0.1)
		if err != nil || p.Copies > 0.09 && p.Production > 0.09 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("a tunnel of Open vSwitch does not work: it forwarded %.3f and copied %.3f of %.3f Mpps within %v", p.Production, p.Copies, p.Offered, patience)
		}
	}
}

// curvePoint is one point. Its settings are the defaults, but that its exact match cache takes every
// flow at once, with which it was fastest with these flows.
func (v *openVSwitch) curvePoint(ctx context.Context, g *generator.Process, rate, seconds float64) (point loadPoint, err error) {
	before, err := v.counts(ctx)
	if err != nil {
		return point, err
	}
	p, err := g.Run(generator.Order{PerSecond: rate, Seconds: seconds})
	if err != nil {
		return point, err
	}
	after, err := v.counts(ctx)
	if err != nil {
		return point, err
	}
	copies := float64(after.ports["tun"].tx - before.ports["tun"].tx)
	point = loadPoint{Offered: p.OfferedRate() / 1e6, Production: p.ReceivedRate() / 1e6, Copies: copies / p.Active() / 1e6}
	fmt.Printf("overload-%-12s offered %6.3f   Open vSwitch: production %6.3f   copies %6.3f Mpps\n", v.w.name, point.Offered, point.Production, point.Copies)
	return point, nil
}
