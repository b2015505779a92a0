package console

import (
	"html/template"
	"strconv"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console/plot"
)

// liveSections are the parts of a page about a resource that move: what it does now, and did in the last
// minutes. Without a hub there are none.
func (v *visit) liveSections(record any) []section {
	if v.Live == nil {
		return nil
	}
	switch w := record.(type) {
	case *api.TrafficMirrorSession:
		return v.liveOfSession(w)
	case *api.TrafficMirrorFilter:
		n := v.now(w.TrafficMirrorFilterID)
		hits := section{ID: "hits", Heading: "What its rules decide", Note: "Packets that a rule has decided, in all sessions that use the filter.", Table: hitsTable(n, w)}
		return []section{sumsSection(n, w.TrafficMirrorFilterID, "What its sessions do"), hits}
	case *api.TrafficMirrorTarget:
		n := v.now(w.TrafficMirrorTargetID)
		return []section{sumsSection(n, w.TrafficMirrorTargetID, "What it gets"), skipsSection(n)}
	case *api.NetworkInterface:
		n := v.now(w.NetworkInterfaceID)
		return []section{trafficSection(n, w), sumsSection(n, w.NetworkInterfaceID, "What its sessions do")}
	case *api.LoadBalancer:
		n := v.now(w.LoadBalancerID)
		return []section{sumsSection(n, w.LoadBalancerID, "What it gets"), membersNow(n)}
	}
	return nil
}

func (v *visit) liveOfSession(w *api.TrafficMirrorSession) []section {
	n := v.now(w.TrafficMirrorSessionID)
	t := &table{Caption: "What the session does now, by direction", Headings: []heading{{Label: "Direction"}, number1("Matched/s"), number1("Copies/s"), number1("bit/s"), number1("Truncated/s"), number1("Skipped/s"),
		number1("Matched"), number1("Copies"), number1("Skipped")}}
	for _, direction := range []struct{ label, at string }{{"inbound", "ingress."}, {"outbound", "egress."}} {
		at := direction.at
		t.Rows = append(t.Rows, []cell{{Text: direction.label}, n.cell(at+"matched", "packets"), n.cell(at+"copies", "copies"), n.cell(at+"bits", "bits"), n.cell(at+"truncated", "copies"), n.cell(at+"skips", "copies"),
			n.cell(at+"matched.total", unitTotal), n.cell(at+"copies.total", unitTotal), n.cell(at+"skips.total", unitTotal)})
	}
	now := section{ID: "now", Heading: "Now", Facts: []fact{{"Copies", n.cell("state", unitStatus)}}, Table: t, Plots: copiesAndBits(n, w.TrafficMirrorSessionID, "")}
	all := []section{now, {ID: "skips", Heading: "Copies skipped, by reason", List: &list{ID: "skips", Heading: "Copies skipped, by reason", Empty: "No copy has been skipped.", Rows: n.list("skips"), Columns: []listColumn{
		{"Direction", "direction", unitWord, ""}, {"Reason", "reason", unitWord, ""}, {"A second", "rate", "copies", ""}, {"In all", "total", unitTotal, ""}}}}}
	filter, err := v.api.Filters().Get(v.ctx, w.TrafficMirrorFilterID)
	if err != nil {
		return all // the user may not see it, or it has just gone
	}
	return append(all, section{ID: "hits", Heading: "What the rules decide", Note: "Packets that a rule of the filter has decided, in all sessions that use the filter.", Table: hitsTable(n, filter)})
}

