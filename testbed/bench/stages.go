package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// stagesName is what --only calls the profile: where a frame's time goes, as the gateway's own telemetry says.
const stagesName = "stages"

// profiled are the workloads whose stages are told.
var profiled = []string{"forward-64", "mirror-64", "mirror-1500", "rules-10000", "sources-10000", "flows-1M"}

// stagesOf are one workload's, nanoseconds a frame.
type stagesOf struct {
	workload string
	all      float64
	names    []string
	stages   []float64
}

// measureStages prints a table and has no rows: the time of a stage has no peer.
func (b *bench) measureStages(ctx context.Context) (_ []row, err error) {
	release, err := confine()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	var all []stagesOf
	for _, name := range profiled {
		chosen, err := choose(workloads(), name, true)
		if err != nil {
			return nil, err
		}
		s, err := b.stagesOf(ctx, chosen[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, s)
	}
	fmt.Print(stagesTable(all))
	return nil, nil
}

// stagesOf lets the gateway do a workload for three intervals, of at least a second, and asks for the last ones.
func (b *bench) stagesOf(ctx context.Context, w workload) (s stagesOf, err error) {
	dir := filepath.Join(b.dir, stagesName+"-"+w.name)
	defer os.RemoveAll(dir)
	if _, err := prepare(dir, w); err != nil {
		return s, err
	}
	text := gatewayTOML(&w) + fmt.Sprintf("\n[ctl]\nsocket = %q\n", socketFile)
	if err := os.WriteFile(filepath.Join(dir, gatewayFile), []byte(text), 0o644); err != nil {
		return s, err
	}
	if err := b.huge.ensure(w.memory()); err != nil {
		return s, err
	}
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return s, err
	}
	defer l.cancel()
	if _, err := l.client.Apply(ctx, []byte(w.resources()), client.ApplyOptions{ContentType: api.ContentTypeTOML}); err != nil {
		return s, err
	}
	interval := max(b.interval, time.Second)
	if err := pause(ctx, 3*interval, "mirrorgw", l.log, l.end); err != nil {
		return s, err
	}
	state, err := l.client.State(ctx, client.GapSeconds(max(1, int(2*interval/time.Second)-1)))
	if err != nil {
		return s, err
	}
	if _, err := l.stop(); err != nil {
		return s, err
	}
	loop := state.Lcores[0].Loop
	if loop.CyclesPerSecond == 0 {
		return s, errors.New("the gateway has not measured a whole second")
	}
	ns := 1e9 / float64(loop.CyclesPerSecond)
	s = stagesOf{workload: w.name, all: ns * loop.CyclesPerPacket}
	for _, stage := range loop.Stages {
		s.names, s.stages = append(s.names, stage.Stage), append(s.stages, ns*stage.CyclesPerPacket)
	}
	return s, nil
}

// stagesTable has a row for each workload and a column for each stage.
func stagesTable(all []stagesOf) string {
	var text strings.Builder
	text.WriteString("\nnanoseconds of a frame, by stage\n| workload | all |")
	for _, name := range all[0].names {
		text.WriteString(" " + name + " |")
	}
	for _, s := range all {
		fmt.Fprintf(&text, "\n| `%s` | %.0f |", s.workload, s.all)
		for _, stage := range s.stages {
			fmt.Fprintf(&text, " %.1f |", stage)
		}
	}
	text.WriteByte('\n')
	return text.String()
}
