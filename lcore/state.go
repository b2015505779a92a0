package lcore

import (
	"time"

	"mirrorgw/dpdk"
)

// Link is the state of a port's link.
type Link struct {
	Port       string
	Up         bool
	SpeedMbps  uint32 // 0: unknown
	FullDuplex bool
}

// WorkerState is how a worker does.
type WorkerState struct {
	Lcore, CPU int
	Heartbeat  uint64        // housekeeping intervals; one that stands still is a worker that does not run
	LongestGap time.Duration // between two polls, since MeasureGaps or, without, since the first Start

	// FinishedGap is what LongestGap had come to when the last MeasureGaps took effect; 0 before.
	// Whoever measures again and again misses nothing by it.
	FinishedGap time.Duration

	Congestion CongestionState
}

// Generation returns the number of the program in force; it grows by one a change.
func (g *Group) Generation() uint64 {
	g.read.RLock()
	defer g.read.RUnlock()
	return g.generation
}

// Pending returns how many changes some lcore has not taken yet: 0, but for the moment in which a
// change waits, or after ErrStalled until the lcore reports again.
func (g *Group) Pending() (n int) {
	g.read.RLock()
	defer g.read.RUnlock()
	if g.closed {
		return 0
	}
	for i := range g.pending {
		if !g.qsbr.Check(g.pending[i].token, false) {
			n++
		}
	}
	return n
}

// Heartbeats returns each worker's count of housekeeping intervals; none after Close.
func (g *Group) Heartbeats() []uint64 {
	g.read.RLock()
	defer g.read.RUnlock()
	beats := make([]uint64, len(g.workers))
	for i, w := range g.workers {
		beats[i] = w.heartbeat()
	}
	return beats
}

// Workers returns the state of each worker; none after Close.
func (g *Group) Workers() []WorkerState {
	g.read.RLock()
	defer g.read.RUnlock()
	states := make([]WorkerState, len(g.workers))
	for i, w := range g.workers {
		states[i] = WorkerState{Lcore: w.cpu, CPU: w.cpu, Heartbeat: w.heartbeat(), LongestGap: w.longestGap(), FinishedGap: w.finishedGap(), Congestion: w.congestion()}
	}
	return states
}

// MeasureGaps makes every worker forget its longest gap between two polls. It takes the worker one
// loop to do so; until then both gaps read as zero.
func (g *Group) MeasureGaps() {
	g.read.RLock()
	defer g.read.RUnlock()
	epoch := g.epoch.Add(1)
	for _, w := range g.workers {
		w.setEpoch(epoch)
	}
}

// cycles turns a number of cycles of the time stamp counter into time. A century fits.
func cycles(n uint64) time.Duration {
	hz := dpdk.TSCHz()
	seconds, rest := n/hz, n%hz
	return time.Duration(seconds)*time.Second + time.Duration(rest*uint64(time.Second)/hz)
}

// Links returns the link of each port, in configured order, without waiting for it to come up; one
// that the driver cannot tell about is down. None after Close.
func (g *Group) Links() []Link {
	g.read.RLock()
	defer g.read.RUnlock()
	if g.closed {
		return nil
	}
	links := make([]Link, len(g.ports))
	for i, p := range g.ports {
		link, err := dpdk.GetLink(p.ID)
		if err != nil {
			link = dpdk.Link{}
		}
		links[i] = Link{Port: p.Name, Up: link.Up, SpeedMbps: uint32(link.Speed), FullDuplex: link.FullDuplex}
	}
	return links
}
