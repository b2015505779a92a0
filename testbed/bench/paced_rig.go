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
	"mirrorgw/ctl/report"
	"mirrorgw/dpdk/dpdktest/pacer"
	"mirrorgw/testbed/bench/generator"
	"mirrorgw/testbed/traffic"
)

// memifSocket is where gateway and generator find each other, in the workload's directory.
const memifSocket = "memif.sock"

// pacedRig is a gateway and the generator that feeds it at a steady rate, on the other CPU.
type pacedRig struct {
	*controlLife
	generator *generator.Process
	load      workload
	tunnel    string  // name of the port that copies leave by
	take      float64 // frames a second that the far wire carries; 0: all
	memory    string  // what is mirrored now, as a document
}

// far is who is at the other end of the tunnel port.
type far int

const (
	taker  far = iota // takes every copy (net_null)
	eager             // takes every copy, whatever it costs production
	deaf              // is connected and never takes one
	nobody            // is not connected: the link is down
	wire              // is where production leaves too: there is no tunnel port
)

// openRig starts both for a workload. The caller closes the rig.
func (b *bench) openRig(ctx context.Context, w workload, end far) (*pacedRig, error) {
	dir, err := os.MkdirTemp(b.dir, w.name+"-paced-")
	if err != nil {
		return nil, err
	}
	if err := preparePaced(dir, w, end); err != nil {
		return nil, err
	}
	if err := b.huge.ensure(memoryMB + generator.MemoryMB); err != nil {
		return nil, err
	}
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return nil, err
	}
	g, err := generator.Start(ctx, generator.Setup{Socket: filepath.Join(dir, memifSocket),
		Capture: filepath.Join(dir, captureFile), CPU: controlCPU, Deaf: end == deaf})
	if err != nil {
		l.cancel()
		return nil, fmt.Errorf("%w; the gateway's output ends:\n%s", err, l.log.Tail())
	}
	r := &pacedRig{controlLife: l, generator: g, load: w, tunnel: "tun0"}
	if end == wire {
		r.tunnel = "wire1"
	}
	return r, nil
}

func preparePaced(dir string, w workload, end far) error {
	text := gatewayBefore(&w, filepath.Join(dir, memifSocket), end) + fmt.Sprintf("\n[ctl]\nsocket = %q\n", socketFile)
	return errors.Join(traffic.Write(filepath.Join(dir, captureFile), w.frames()),
		os.WriteFile(filepath.Join(dir, gatewayFile), []byte(text), 0o644))
}

// gatewayBefore is the configuration of a gateway whose copies go to an end.
func gatewayBefore(w *workload, socket string, end far) string {
	wire0, wire1, tunnel := generator.Devices(socket)
	switch end {
	case taker:
		return gatewayOn(w, wire0, wire1, copySink)
	case wire:
		return sharedOn(w, wire0, wire1)
	}
	if end == eager {
		tunnel = copySink
	}
	// A fault must meet every copy, so a full receive queue does not end mirroring. net_memif takes frames of
	// 1,514 bytes at most; copies of long ones are truncated.
	text := strings.Replace(gatewayOn(w, wire0, wire1, tunnel), "mtu = 9000\naddresses", "mtu = 1500\naddresses", 1)
	return strings.Replace(text, `receive = "auto"`, `receive = "off"`, 1)
}

// mirror switches mirroring on, with the sessions of the workload, or off, with none.
func (r *pacedRig) mirror(ctx context.Context, on bool) error {
	document := nothing()
	if on {
		document = r.load.resources()
	}
	if document == r.memory {
		return nil
	}
	_, err := r.client.Apply(ctx, []byte(document), client.ApplyOptions{ContentType: api.ContentTypeTOML})
	if err == nil {
		r.memory = document
	}
	return err
}

// pacedRun is a run, and what the gateway says of it.
type pacedRun struct {
	pacer.Result
	copies  int64   // copies that it sent
	skipped int64   // copies that it did not send though a session had matched
	reasons counted // of these, and what was not matched or not seen for congestion
	missed  int64   // production frames that it dropped
	had     float64 // the part of the time for which the worker had its CPU
	laws    report.Laws
}

// run offers frames for a while; perSecond 0 is all that the gateway takes.
func (r *pacedRig) run(ctx context.Context, perSecond, seconds float64) (pacedRun, error) {
	before, err := r.client.Stats(ctx, client.StatsQuery{})
	if err != nil {
		return pacedRun{}, err
	}
	worked, began, err := r.workedUntil()
	if err != nil {
		return pacedRun{}, err
	}
	result, err := r.generator.Run(generator.Order{PerSecond: perSecond, Seconds: seconds, Take: r.take})
	if err != nil {
		return pacedRun{}, err
	}
	workedThen, ended, err := r.workedUntil()
	if err != nil {
		return pacedRun{}, err
	}
	after, err := r.client.Stats(ctx, client.StatsQuery{})
	if err != nil {
		return pacedRun{}, err
	}
	return pacedRun{Result: result, laws: after.Laws, had: float64(workedThen-worked) / float64(ended.Sub(began)),
		copies:  after.Ports[r.tunnel].CopiesPackets - before.Ports[r.tunnel].CopiesPackets,
		skipped: skippedOf(after) - skippedOf(before),
		reasons: countedOf(after).since(countedOf(before)),
		missed:  after.Ports["wire0"].Dropped.Sum() - before.Ports["wire0"].Dropped.Sum()}, nil
}

// workedUntil is how long the worker had its CPU until a moment.
func (r *pacedRig) workedUntil() (time.Duration, time.Time, error) {
	worked, err := r.workerCPU()
	return worked, time.Now(), err
}

func skippedOf(r *report.Report) (n int64) {
	for _, s := range r.Sessions {
		n += s.Egress.Skipped.Sum()
	}
	return n
}

// judge says what must not be, whatever the rate: something that production never is.
func (p *pacedRun) judge() error {
	switch {
	case p.laws.Production != 0 || p.laws.Mirror != 0:
		return fmt.Errorf("laws are not 0: production %d, mirror %d", p.laws.Production, p.laws.Mirror)
	case p.Altered != 0 || p.Reordered != 0:
		return fmt.Errorf("of %d frames %d came back altered and %d out of order", p.Received, p.Altered, p.Reordered)
	case p.Received == 0:
		return errors.New("no frame came back")
	}
	return nil
}

// close ends both. The gateway must end as it should.
func (r *pacedRig) close() error {
	defer r.cancel()
	err := r.generator.Stop()
	_, stopped := r.stop()
	return errors.Join(err, stopped)
}
