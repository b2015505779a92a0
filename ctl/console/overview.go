package console

import (
	"html/template"
	"net/http"

	"mirrorgw/ctl/api"
)

// plotSlot is a place for a plot: Live names what scripts are to draw there, SVG is what is there
// before and without them.
type plotSlot struct {
	Title string
	Live  string
	SVG   template.HTML
}

// overview shows the gateway at a glance.
func (v *visit) overview() (*reply, error) {
	d := &detail{Name: v.Gateway, Kind: "gateway"}
	if !v.may(http.MethodGet, api.PathState) {
		d.Sections = []section{{ID: "welcome", Heading: "Welcome", Note: "You are logged in as " + v.session.user() + ". Choose from the menu what you may see."}}
		return &reply{template: "detail", data: d}, nil
	}
	state, err := v.api.State(v.ctx)
	if err != nil {
		return nil, err
	}
	d.Sections = []section{resourcesSection(&state.Resources), lawsSection(state), portsSection(state.Ports), lcoresSection(state.Lcores)}
	return &reply{template: "detail", data: d}, nil
}

func resourcesSection(r *api.Resources) section {
	count := func(n int, path string) cell { return cell{Text: grouped(int64(n)), Path: path} }
	return section{ID: "resources", Heading: "Resources", Facts: []fact{
		{"Sessions", count(r.Sessions, "/sessions")}, {"Targets", count(r.Targets, "/targets")}, {"Filters", count(r.Filters, "/filters")},
		{"Rules", cell{Text: grouped(int64(r.Rules))}}, {"Interfaces", count(r.Interfaces, "/interfaces")}, {"Load balancers", count(r.LoadBalancers, "/load-balancers")}}}
}

func lawsSection(s *api.State) section {
	law := func(n int64) cell {
		if n == 0 {
			return cell{Text: "0", Badge: "good", Title: "every packet is accounted for"}
		}
		return cell{Text: grouped(n), Badge: "bad", Title: "packets are unaccounted for"}
	}
	return section{ID: "gateway", Heading: "Gateway", Facts: []fact{
		{"Version", cell{Text: s.Version}}, {"Running since", cell{Text: s.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC")}},
		{"Revision", cell{Text: grouped(int64(s.Revision))}}, {"Law of production", law(s.Laws.Production)}, {"Law of mirroring", law(s.Laws.Mirror)}}}
}

func portsSection(ports []api.Port) section {
	t := &table{Caption: "Ports", Empty: "There are no ports.", Headings: []heading{{Label: "Port"}, {Label: "Role"}, {Label: "Peer"}, {Label: "Link"}, {Label: "Driver"}, {Label: "MTU"}}}
	for i := range ports {
		p := &ports[i]
		link := state("down", "")
		switch {
		case p.Link.TakenDown:
			link = state("taken-down", "by the gateway, because the link of the peer is down")
		case p.Link.Up:
			link = state("up", "")
		}
		t.Rows = append(t.Rows, []cell{{Text: p.Name}, {Text: p.Role}, {Text: dash(p.Peer)}, link, {Text: p.Driver, Code: true}, {Text: digits(p.MTU)}})
	}
	return section{ID: "ports", Heading: "Ports", Table: t}
}

func lcoresSection(lcores []api.Lcore) section {
	t := &table{Caption: "Lcores", Empty: "There are no lcores.", Headings: []heading{{Label: "Lcore"}, {Label: "CPU"}, {Label: "Role"}, {Label: "Busy"}, {Label: "Congestion"}}}
	for i := range lcores {
		l := &lcores[i]
		t.Rows = append(t.Rows, []cell{{Text: grouped(int64(l.Lcore))}, {Text: grouped(int64(l.CPU))}, {Text: l.Role}, {Text: percent(l.Loop.BusyShare)}, state(l.Congestion.State, "")})
	}
	return section{ID: "lcores", Heading: "Lcores", Table: t}
}
