package console

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/console/past"
	"mirrorgw/ctl/console/plot"
)

// overview is the gateway at a glance: what needs attention, what happens now, and what happened.
type overview struct {
	Gateway  bool // the user may see the gateway itself, not only resources
	Topic    string
	Begin    *beginning // with the guide; nil: the list of sessions leads there, or the user may not make any
	Problems []live.Row
	Tiles    []tile
	Plots    []template.HTML // of the last minutes
	Ports    *table
	Lcores   *table
	Lists    []list
	Changes  *list // nil: the user may not look back at them
	Facts    []fact
	Past     []template.HTML
	PastNote string // why it is empty; empty: it is not
	Ranges   []rangeLink
}

// tile is one number that is read from afar.
type tile struct {
	Label string
	cell
	More  []fact // further numbers below it
	Spark template.HTML
}

// Word is the unit of the number; empty: it has none, or has it with it.
func (t tile) Word() string {
	if t.Unit == plot.Share.Key() {
		return ""
	}
	return plot.UnitOf(t.Unit).String()
}

type rangeLink struct {
	Label, Path string
	Current     bool
}

func (v *visit) overview() (*reply, error) {
	now := v.now(live.Overview)
	d := &overview{Gateway: v.may(http.MethodGet, api.PathState) && v.may(http.MethodGet, api.PathStats), Topic: live.Overview, Problems: now.list("problems")}
	d.Lists = []list{busiestList(now), skipsList(now)}
	d.Begin = v.beginning()
	if v.scope().Changes {
		l := changesList(now)
		d.Changes = &l
	}
	page := &reply{template: "overview", data: d}
	if !d.Gateway || !v.scope().Gateway {
		d.Gateway = false
		d.Tiles, d.Plots = accountTiles(now), []template.HTML{copiesPlot(now, "sessions.copies")}
		return page, nil
	}
	state, err := v.api.State(v.ctx)
	if err != nil {
		return nil, err
	}
	d.Tiles, d.Plots = gatewayTiles(now), livePlots(now, state)
	d.Ports, d.Lcores, d.Facts = portsTable(now, state.Ports), lcoresTable(now, state.Lcores), gatewayFacts(now, state)
	d.Lists = append(d.Lists, dropsList(now))
	v.addPast(d)
	page.wall = v.Live != nil
	return page, nil
}

// addPast adds plots of the history, of the range that the address asks for.
func (v *visit) addPast(d *overview) {
	if v.Past == nil {
		return
	}
	chosen := past.RangeOf(v.r.URL.Query().Get("range"))
	for _, r := range past.Ranges {
		d.Ranges = append(d.Ranges, rangeLink{r.Label, pathHome + "?range=" + r.Key + "#past", r == chosen})
	}
	plots := v.Past.Plots(chosen, time.Now())
	d.PastNote = "Nothing has been recorded in this time yet; a point comes every minute."
	for i := range plots {
		d.Past = append(d.Past, plots[i].Figure())
		if slices.ContainsFunc(plots[i].Series, func(s plot.Series) bool { return len(s.Points) > 0 }) {
			d.PastNote = ""
		}
	}
}

func gatewayTiles(n *now) []tile {
	return []tile{
		{"Production", n.cell("total.frames", "frames"), []fact{{"bit/s", n.cell("total.bits", "bits")}}, n.spark("Production frames received", "total.frames", plot.Frames, 0)},
		{"Copies", n.cell("total.copies", "copies"), []fact{{"bit/s", n.cell("total.copies.bits", "bits")}}, n.spark("Copies sent", "total.copies", plot.Copies, 0)},
		{"Copies skipped", n.cell("sessions.skips", "copies"), []fact{{"sessions", n.cell("sessions.counting", unitTotal)}}, n.spark("Copies skipped", "sessions.skips", plot.Copies, 0)},
		{"Production dropped", n.cell("total.drops", "frames"), []fact{{"since the start", n.cell("total.dropped", unitTotal)}}, n.spark("Production frames dropped", "total.drops", plot.Frames, 0)},
		{"Busiest lcore", n.cell("lcores.busy", "share"), nil, n.spark("Load of the busiest lcore", "lcores.busy", plot.Share, 1)},
		{"Unaccounted for", n.cell("law.production", unitTotal), []fact{{"copies", n.cell("law.mirror", unitTotal)}}, ""},
		{"Targets reached", n.cell("targets.reached", unitTotal), []fact{{"not reached", n.cell("targets.troubled", unitTotal)}}, ""},
	}
}

func accountTiles(n *now) []tile {
	return []tile{
		{"Copies", n.cell("sessions.copies", "copies"), []fact{{"bit/s", n.cell("sessions.bits", "bits")}}, n.spark("Copies made", "sessions.copies", plot.Copies, 0)},
		{"Copies skipped", n.cell("sessions.skips", "copies"), []fact{{"sessions", n.cell("sessions.counting", unitTotal)}}, n.spark("Copies skipped", "sessions.skips", plot.Copies, 0)},
		{"Targets reached", n.cell("targets.reached", unitTotal), []fact{{"not reached", n.cell("targets.troubled", unitTotal)}}, ""},
	}
}

