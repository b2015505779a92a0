package metrics

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/ctl/report"
)

var (
	byResource  = []string{"id", "name", "owner"}
	byDirection = []string{"id", "name", "owner", "direction"}
)

// directions are the label values, in the words of AWS.
const (
	ingress = "ingress"
	egress  = "egress"
)

var sourceFamilies = []family{
	sourceCounter("seen", "Frames of a source in one direction", func(t *report.Traffic) int64 { return t.Seen }),
	sourceCounter("matched", "Frames of a source that a session accepted: one copy is owed for each", func(t *report.Traffic) int64 { return t.Matched }),
	sourceCounter("missed", "Frames of a source that no session accepted", func(t *report.Traffic) int64 { return t.Missed }),
	sourceCounter("unmatched_congestion", "Frames of a source for which no session was asked, because the worker was too busy with production", func(t *report.Traffic) int64 { return t.UnmatchedCongestion }),
	{"mirrorgw_source_excluded_packets_total", counter, append(slices.Clone(byDirection), "type"), "Frames of a source that are never mirrored, by traffic type; only types that were counted", func(s *scene, o *out) {
		s.eachTraffic(func(id, name, owner, direction string, t *report.Traffic) {
			eachReason(t.Excluded, nil, func(reason string, n int64) { o.count(n, id, name, owner, direction, reason) })
		})
	}},
}

func sourceCounter(name, help string, of func(*report.Traffic) int64) family {
	return family{"mirrorgw_source_" + name + "_packets_total", counter, byDirection, help, func(s *scene, o *out) {
		s.eachTraffic(func(id, name, owner, direction string, t *report.Traffic) { o.count(of(t), id, name, owner, direction) })
	}}
}

func (s *scene) eachTraffic(do func(id, name, owner, direction string, t *report.Traffic)) {
	for _, name := range s.sources {
		row := s.report.Sources[name]
		do(row.ID, name, row.Owner, ingress, &row.Ingress)
		do(row.ID, name, row.Owner, egress, &row.Egress)
	}
}

var sessionFamilies = []family{
	{"mirrorgw_session_info", gauge, append(slices.Clone(byResource), "source", "target", "filter", "number", "vni"), "Always 1: what an active session joins, its session number and VNI", sessionInfo},
	sessionCounter("matched_packets", "Frames that a session accepted", func(d *report.Direction) int64 { return d.MatchedPackets }),
	sessionCounter("matched_bytes", "Bytes of frames that a session accepted: original frames without FCS", func(d *report.Direction) int64 { return d.MatchedBytes }),
	sessionCounter("mirrored_packets", "Copies of a session that the tunnel port took", func(d *report.Direction) int64 { return d.MirroredPackets }),
	sessionCounter("mirrored_bytes", "Bytes of the original frames of copies that the tunnel port took, before truncation", func(d *report.Direction) int64 { return d.MirroredBytes }),
	sessionCounter("truncated_packets", "Mirrored copies that were cut, by packet_length or by the target's MTU", func(d *report.Direction) int64 { return d.TruncatedPackets }),
	sessionReasons("skipped_packets", "Frames that a session accepted and no copy left of; only reasons that were counted", func(d *report.Direction) report.Counts { return d.Skipped }),
	sessionReasons("skipped_bytes", "Bytes of the original frames of copies that were skipped; only reasons that were counted", func(d *report.Direction) report.Counts { return d.SkippedBytes }),
}

func sessionInfo(s *scene, o *out) {
	for _, name := range s.sessions {
		row := s.report.Sessions[name]
		o.flag(true, row.ID, name, row.Owner, row.Source, row.Target, row.Filter, strconv.Itoa(row.Number), strconv.Itoa(int(row.VNI)))
	}
}

func sessionCounter(name, help string, of func(*report.Direction) int64) family {
	return family{"mirrorgw_session_" + name + "_total", counter, byDirection, help, func(s *scene, o *out) {
		s.eachDirection(func(id, name, owner, direction string, d *report.Direction) {
			o.count(of(d), id, name, owner, direction)
		})
	}}
}

// sessionReasons leaves out what was not counted: 65,536 sessions would have a million series of 0.
func sessionReasons(name, help string, of func(*report.Direction) report.Counts) family {
	return family{"mirrorgw_session_" + name + "_total", counter, append(slices.Clone(byDirection), "reason"), help, func(s *scene, o *out) {
		s.eachDirection(func(id, name, owner, direction string, d *report.Direction) {
			eachReason(of(d), nil, func(reason string, n int64) { o.count(n, id, name, owner, direction, reason) })
		})
	}}
}

func (s *scene) eachDirection(do func(id, name, owner, direction string, d *report.Direction)) {
	for _, name := range s.sessions {
		row := s.report.Sessions[name]
		do(row.ID, name, row.Owner, ingress, &row.Ingress)
		do(row.ID, name, row.Owner, egress, &row.Egress)
	}
}

var ruleFamilies = []family{
	{"mirrorgw_rule_hits_total", counter, append(slices.Clone(byDirection), "number"), "Frames that a rule decided, accepted or rejected; id, name and owner are those of its filter", func(s *scene, o *out) {
		for _, name := range s.filters {
			filter, hits := s.filterID[name], s.report.Rules[name]
			for _, key := range slices.Sorted(maps.Keys(hits)) {
				direction, number, _ := strings.Cut(key, " ")
				o.count(hits[key], filter.id, name, filter.owner, direction, number)
			}
		}
	}},
}
