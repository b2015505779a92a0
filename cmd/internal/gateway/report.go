package gateway

import (
	"errors"
	"fmt"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/report"
	"mirrorgw/lcore"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// reportOf gathers all counters of workers that have stopped. Its laws hold at every place by itself.
func reportOf(g *lcore.Group, cfg *config.Config) *report.Report {
	r := gather(g, cfg, report.Everything)
	r.Laws.Production, r.Laws.Mirror = g.Laws()
	return r
}

// lastReport is the report of a gateway that has ended with err. An lcore that still runs is read
// as it runs.
func lastReport(g *lcore.Group, cfg *config.Config, err error) *report.Report {
	if errors.Is(err, lcore.ErrRunning) {
		return liveReport(g, cfg, report.Everything)
	}
	return reportOf(g, cfg)
}

// liveReport is reportOf while the workers run. Counters of different places may be a burst apart;
// the laws are those of the totals, which each worker publishes together, so they are exact. Of
// kinds that are not asked for there is nothing, but the laws, which cost nothing.
func liveReport(g *lcore.Group, cfg *config.Config, kinds report.Kinds) *report.Report {
	r := gather(g, cfg, kinds)
	totals := g.Totals()
	r.Laws.Production, r.Laws.Mirror = totals.ProductionLaw(), totals.MirrorLaw()
	return r
}

func gather(g *lcore.Group, cfg *config.Config, kinds report.Kinds) *report.Report {
	r := report.New()
	r.Seconds = g.Ran().Seconds()
	if kinds.Has(report.Ports) {
		addPorts(r, g, cfg)
	}
	v := g.View()
	if v.Snapshot == nil {
		return r
	}
	if kinds.Has(report.Sources) {
		addSources(r, v)
	}
	if kinds.Has(report.Sessions) {
		addSessions(r, v)
	}
	if kinds.Has(report.Rules) {
		addRules(r, v)
	}
	return r
}

func addPorts(r *report.Report, g *lcore.Group, cfg *config.Config) {
	for i, p := range g.Ports() {
		row := portReport(g.PortCounters(i), &cfg.Ports[i])
		row.Driver = driverErrors(g, i)
		r.Ports[p.Name] = row
	}
}

func portReport(c pipeline.PortCounters, p *config.Port) report.Port {
	return report.Port{
		Role:          p.Role.String(),
		Peer:          p.Peer,
		RxPackets:     int64(c.Rx.Packets),
		RxBytes:       int64(c.Rx.Bytes),
		TxPackets:     int64(c.Forwarded.Packets + c.Copies.Packets + c.Originated.Packets),
		TxBytes:       int64(c.Forwarded.Bytes + c.Copies.Bytes + c.Originated.Bytes),
		CopiesPackets: int64(c.Copies.Packets),
		CopiesBytes:   int64(c.Copies.Bytes),
		Dropped:       packetsOf(c.Dropped),
		Consumed:      int64(c.Consumed.Packets),
		ConsumedBytes: int64(c.Consumed.Bytes),
		Ignored:       countsOf(c.Ignored),
		Unclassified:  countsOf(c.Unclassified),

		OriginatedPackets: int64(c.Originated.Packets),
		OriginatedBytes:   int64(c.Originated.Bytes),
		OriginateFailed:   int64(c.OriginateFailed),

		Fragments:        countsOf(c.Fragments),
		PartialChecksums: int64(c.PartialChecksums),
		UnseenCongestion: int64(c.UnseenCongestion),
	}
}

// driverErrors are the frames that a driver lost before or after they were ours; absent when it
// lost none, or cannot say.
func driverErrors(g *lcore.Group, port int) report.Counts {
	counts := report.Counts{}
	stats, err := g.DriverStats(port)
	if err != nil {
		return counts
	}
	for name, n := range map[string]uint64{
		"imissed": stats.IMissed, "ierrors": stats.IErrors, "oerrors": stats.OErrors, "rx_nombuf": stats.RxNombuf,
	} {
		if n != 0 {
			counts[name] = int64(n)
		}
	}
	return counts
}

func addSources(r *report.Report, v lcore.View) {
	s := v.Snapshot
	traffic := func(i int, d rules.Direction) report.Traffic {
		c := v.SourceCounters(i, d)
		return report.Traffic{Seen: int64(c.Seen), Matched: int64(c.Matched), Missed: int64(c.Missed), Excluded: countsOf(c.Excluded),
			UnmatchedCongestion: int64(c.UnmatchedCongestion)}
	}
	keys := sourceKeys(s)
	for i := range s.Sources {
		e := &s.Sources[i]
		r.Sources[keys[i]] = report.Source{ID: e.ID, Owner: e.Account, Ingress: traffic(i, rules.Ingress), Egress: traffic(i, rules.Egress)}
	}
}

func addSessions(r *report.Report, v lcore.View) {
	s := v.Snapshot
	direction := func(i int, d rules.Direction) report.Direction {
		c := v.SessionCounters(i, d)
		return report.Direction{
			MatchedPackets: int64(c.Matched.Packets), MatchedBytes: int64(c.Matched.Bytes),
			MirroredPackets: int64(c.Mirrored.Packets), MirroredBytes: int64(c.Mirrored.Bytes),
			TruncatedPackets: int64(c.Truncated), Skipped: packetsOf(c.Skipped), SkippedBytes: bytesOf(c.Skipped),
		}
	}
	keys := keysOf(len(s.Sessions), func(i int) (name, id string) { return s.Sessions[i].Name, s.Sessions[i].ID })
	sources, filters := sourceKeys(s), filterKeys(s)
	for i := range s.Sessions {
		e := &s.Sessions[i]
		r.Sessions[keys[i]] = report.Session{
			ID: e.ID, Owner: e.Account, Number: e.Number, VNI: e.VNI,
			Source: sources[e.Source], Filter: filters[e.Filter],
			Target:  nameOf(s.Targets[e.Target].Name, s.Targets[e.Target].ID),
			Ingress: direction(i, rules.Ingress), Egress: direction(i, rules.Egress),
		}
	}
}

func addRules(r *report.Report, v lcore.View) {
	keys := filterKeys(v.Snapshot)
	for i, filter := range v.Snapshot.Filters {
		hits := map[string]int64{}
		for _, d := range []rules.Direction{rules.Ingress, rules.Egress} {
			for k := range filter.Rules[d] {
				hits[fmt.Sprintf("%v %d", d, filter.Rules[d][k].Number)] = int64(v.RuleHits(i, d, k).Packets)
			}
		}
		if len(hits) > 0 {
			r.Rules[keys[i]] = hits
		}
	}
}

func sourceKeys(s *rules.Snapshot) []string {
	return keysOf(len(s.Sources), func(i int) (name, id string) { return s.Sources[i].Name, s.Sources[i].ID })
}

func filterKeys(s *rules.Snapshot) []string {
	return keysOf(len(s.Filters), func(i int) (name, id string) { return s.Filters[i].Name, s.Filters[i].ID })
}

// keysOf is what the report calls n resources: by name, or by ID where one has none or an equal
// name of another account came first.
func keysOf(n int, resource func(int) (name, id string)) []string {
	keys, taken := make([]string, n), make(map[string]bool, n)
	for i := range keys {
		name, id := resource(i)
		if keys[i] = nameOf(name, id); taken[keys[i]] {
			keys[i] = id
		}
		taken[keys[i]] = true
	}
	return keys
}

func nameOf(name, id string) string {
	if name != "" {
		return name
	}
	return id
}

func countsOf(reasons pipeline.Reasons) report.Counts {
	counts := report.Counts{}
	for name, n := range reasons {
		counts[name] = int64(n)
	}
	return counts
}

func packetsOf(reasons pipeline.CountsByReason) report.Counts {
	counts := report.Counts{}
	for name, n := range reasons {
		counts[name] = int64(n.Packets)
	}
	return counts
}

func bytesOf(reasons pipeline.CountsByReason) report.Counts {
	counts := report.Counts{}
	for name, n := range reasons {
		counts[name] = int64(n.Bytes)
	}
	return counts
}
