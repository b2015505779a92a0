package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// congestedName is what --only calls the rows of a gateway that is always overloaded.
const congestedName = "congested"

// measureCongested gives the gateway an endless capture, of which it never sees the end, and has it take
// that for a backlog: there are always frames that wait, whatever it does. Production is compared
// with the same without sessions, in one life.
func (b *bench) measureCongested(ctx context.Context) (rows []row, err error) {
	end, err := undisturbed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	for _, w := range b.chosenLoads() {
		r, err := b.congestedOf(ctx, w)
		if err != nil {
			return rows, err
		}
		rows = append(rows, *r)
	}
	return rows, nil
}

// congestedOf is the row of a load. All of one life's frames must be counted.
func (b *bench) congestedOf(ctx context.Context, w workload) (*row, error) {
	dir := filepath.Join(b.dir, congestedName+"-"+w.name)
	if _, err := prepare(dir, w); err != nil {
		return nil, err
	}
	text := strings.Replace(gatewayTOML(&w), `receive = "auto"`, `receive = "always"`, 1) +
		fmt.Sprintf("\n[ctl]\nsocket = %q\n", socketFile)
	if err := os.WriteFile(filepath.Join(dir, gatewayFile), []byte(text), 0o644); err != nil {
		return nil, err
	}
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer l.cancel()
	rig := &pacedRig{controlLife: l, load: w}
	r := &row{Name: congestedName + "-" + w.name, Unit: "Mpps", paced: true, Peer: "no-session", Threshold: overloadRatio}
	for k := range 2 * b.runs {
		on := k%4 == 0 || k%4 == 3
		if err := rig.mirror(ctx, on); err != nil {
			return nil, err
		}
		mpps, err := b.congestedRate(ctx, l)
		if err != nil {
			return nil, err
		}
		r.add(on, mpps)
	}
	r.summarize()
	if err := rig.mirror(ctx, true); err != nil { // the report has sessions that are there only
		return nil, err
	}
	report, err := l.stop()
	if err != nil {
		return nil, err
	}
	r.Invalid = judgeForwarding(report)
	fmt.Printf("%-24s production %6.2f Mpps, without sessions %6.2f   %v\n", r.Name, r.Value, r.PeerValue, countedOf(report))
	return r, nil
}

// congestedRate is the rate once the congestion of the change before has found its end.
func (b *bench) congestedRate(ctx context.Context, l *controlLife) (float64, error) {
	const settling = 100 * time.Millisecond
	if err := pause(ctx, settling, "mirrorgw", l.log, l.end); err != nil {
		return 0, err
	}
	return l.rate(ctx, func() error { return pause(ctx, b.interval, "mirrorgw", l.log, l.end) })
}
