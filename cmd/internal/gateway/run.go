package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"mirrorgw/ctl/report"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
)

// Run is the life of the daemon: it returns when ctx ends, when the ports have been idle for
// Options.UntilIdle, or with an error.
func Run(ctx context.Context, o Options) error {
	notify := takeNotifier(o.Log)
	p, err := prepare(&o)
	if err != nil {
		return err
	}
	if o.CheckConfig {
		return p.print(o.Out)
	}
	o.Level.Set(p.level())
	if o.Format != nil {
		o.Format(p.cfg.LogFormat)
	}
	if err := checkReport(o.Report); err != nil {
		return err
	}
	locks, err := takeLocks(p.cfg)
	if err != nil {
		return err
	}
	defer locks.release()
	if err := dpdk.ConfineThreads(controlCPUs(p)); err != nil {
		return err
	}
	eal, err := dpdk.Init(ealOptions(p.cfg, &p.spec, p.mainCPU))
	if err != nil {
		return err
	}
	if left := eal.Leftovers(); left != "" {
		o.Log.Info("removed what gateways left that were killed", "prefixes", left)
	}
	for _, notice := range p.cfg.Notices() {
		o.Log.Warn(notice)
	}
	o.Log.Info("EAL started", "hugepages", eal.Hugepages(), "main_lcore", p.mainCPU, "workers", dpdk.FormatCPUs(p.spec.Workers), "mirror_lcores", dpdk.FormatCPUs(p.spec.Mirrors))
	return cleanUp(p.serve(ctx, &o, notify), eal.Cleanup)
}

// cleanUp ends EAL after the gateway has ended with err, or leaves everything to the end of the
// process where an lcore still runs in the memory that would be freed.
func cleanUp(err error, cleanup func() error) error {
	if errors.Is(err, lcore.ErrRunning) {
		return err
	}
	return errors.Join(err, cleanup())
}

// controlCPUs are the CPUs for everything that is not a worker: all allowed ones but theirs.
func controlCPUs(p *prepared) []int {
	workers := map[int]bool{}
	for _, cpu := range p.spec.Lcores() {
		workers[cpu] = true
	}
	cpus := []int{p.mainCPU}
	allowed, err := dpdk.AllowedCPUs()
	if err != nil {
		return cpus
	}
	for _, cpu := range allowed {
		if !workers[cpu] && cpu != p.mainCPU {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// serve opens the ports, mirrors until the end, and reports, whatever went wrong on the way: the
// counters are gone with the process. Ports are closed before the report is written, so that a
// report that is there means files that are whole.
func (p *prepared) serve(ctx context.Context, o *Options, notify *notifier) error {
	group, err := lcore.Open(p.spec)
	if err != nil {
		return err
	}
	logPorts(o.Log, group.Ports())
	data, err := newDataPath(group, p.cfg, o.Log)
	if err != nil {
		return errors.Join(err, group.Close())
	}
	l := &life{loader: loader{prepared: p, o: o, group: group, data: data}, notify: notify}
	err = l.run(ctx)
	r := lastReport(group, p.cfg, err)
	if !errors.Is(err, lcore.ErrRunning) {
		err = errors.Join(err, group.Close())
	}
	err = errors.Join(err, judge(o.Log, r))
	if o.Report != "" {
		err = errors.Join(err, r.Write(o.Report))
	}
	return err
}

// judge tells what an operator must know of the counters. A broken law is an error: somewhere a
// frame is not accounted for.
func judge(log *slog.Logger, r *report.Report) error {
	for name, port := range r.Ports {
		if port.Driver.Sum() > 0 {
			log.Warn("a driver lost frames", "port", name, "frames", map[string]int64(port.Driver))
		}
	}
	if r.Laws.Production != 0 || r.Laws.Mirror != 0 {
		return fmt.Errorf("a law is broken: frames are not accounted for (production %d, mirror %d); this is a defect of the gateway, please report it with the report",
			r.Laws.Production, r.Laws.Mirror)
	}
	return nil
}

// logOffloads says what the driver announces and what of it is in use.
func logOffloads(log *slog.Logger, p *lcore.Port) {
	announcedRx, announcedTx, err := dpdk.Announced(p.ID)
	if err == nil {
		var rx, tx []string
		rx, tx, err = dpdk.Offloads(p.ID)
		log.Debug("port", "name", p.Name, "announced_rx", announcedRx, "announced_tx", announcedTx, "in_force_rx", rx, "in_force_tx", tx)
	}
	if err != nil {
		log.Debug("port", "name", p.Name, "offloads_unknown", err)
	}
}

func logPorts(log *slog.Logger, ports []*lcore.Port) {
	for _, p := range ports {
		log.Info("port", "name", p.Name, "device", p.Device, "role", p.Role.String(), "mac", p.MAC.String(),
			"queues", p.Granted.RxQueues, "mtu", p.Granted.MTU, "driver", p.Driver.Name, "ipv4_checksum_offload", p.Granted.TxIPv4Cksum)
		logOffloads(log, p)
		for _, refused := range p.Granted.Refused {
			log.Debug("port", "name", p.Name, "not_granted", refused)
		}
	}
}
