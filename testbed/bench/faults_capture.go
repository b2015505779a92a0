package main

import (
	"context"
	"errors"
	"fmt"

	"mirrorgw/ctl/api"
)

// faultsCaptureName is what --only calls the rows of captures whose reader has stopped.
const faultsCaptureName = "faults-capture"

// measureStalledCapture gives the gateway all that it takes, mirrored, with and without a capture of everything
// that nobody reads, in the same life of the daemon.
func (b *bench) measureStalledCapture(ctx context.Context) (rows []row, err error) {
	for _, w := range b.chosenLoads() {
		r := row{Name: "fault-stalled-capture-" + w.name, Unit: "Mpps", paced: true, Peer: "no-capture", Threshold: faultRatio}
		err := b.withRig(ctx, w, working, func(rig *pacedRig) error { return b.watchStalledCapture(ctx, rig, &r) })
		if err != nil {
			return rows, err
		}
		r.summarize()
		rows = append(rows, r)
	}
	return rows, nil
}

func (b *bench) watchStalledCapture(ctx context.Context, rig *pacedRig, r *row) error {
	if err := rig.mirror(ctx, true); err != nil {
		return err
	}
	for range b.runs {
		healthy, err := b.takesNow(ctx, rig, "no capture")
		if err != nil {
			return err
		}
		hurt, err := b.takesUnread(ctx, rig)
		if err != nil {
			return err
		}
		r.add(true, hurt)
		r.add(false, healthy)
	}
	return nil
}

// takesUnread is takesNow beside a capture whose reader takes nothing. The first frames fill its ring.
func (b *bench) takesUnread(ctx context.Context, rig *pacedRig) (mpps float64, err error) {
	capture, err := rig.client.Capture(ctx, api.CaptureRequest{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, capture.Close()) }()
	if _, _, err := rig.offer(ctx, 0, b.trial); err != nil {
		return 0, err
	}
	if mpps, err = b.takesNow(ctx, rig, "stalled capture"); err != nil {
		return 0, err
	}
	all, err := rig.client.Captures(ctx)
	if err != nil {
		return 0, err
	}
	if len(all) != 1 || all[0].Dropped["full"] == 0 {
		return 0, fmt.Errorf("the capture did not fall behind: %+v; the row would say nothing", all)
	}
	fmt.Printf("%-24s seen %d, captured %d, dropped %v\n", "", all[0].Seen, all[0].Captured, all[0].Dropped)
	return mpps, nil
}