// hitsTable has the rules of a filter in order, and how often each decides.
func hitsTable(n *now, filter *api.TrafficMirrorFilter) *table {
	t := &table{Caption: "Rules and what they decide", Empty: "There are no rules: nothing is mirrored.", Headings: []heading{{Label: "Direction"}, {Label: "Number"}, {Label: "Action"}, {Label: "Protocol"}, {Label: "Source"}, {Label: "Destination"},
		number1("Packets/s"), number1("Packets")}}
	for _, direction := range []struct {
		label, at string
		rules     []api.TrafficMirrorFilterRule
	}{{"inbound", "rule.ingress.", filter.IngressFilterRules}, {"outbound", "rule.egress.", filter.EgressFilterRules}} {
		for i := range direction.rules[:min(len(direction.rules), shownRules)] {
			r := &direction.rules[i]
			badge, at := "good", direction.at+strconv.Itoa(r.RuleNumber)
			if r.RuleAction != "accept" {
				badge = "plain"
			}
			t.Rows = append(t.Rows, []cell{{Text: direction.label}, {Text: digits(r.RuleNumber), Title: r.Description}, {Text: r.RuleAction, Badge: badge}, {Text: protocolName(r.Protocol)},
				{Text: ends(r.SourceCIDRBlock, r.SourcePortRange), Code: true}, {Text: ends(r.DestinationCIDRBlock, r.DestinationPortRange), Code: true}, n.cell(at+".hits", "packets"), n.cell(at+".total", unitTotal)})
		}
	}
	return t
}

// ends is one end of the packets that a rule is about.
func ends(block string, ports *api.PortRange) string {
	if ports == nil {
		return orAny(block)
	}
	return orAny(block) + " port " + portRange(ports)
}

// sumsSection adds up the sessions that have to do with a resource.
func sumsSection(n *now, topic, heading string) section {
	return section{ID: "now", Heading: heading, Facts: []fact{{"Sessions that count", n.cell("sessions.counting", unitTotal)}, {"Copies/s", n.cell("sessions.copies", "copies")}, {"bit/s", n.cell("sessions.bits", "bits")},
		{"Skipped/s", n.cell("sessions.skips", "copies")}, {"Matched packets/s", n.cell("sessions.matched", "packets")}}, Plots: copiesAndBits(n, topic, "sessions.")}
}

func copiesAndBits(n *now, topic, at string) []template.HTML {
	return []template.HTML{n.plot("now-copies", "Copies", topic, plot.Copies, 0, line{"made", at + "copies"}, line{"skipped", at + "skips"}),
		n.plot("now-bits", "Mirrored", topic, plot.Bits, 0, line{"mirrored", at + "bits"})}
}

func skipsSection(n *now) section {
	l := skipsList(n)
	return section{ID: l.ID, Heading: l.Heading, List: &l}
}

// trafficSection is what becomes of the packets of a mirror source.
func trafficSection(n *now, w *api.NetworkInterface) section {
	t := &table{Caption: "What becomes of its packets", Headings: []heading{{Label: "Direction"}, number1("Seen/s"), number1("Matched/s"), number1("Missed/s"), number1("Never mirrored/s"), number1("Not asked/s"), number1("Seen"), number1("Matched")}}
	for _, direction := range []struct{ label, at string }{{"inbound", "ingress."}, {"outbound", "egress."}} {
		at := direction.at
		t.Rows = append(t.Rows, []cell{{Text: direction.label}, n.cell(at+"seen", "packets"), n.cell(at+"matched", "packets"), n.cell(at+"missed", "packets"), n.cell(at+"excluded", "packets"),
			n.cell(at+"unmatched", "packets"), n.cell(at+"seen.total", unitTotal), n.cell(at+"matched.total", unitTotal)})
	}
	s := section{ID: "traffic", Heading: "Its packets", Table: t, Plots: []template.HTML{n.plot("now-seen", "Packets", w.NetworkInterfaceID, plot.Packets, 0,
		line{"inbound", "ingress.seen"}, line{"outbound", "egress.seen"})}}
	if n == nil || n.value("ingress.seen") == nil {
		s.Note = "Packets are counted while a session mirrors the interface."
	}
	return s
}

// membersNow is how the members of a load balancer are.
func membersNow(n *now) section {
	return section{ID: "members-now", Heading: "Members now", List: &list{ID: "members", Heading: "Members now", Empty: "Nothing is known of its members.", Rows: n.list("members"), Columns: []listColumn{
		{"Address", "address", unitWord, ""}, {"Zone", "zone", unitWord, ""}, {"State", "state", unitStatus, ""}, {"Reason", "reason", unitWord, ""}, {"Weight", "weight", unitTotal, ""}, {"Last good probe took", "rtt", "ns", ""}}}}
}
