package console

import (
	"slices"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// targets are where copies go.
var targets = &resource[api.TrafficMirrorTarget]{
	path: "/targets", api: api.PathTargets, title: "Mirror targets", one: "traffic mirror target", many: "traffic mirror targets",
	collection: (*client.Client).Targets,
	id:         func(w *api.TrafficMirrorTarget) string { return w.TrafficMirrorTargetID },
	common:     func(w *api.TrafficMirrorTarget) *api.Common { return &w.Common },
	columns: []column[api.TrafficMirrorTarget]{
		{"Name", "name", func(_ *look, w *api.TrafficMirrorTarget) cell {
			return cell{Text: w.Name, Path: "/targets/" + w.TrafficMirrorTargetID}
		}},
		{"Identifier", "trafficMirrorTargetId", func(_ *look, w *api.TrafficMirrorTarget) cell {
			return cell{Text: w.TrafficMirrorTargetID, Code: true}
		}},
		{"Type", "", func(_ *look, w *api.TrafficMirrorTarget) cell { return cell{Text: targetTypes[targetType(w)]} }},
		{"Target", "ipAddress", func(l *look, w *api.TrafficMirrorTarget) cell { return l.destination(w) }},
		{"State", "state", func(_ *look, w *api.TrafficMirrorTarget) cell { return state(w.State, w.StateReason) }},
		{"Description", "description", func(_ *look, w *api.TrafficMirrorTarget) cell { return cell{Text: w.Description} }},
	},
	fields: (*visit).targetFields, texts: targetTexts, body: targetBody, sections: targetSections,
	aliases: map[string]string{"ipAddress": "target", "networkInterfaceId": "target", "loadBalancerId": "target"},
}

// Types of targets, as the form has them.
const (
	typeInterface = "network-interface"
	typeBalancer  = "load-balancer"
	typeAddress   = "address"
)

var targetTypes = map[string]string{typeInterface: "Network interface", typeBalancer: "Network Load Balancer", typeAddress: "IP address"}

func targetType(w *api.TrafficMirrorTarget) string {
	switch {
	case w.NetworkInterfaceID != "":
		return typeInterface
	case w.LoadBalancerID != "":
		return typeBalancer
	}
	return typeAddress
}

// destination is what a target points at.
func (l *look) destination(w *api.TrafficMirrorTarget) cell {
	switch targetType(w) {
	case typeInterface:
		return l.ref("/interfaces", w.NetworkInterfaceID)
	case typeBalancer:
		return l.ref("/load-balancers", w.LoadBalancerID)
	}
	return cell{Text: w.IPAddress, Code: true}
}

func (v *visit) targetFields() ([]field, error) {
	options, err := proposals(v, api.PathInterfaces, v.api.Interfaces(), interfaceOf)
	if err != nil {
		return nil, err
	}
	balancers, err := proposals(v, api.PathLoadBalancers, v.api.LoadBalancers(), balancerOf)
	if err != nil {
		return nil, err
	}
	return append(commonFields("Unique among the targets of the account."),
		field{Name: "type", Label: "Target type", Kind: kindChoice, Required: true, Options: []option{
			{typeInterface, targetTypes[typeInterface]}, {typeBalancer, targetTypes[typeBalancer]}, {typeAddress, targetTypes[typeAddress]}}},
		field{Name: "target", Label: "Target", Kind: kindSuggest, Required: true, Options: append(options, balancers...),
			Hint: "The name or identifier of a network interface or load balancer, or an IP address, as the type says."},
		field{Name: "mtu", Label: "MTU", Kind: kindNumber, Hint: "Bytes of the outer IP packet. Longer copies are cut. Empty: that of the way there."},
		field{Name: "rateLimitPps", Label: "Rate limit, copies a second", Kind: kindNumber, Hint: "Of all sessions to it together. Empty: no limit."},
		field{Name: "rateLimitBps", Label: "Rate limit, bits a second", Kind: kindNumber, Hint: "Of the outer frames. Empty: no limit."},
	), nil
}

func targetTexts(v *visit, w *api.TrafficMirrorTarget) map[string]string {
	texts := commonTexts(&w.Common)
	texts["type"] = targetType(w)
	switch texts["type"] {
	case typeInterface:
		texts["target"] = v.interfaceName(w.NetworkInterfaceID)
	case typeBalancer:
		texts["target"] = v.balancerName(w.LoadBalancerID)
	default:
		texts["target"] = w.IPAddress
	}
	texts["mtu"], texts["rateLimitPps"], texts["rateLimitBps"] = digits(w.MTU), digits(w.RateLimitPPS), digits(w.RateLimitBPS)
	return texts
}

// targetBody makes of type and target the one field of the API that they stand for.
func targetBody(f *form) map[string]any {
	body := f.body()
	field, target := "ipAddress", body["target"]
	switch body["type"] {
	case typeInterface:
		field = "networkInterfaceId"
	case typeBalancer:
		field = "loadBalancerId"
	}
	delete(body, "type")
	delete(body, "target")
	if text, ok := target.(string); ok {
		body[field] = strings.TrimSpace(text)
	}
	return body
}

func targetSections(v *visit, w *api.TrafficMirrorTarget) ([]section, error) {
	facts := commonFacts(w.TrafficMirrorTargetID, &w.Common)
	to := cell{Text: w.IPAddress, Code: true}
	switch targetType(w) {
	case typeInterface:
		to = reference("/interfaces", w.NetworkInterfaceID, v.interfaceName(w.NetworkInterfaceID))
	case typeBalancer:
		to = reference("/load-balancers", w.LoadBalancerID, v.balancerName(w.LoadBalancerID))
	}
	facts = append(facts, fact{"Target type", cell{Text: targetTypes[targetType(w)]}}, fact{"Target", to},
		fact{"MTU", cell{Text: number(w.MTU, "that of the way", "bytes")}},
		fact{"Rate limit of copies", cell{Text: number(w.RateLimitPPS, "none", "a second")}},
		fact{"Rate limit of bits", cell{Text: number(w.RateLimitBPS, "none", "a second")}})
	sessions, err := v.sessionsOf("trafficMirrorTargetId", w.TrafficMirrorTargetID)
	if err != nil {
		return nil, err
	}
	shared, err := v.sharesOf(w)
	return slices.Concat([]section{{ID: "details", Heading: "Details", Facts: facts}, wayOf(w)}, sessions, shared), err
}

// wayOf tells how copies get to a target, and whether they do.
func wayOf(w *api.TrafficMirrorTarget) section {
	s := section{ID: "way", Heading: "Way of the copies", Facts: []fact{{"State", state(w.State, "")}}}
	if w.StateReason != "" {
		s.Facts = append(s.Facts, fact{"Reason", cell{Text: sentence(w.StateReason)}})
	}
	if p := w.Path; p != nil {
		s.Facts = append(s.Facts,
			fact{"Tunnel port", cell{Text: dash(p.TunnelPort)}}, fact{"Router", cell{Text: dash(p.Via), Code: p.Via != ""}},
			fact{"MAC address of the next hop", cell{Text: dash(p.MACAddress), Code: p.MACAddress != ""}},
			fact{"MTU of the path", cell{Text: number(p.PathMTU, "not learned", "bytes")}},
			fact{"Copies are cut at", cell{Text: number(p.MTU, "–", "bytes")}})
		if p.LastICMPError != "" {
			s.Facts = append(s.Facts, fact{"Last ICMP error about copies", cell{Text: p.LastICMPError}})
		}
	}
	return s
}

// sessionsOf lists the sessions that have a resource in a field, the first ones of them.
func (v *visit) sessionsOf(field, id string) ([]section, error) {
	if !v.may("GET", api.PathSessions) {
		return nil, nil
	}
	page, err := v.api.Sessions().Page(v.ctx, pageRows, "", client.Where(field, id), client.Ordered("", "name", 0))
	if err != nil {
		return nil, err
	}
	t := &table{Caption: "Sessions", Empty: "No sessions use it.", Headings: []heading{{Label: "Name"}, {Label: "Source"}, {Label: "Target"}, {Label: "Filter"}, {Label: "Number"}, {Label: "State"}}}
	look := &look{v, page.Names}
	for i := range page.Items {
		w := &page.Items[i]
		t.Rows = append(t.Rows, []cell{{Text: w.Name, Path: "/sessions/" + w.TrafficMirrorSessionID}, look.ref("/interfaces", w.NetworkInterfaceID),
			look.ref("/targets", w.TrafficMirrorTargetID), look.ref("/filters", w.TrafficMirrorFilterID), {Text: digits(w.SessionNumber)}, state(w.State, w.StateReason)})
	}
	s := section{ID: "sessions", Heading: "Sessions", Table: t}
	if page.Total > len(page.Items) {
		s.Note = "These are the first " + digits(len(page.Items)) + " of " + grouped(int64(page.Total)) + "."
		s.Action = &action{Label: "Search all", Path: "/sessions?q=" + id}
	}
	return []section{s}, nil
}
