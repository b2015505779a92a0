package metrics

import (
	"cmp"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

// congestion is the one skip reason that AWS counts as NetworkSkipMirror*: production went first.
const congestion = "congestion"

// detailed is the value of an interface's monitoring that has ImageId and InstanceType, and no
// metrics of packets.
const detailed = "detailed"

// dimensions are those of the AWS guide, with monitoring, which decides what there is of them.
type dimensions struct{ instance, image, instanceType, group, monitoring string }

// amounts are the eight numbers: bytes and packets, mirrored and skipped, in and out.
type amounts struct{ bytes, packets, skipBytes, skipPackets [2]int64 }

const in, outward = 0, 1 // indices of amounts

// cloudWatchRow is one instance, as far as its interfaces have equal dimensions.
type cloudWatchRow struct {
	dimensions
	amounts
}

// cloudWatch adds up sessions by instance. A sum of counters that come and go would fall when a
// session is deleted, and Prometheus would take that for a restart; so what each session has
// counted since the last scrape is added here. One goroutine at a time uses it.
type cloudWatch struct {
	last map[string]amounts // by session ID: as of the last scrape
	sums map[dimensions]*amounts
}

// add takes a report in and returns the rows of instances that have a mirror source now, sorted.
func (c *cloudWatch) add(r *report.Report, v *store.View) []cloudWatchRow {
	last, sums := make(map[string]amounts, len(r.Sessions)), map[dimensions]*amounts{}
	of := map[string]dimensions{} // by key of the source
	for name, source := range r.Sources {
		rec, ok := v.Interface("", source.ID)
		if !ok || rec.Instance == "" {
			continue
		}
		d := dimensionsOf(rec)
		if of[name] = d; sums[d] == nil {
			sums[d] = cmp.Or(c.sums[d], &amounts{})
		}
	}
	for _, session := range r.Sessions {
		now := amountsOf(&session)
		last[session.ID] = now
		if d, ok := of[session.Source]; ok {
			sums[d].grow(c.last[session.ID], now)
		}
	}
	c.last, c.sums = last, sums
	rows := make([]cloudWatchRow, 0, len(sums))
	for d, sum := range sums {
		rows = append(rows, cloudWatchRow{d, *sum})
	}
	slices.SortFunc(rows, func(a, b cloudWatchRow) int {
		return cmp.Or(cmp.Compare(a.instance, b.instance), cmp.Compare(a.image, b.image), cmp.Compare(a.instanceType, b.instanceType),
			cmp.Compare(a.group, b.group), cmp.Compare(a.monitoring, b.monitoring))
	})
	return rows
}

func dimensionsOf(i *ctl.Interface) dimensions {
	if i.Monitoring != detailed {
		return dimensions{instance: i.Instance, group: i.AutoscalingGroup}
	}
	return dimensions{i.Instance, i.Image, i.InstanceType, i.AutoscalingGroup, detailed}
}

func amountsOf(s *report.Session) (a amounts) {
	for i, d := range []*report.Direction{in: &s.Ingress, outward: &s.Egress} {
		a.bytes[i], a.packets[i] = d.MirroredBytes, d.MirroredPackets
		a.skipBytes[i], a.skipPackets[i] = d.SkippedBytes[congestion], d.Skipped[congestion]
	}
	return a
}

// grow adds what a session has counted between two scrapes.
func (a *amounts) grow(before, now amounts) {
	for i := range 2 {
		a.bytes[i] += growth(before.bytes[i], now.bytes[i])
		a.packets[i] += growth(before.packets[i], now.packets[i])
		a.skipBytes[i] += growth(before.skipBytes[i], now.skipBytes[i])
		a.skipPackets[i] += growth(before.skipPackets[i], now.skipPackets[i])
	}
}

// growth is how much a counter has grown, which may have begun anew.
func growth(before, now int64) int64 {
	if now < before {
		return now
	}
	return now - before
}

var byInstance = []string{"InstanceId", "ImageId", "InstanceType", "AutoScalingGroupName"}

var cloudWatchFamilies = []family{
	amount("NetworkMirrorIn", "Bytes received by an instance that were mirrored", func(r *cloudWatchRow) int64 { return r.bytes[in] }),
	amount("NetworkMirrorOut", "Bytes sent by an instance that were mirrored", func(r *cloudWatchRow) int64 { return r.bytes[outward] }),
	basicAmount("NetworkPacketsMirrorIn", "Packets received by an instance that were mirrored; basic monitoring only", func(r *cloudWatchRow) int64 { return r.packets[in] }),
	basicAmount("NetworkPacketsMirrorOut", "Packets sent by an instance that were mirrored; basic monitoring only", func(r *cloudWatchRow) int64 { return r.packets[outward] }),
	amount("NetworkSkipMirrorIn", "Bytes received by an instance, accepted by a filter and not mirrored because production went first", func(r *cloudWatchRow) int64 { return r.skipBytes[in] }),
	amount("NetworkSkipMirrorOut", "Bytes sent by an instance, accepted by a filter and not mirrored because production went first", func(r *cloudWatchRow) int64 { return r.skipBytes[outward] }),
	basicAmount("NetworkPacketsSkipMirrorIn", "Packets received by an instance, accepted by a filter and not mirrored because production went first; basic monitoring only", func(r *cloudWatchRow) int64 { return r.skipPackets[in] }),
	basicAmount("NetworkPacketsSkipMirrorOut", "Packets sent by an instance, accepted by a filter and not mirrored because production went first; basic monitoring only", func(r *cloudWatchRow) int64 { return r.skipPackets[outward] }),
}

func amount(name, help string, of func(*cloudWatchRow) int64) family {
	return family{"mirrorgw_cloudwatch_" + name, counter, byInstance, help, func(s *scene, o *out) {
		for i := range s.cloudWatch {
			r := &s.cloudWatch[i]
			o.count(of(r), r.instance, r.image, r.instanceType, r.group)
		}
	}}
}

// basicAmount is of instances with basic monitoring only.
func basicAmount(name, help string, of func(*cloudWatchRow) int64) family {
	f := amount(name, help, of)
	f.each = func(s *scene, o *out) {
		for i := range s.cloudWatch {
			if r := &s.cloudWatch[i]; r.monitoring != detailed {
				o.count(of(r), r.instance, r.image, r.instanceType, r.group)
			}
		}
	}
	return f
}
