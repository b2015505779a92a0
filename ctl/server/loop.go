package server

import (
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// lcoreWire tells of a worker, and of the last whole seconds of its loop.
func lcoreWire(l *ctl.LcoreStatus, seconds int) api.Lcore {
	recent := l.RecentLoop(seconds)
	return api.Lcore{Lcore: l.Lcore, CPU: l.CPU, Role: l.Role, Heartbeat: l.Heartbeat, Generation: l.Generation,
		LongestGapMicroseconds: l.LongestGap(seconds).Microseconds(), Loop: loopWire(&recent), Congestion: congestionWire(&l.Congestion),
		HandedOver: l.HandedOver, TakenOver: l.Loop.TakenOver}
}

func loopWire(l *ctl.Loop) api.Loop {
	w := api.Loop{BusyShare: l.BusyShare(), Packets: l.Packets(), Copies: l.TakenOver, CyclesPerPacket: l.CyclesPerPacket(), CyclesPerSecond: l.Hz,
		RulesCached: l.RulesCached, RulesSearched: l.RulesSearched,
		Stages: []api.LoopStage{}, Bursts: []api.LoopBursts{}, Gaps: []api.LoopGaps{}}
	if passed := l.Seconds(l.Busy + l.Idle); passed > 0 {
		w.HousekeepingCyclesPerSecond = float64(l.Housekeeping) / passed
	}
	for _, s := range l.Stages {
		w.Stages = append(w.Stages, api.LoopStage{Stage: s.Stage, CyclesPerPacket: l.StagePerPacket(s)})
	}
	for _, b := range l.BurstBuckets() {
		w.Bursts = append(w.Bursts, api.LoopBursts(b))
	}
	for _, g := range l.Gaps {
		w.Gaps = append(w.Gaps, api.LoopGaps{BelowMicroseconds: float64(g.Below) / float64(time.Microsecond), Loops: g.Loops})
	}
	return w
}
