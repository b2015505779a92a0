package metrics

import (
	"math"
	"slices"
	"strconv"

	"mirrorgw/ctl"
)

var byLcore = []string{"lcore", "cpu"}

var lcoreFamilies = []family{
	{"mirrorgw_lcore_info", gauge, append(slices.Clone(byLcore), "role"), "Always 1: what an lcore is: worker, or mirror, which sends the copies that workers hand over", func(s *scene, o *out) {
		for _, l := range s.status.Lcores {
			o.flag(true, strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU), l.Role)
		}
	}},
	lcore("mirrorgw_lcore_heartbeats_total", counter, "Signs of life of a worker, one every 256 polls; a rate of 0 is a worker that stands still", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.count(int64(l.Heartbeat), labels...)
	}),
	lcore("mirrorgw_lcore_longest_gap_seconds", gauge, "Longest time between two polls of a worker within the last 60 whole seconds", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.gauge(l.LongestGap(ctl.GapSeconds).Seconds(), labels...)
	}),
	lcore("mirrorgw_lcore_generation", gauge, "Number of the compiled configuration that a worker's last loop began with", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.gauge(float64(l.Generation), labels...)
	}),
	lcore("mirrorgw_lcore_clock_hertz", gauge, "Cycles a second of the time stamp counter: multiply seconds with it to have cycles", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.gauge(float64(l.Loop.Hz), labels...)
	}),
	lcore("mirrorgw_lcore_busy_seconds_total", counter, "Time of a worker in loops that received something", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.seconds(l.Loop.Seconds(l.Loop.Busy), labels...)
	}),
	lcore("mirrorgw_lcore_housekeeping_seconds_total", counter, "Time of a worker in housekeeping, every 256 loops; part of the duration of the loop before it", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.seconds(l.Loop.Seconds(l.Loop.Housekeeping), labels...)
	}),
	lcore("mirrorgw_lcore_loop_seconds", histogram, "Loops of a worker by duration, which is the time between two polls; the sum is all its time", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.histogram(loopBuckets(&l.Loop), l.Loop.Seconds(l.Loop.Busy+l.Loop.Idle), labels...)
	}),
	lcore("mirrorgw_lcore_burst_packets", histogram, "Polls of one queue by a worker by the frames that they received; the sum is all frames that it received", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.histogram(burstBuckets(&l.Loop), float64(l.Loop.Packets()), labels...)
	}),
	{"mirrorgw_lcore_handed_over_copies_total", counter, byLcore, "Copies that a worker handed over to its mirror lcore; split mode only", splitCopies(ctl.RoleWorker, func(l *ctl.LcoreStatus) uint64 { return l.HandedOver })},
	{"mirrorgw_lcore_taken_over_copies_total", counter, byLcore, "Copies that a mirror lcore got from workers", splitCopies(ctl.RoleMirror, func(l *ctl.LcoreStatus) uint64 { return l.Loop.TakenOver })},
	{"mirrorgw_lcore_large_rule_sets_asked_total", counter, append(slices.Clone(byLcore), "result"), "How often a worker asked a rule set of more than 64 rules, by who answered: cache, for the same was asked for the flow before, or search", func(s *scene, o *out) {
		for _, l := range s.status.Lcores {
			o.count(int64(l.Loop.RulesCached), strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU), "cache")
			o.count(int64(l.Loop.RulesSearched), strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU), "search")
		}
	}},
	lcore("mirrorgw_lcore_timed_packets_total", counter, "Frames that a worker received, or copies that a mirror lcore got, in timed loops, which are one in 256", func(l *ctl.LcoreStatus, o *out, labels ...string) {
		o.count(int64(l.Loop.TimedPackets), labels...)
	}),
	{"mirrorgw_lcore_timed_seconds_total", counter, []string{"lcore", "cpu", "stage"}, "Time of a worker in timed loops that received something, by stage", func(s *scene, o *out) {
		for _, l := range s.status.Lcores {
			for _, stage := range l.Loop.Stages {
				o.seconds(l.Loop.Seconds(stage.Cycles), strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU), stage.Stage)
			}
		}
	}},
}

func lcore(name string, kind kind, help string, put func(l *ctl.LcoreStatus, o *out, labels ...string)) family {
	return family{name, kind, byLcore, help, func(s *scene, o *out) {
		for i := range s.status.Lcores {
			l := &s.status.Lcores[i]
			put(l, o, strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU))
		}
	}}
}

// splitCopies are those of the lcores of one role, where there are mirror lcores.
func splitCopies(role string, of func(*ctl.LcoreStatus) uint64) func(s *scene, o *out) {
	return func(s *scene, o *out) {
		isMirror := func(l ctl.LcoreStatus) bool { return l.Role == ctl.RoleMirror }
		if !slices.ContainsFunc(s.status.Lcores, isMirror) {
			return
		}
		for i := range s.status.Lcores {
			if l := &s.status.Lcores[i]; l.Role == role {
				o.count(int64(of(l)), strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU))
			}
		}
	}
}

// loopBuckets are those of the durations of loops, in seconds.
func loopBuckets(l *ctl.Loop) (buckets []bucket) {
	for _, g := range l.Gaps {
		le := g.Below.Seconds()
		if g.Below == 0 {
			le = math.Inf(1)
		}
		buckets = append(buckets, bucket{le, g.Loops})
	}
	return buckets
}

// burstBuckets are those of the frames of a poll.
func burstBuckets(l *ctl.Loop) (buckets []bucket) {
	for _, b := range l.BurstBuckets() {
		buckets = append(buckets, bucket{float64(b.UpTo), b.Polls})
	}
	return append(buckets, bucket{math.Inf(1), 0})
}
