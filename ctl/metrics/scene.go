package metrics

import (
	"maps"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

// scene is everything that one scrape tells of, at one moment. It belongs to the scrape.
type scene struct {
	*Options
	report  *report.Report
	status  ctl.Status
	targets []target
	limited []*ctl.Session
	owners  map[string]string // of load balancers, by ID

	ports    []string // keys of report.Ports, sorted; likewise the others
	sources  []string
	sessions []string
	filters  []string
	filterID map[string]identity // by key of report.Rules

	revision   uint64
	counts     store.Counts
	cloudWatch []cloudWatchRow

	captured ctl.CaptureTotals
	mempools []Mempool
	xstats   map[string][]Xstat // by port
	omitted  omitted            // of the families before
}

// identity is what the labels id and owner say of a resource.
type identity struct{ id, owner string }

// target is a target and the way to it.
type target struct {
	record *ctl.Target
	way    store.TargetWay
}

// look gathers a scene. Only one goroutine at a time may do so for a CloudWatch.
func look(o *Options, watch *cloudWatch) *scene {
	s := &scene{Options: o, report: o.Report(report.Everything), status: o.Status(),
		owners: map[string]string{}, filterID: map[string]identity{}}
	s.ports = slices.Sorted(maps.Keys(s.report.Ports))
	s.askDrivers()
	if s.Captured != nil {
		s.captured = s.Captured()
	}
	s.sources = slices.Sorted(maps.Keys(s.report.Sources))
	s.sessions = slices.Sorted(maps.Keys(s.report.Sessions))
	s.filters = slices.Sorted(maps.Keys(s.report.Rules))
	o.Store.Read(func(v *store.View) {
		s.revision, s.counts = v.Revision(), v.Counts()
		s.limited = limitedSessions(v)
		for _, record := range v.Targets() {
			way, _ := v.TargetWay(record.ID)
			s.targets = append(s.targets, target{record, way})
		}
		for _, b := range v.LoadBalancers() {
			s.owners[b.ID] = b.Account
		}
		s.identifyFilters(v)
		s.cloudWatch = watch.add(s.report, v)
	})
	return s
}

// identifyFilters finds out which filters the keys of the rules stand for: the report says it of
// sessions only, each of which names its filter.
func (s *scene) identifyFilters(v *store.View) {
	for _, row := range s.report.Sessions {
		if _, known := s.filterID[row.Filter]; known {
			continue
		}
		session, ok := v.Session("", row.ID)
		if !ok {
			continue
		}
		if filter, ok := v.Filter("", session.Filter); ok {
			s.filterID[row.Filter] = identity{filter.ID, filter.Account}
		}
	}
}

// portStatus finds a port in the status, which has them in configured order; nil: it is not there.
func (s *scene) portStatus(name string) *ctl.PortStatus {
	if s.Config == nil {
		return nil
	}
	if i := s.Config.PortIndex(name); i >= 0 && i < len(s.status.Ports) {
		return &s.status.Ports[i]
	}
	return nil
}

// eachReason calls do for every count, and with 0 for those of names that were not counted.
func eachReason(c report.Counts, names []string, do func(reason string, n int64)) {
	all := slices.Collect(maps.Keys(c))
	for _, name := range names {
		if _, counted := c[name]; !counted {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	for _, name := range all {
		do(name, c[name])
	}
}
