package console

import (
	"net/http"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// balancers spread the copies of a target over appliances.
var balancers = &resource[api.LoadBalancer]{
	path: "/load-balancers", api: api.PathLoadBalancers, title: "Load balancers", one: "load balancer", many: "load balancers",
	collection: (*client.Client).LoadBalancers,
	id:         func(w *api.LoadBalancer) string { return w.LoadBalancerID },
	common:     func(w *api.LoadBalancer) *api.Common { return &w.Common },
	columns: []column[api.LoadBalancer]{
		{"Name", "name", func(_ *look, w *api.LoadBalancer) cell {
			return cell{Text: w.Name, Path: "/load-balancers/" + w.LoadBalancerID}
		}},
		{"Identifier", "loadBalancerId", func(_ *look, w *api.LoadBalancer) cell { return cell{Text: w.LoadBalancerID, Code: true} }},
		{"Members", "", func(_ *look, w *api.LoadBalancer) cell { return cell{Text: grouped(int64(len(w.Members)))} }},
		{"Healthy", "", func(_ *look, w *api.LoadBalancer) cell { return healthyOf(w) }},
		{"Across zones", "crossZone", func(_ *look, w *api.LoadBalancer) cell { return cell{Text: yesNo(w.CrossZone)} }},
		{"Description", "description", func(_ *look, w *api.LoadBalancer) cell { return cell{Text: w.Description} }},
	},
	fields: (*visit).balancerFields, groups: balancerGroups, groupsChange: true, texts: balancerTexts, body: balancerBody, sections: balancerSections,
	aliases: map[string]string{"listeners": "ports", "health": "protocol"},
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// healthyOf counts the members that serve.
func healthyOf(w *api.LoadBalancer) cell {
	if len(w.MemberStates) == 0 {
		return cell{Text: "–", Title: "nothing is known of them"}
	}
	healthy := 0
	for i := range w.MemberStates {
		if s := w.MemberStates[i].State; s == "healthy" || s == "initial" {
			healthy++
		}
	}
	badge := "good"
	switch {
	case healthy == 0:
		badge = "bad"
	case healthy < len(w.MemberStates):
		badge = "warn"
	}
	return cell{Text: strconv.Itoa(healthy) + " of " + strconv.Itoa(len(w.MemberStates)), Badge: badge}
}

func balancerSections(v *visit, w *api.LoadBalancer) ([]section, error) {
	var listeners []string
	for _, l := range w.Listeners {
		listeners = append(listeners, l.Protocol+"/"+digits(l.Port))
	}
	facts := append(commonFacts(w.LoadBalancerID, &w.Common), fact{"Listeners", cell{Text: dash(strings.Join(listeners, " "))}},
		fact{"Across zones", cell{Text: yesNo(w.CrossZone)}})
	return []section{{ID: "details", Heading: "Details", Facts: facts}, healthSection(w.Health), membersSection(w), v.targetsOf(w.LoadBalancerID)}, nil
}

func healthSection(h *api.HealthCheck) section {
	s := section{ID: "health-check", Heading: "Health check"}
	if h == nil {
		s.Note = "Members are not probed."
		return s
	}
	s.Facts = []fact{{"Protocol", cell{Text: dash(h.Protocol)}}, {"Port", cell{Text: number(h.Port, "–", "")}}, {"Path", cell{Text: dash(h.Path)}},
		{"Interval", cell{Text: number(h.IntervalSeconds, "default", "seconds")}}, {"Timeout", cell{Text: number(h.TimeoutSeconds, "default", "seconds")}},
		{"Healthy after", cell{Text: number(h.HealthyThreshold, "default", "probes")}}, {"Unhealthy after", cell{Text: number(h.UnhealthyThreshold, "default", "probes")}}}
	return s
}

// membersSection has the members in their order, which is also that of their states.
func membersSection(w *api.LoadBalancer) section {
	t := &table{Caption: "Members", Empty: "There are no members: copies are skipped.", Headings: []heading{{Label: "Address"}, {Label: "Zone"}, {Label: "Weight"}, {Label: "State"}, {Label: "Round trip"}, {Label: "Since"}}}
	for i, m := range w.Members {
		weight, status, trip, since := "1", cell{Text: "–"}, "", ""
		if m.Weight != nil {
			weight = digitsOf(*m.Weight)
		}
		if i < len(w.MemberStates) {
			s := &w.MemberStates[i]
			status, trip, since = state(s.State, s.Reason), number(s.RTTMicroseconds, "", "µs"), s.Since
		}
		if m.Draining {
			status = state("draining", "")
		}
		t.Rows = append(t.Rows, []cell{{Text: m.Address, Code: true}, {Text: dash(m.AvailabilityZone)}, {Text: weight}, status, {Text: trip}, {Text: since}})
	}
	return section{ID: "members", Heading: "Members", Table: t}
}

// targetsOf are the targets that point at a load balancer, the first ones of them.
func (v *visit) targetsOf(id string) section {
	s := section{ID: "targets", Heading: "Targets", Table: &table{Caption: "Targets", Empty: "No target points at it.", Headings: []heading{{Label: "Name"}, {Label: "State"}}}}
	if !v.may(http.MethodGet, api.PathTargets) {
		return s
	}
	page, err := v.api.Targets().Page(v.ctx, pageRows, "", client.Where("loadBalancerId", id))
	if err != nil {
		s.Note = sentence(err.Error())
		return s
	}
	for i := range page.Items {
		w := &page.Items[i]
		s.Table.Rows = append(s.Table.Rows, []cell{{Text: w.Name, Path: "/targets/" + w.TrafficMirrorTargetID}, state(w.State, w.StateReason)})
	}
	return s
}