// maxLiveWires is how many wires and taps move in plots of their own.
const maxLiveWires = 4

func livePlots(n *now, state *api.State) (plots []template.HTML) {
	peers := map[string]bool{}
	for i := range state.Ports {
		p := &state.Ports[i]
		if peers[p.Name] || p.Role == "tunnel" || len(plots) == maxLiveWires {
			continue
		}
		if p.Peer == "" {
			plots = append(plots, n.plot("now-port-"+strconv.Itoa(i), "Tap "+p.Name, live.Overview, plot.Frames, 0, line{"received", "port." + p.Name + ".rx.frames"}))
			continue
		}
		peers[p.Peer] = true
		plots = append(plots, n.plot("now-port-"+strconv.Itoa(i), p.Name+" and "+p.Peer, live.Overview, plot.Frames, 0,
			line{p.Name + " to " + p.Peer, "port." + p.Name + ".rx.frames"}, line{p.Peer + " to " + p.Name, "port." + p.Peer + ".rx.frames"}))
	}
	plots = append(plots, copiesPlot(n, "total.copies"))
	var lcores []line
	for _, l := range state.Lcores[:min(len(state.Lcores), plot.Styles)] {
		lcores = append(lcores, line{fmt.Sprintf("lcore %d", l.Lcore), fmt.Sprintf("lcore.%d.busy", l.Lcore)})
	}
	return append(plots, n.plot("now-lcores", "Load of the lcores", live.Overview, plot.Share, 1, lcores...))
}

func copiesPlot(n *now, made string) template.HTML {
	return n.plot("now-copies", "Copies", live.Overview, plot.Copies, 0, line{"made", made}, line{"skipped", "sessions.skips"})
}

func portsTable(n *now, ports []api.Port) *table {
	t := &table{Caption: "Ports", Empty: "There are no ports.", Headings: []heading{{Label: "Port"}, {Label: "Role"}, {Label: "Link"},
		number1("Received, frames/s"), number1("Received, bit/s"), number1("Sent, frames/s"), number1("Sent, bit/s"), number1("Copies/s"), number1("Dropped/s"), number1("Dropped")}}
	for i := range ports {
		p := &ports[i]
		role, at := p.Role, "port."+p.Name+"."
		if p.Peer != "" {
			role += " to " + p.Peer
		}
		t.Rows = append(t.Rows, []cell{{Text: p.Name, Title: p.Driver}, {Text: role}, n.cell(at+"link", unitStatus), n.cell(at+"rx.frames", "frames"), n.cell(at+"rx.bits", "bits"),
			n.cell(at+"tx.frames", "frames"), n.cell(at+"tx.bits", "bits"), n.cell(at+"copies", "copies"), n.cell(at+"drops", "frames"), n.cell(at+"dropped", unitTotal)})
	}
	return t
}

func number1(label string) heading { return heading{Label: label, Number: true} }

func lcoresTable(n *now, lcores []api.Lcore) *table {
	t := &table{Caption: "Lcores", Empty: "There are no lcores.", Headings: []heading{{Label: "Lcore"}, {Label: "CPU"}, {Label: "Role"}, {Label: "State"}, {Label: "Congestion"},
		number1("Load"), number1("Cycles a packet"), number1("Longest gap")}}
	for i := range lcores {
		l := &lcores[i]
		at := fmt.Sprintf("lcore.%d.", l.Lcore)
		t.Rows = append(t.Rows, []cell{{Text: strconv.Itoa(l.Lcore)}, {Text: strconv.Itoa(l.CPU)}, {Text: l.Role}, n.cell(at+"state", unitStatus), n.cell(at+"congestion", unitStatus),
			n.cell(at+"busy", "share"), n.cell(at+"cycles", "count"), n.cell(at+"gap", "ns")})
	}
	return t
}

func gatewayFacts(n *now, s *api.State) []fact {
	count := func(total int, path string) cell { return cell{Text: grouped(int64(total)), Path: path} }
	r := &s.Resources
	return []fact{{"Version", cell{Text: s.Version}}, {"Running since", cell{Text: s.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC")}}, {"Uptime", n.cell("gateway.uptime", unitDuration)},
		{"Revision of the resources", n.cell("gateway.revision", unitTotal)}, {"Generation in force", n.cell("gateway.generation", unitTotal)},
		{"Sessions", count(r.Sessions, "/sessions")}, {"Targets", count(r.Targets, "/targets")}, {"Filters", count(r.Filters, "/filters")},
		{"Interfaces", count(r.Interfaces, "/interfaces")}, {"Load balancers", count(r.LoadBalancers, "/load-balancers")}}
}
