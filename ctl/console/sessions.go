package console

import (
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// mirrorSessions are what mirrors: a source, a target and a filter.
var mirrorSessions = &resource[api.TrafficMirrorSession]{
	path: "/sessions", api: api.PathSessions, title: "Mirror sessions", one: "traffic mirror session", many: "traffic mirror sessions",
	collection: (*client.Client).Sessions,
	id:         func(w *api.TrafficMirrorSession) string { return w.TrafficMirrorSessionID },
	common:     func(w *api.TrafficMirrorSession) *api.Common { return &w.Common },
	columns: []column[api.TrafficMirrorSession]{
		{"Name", "name", func(_ *look, w *api.TrafficMirrorSession) cell {
			return cell{Text: w.Name, Path: "/sessions/" + w.TrafficMirrorSessionID, Title: w.TrafficMirrorSessionID}
		}},
		{"Source", "networkInterfaceId", func(l *look, w *api.TrafficMirrorSession) cell {
			return l.ref("/interfaces", w.NetworkInterfaceID)
		}},
		{"Target", "trafficMirrorTargetId", func(l *look, w *api.TrafficMirrorSession) cell {
			return l.ref("/targets", w.TrafficMirrorTargetID)
		}},
		{"Filter", "trafficMirrorFilterId", func(l *look, w *api.TrafficMirrorSession) cell {
			return l.ref("/filters", w.TrafficMirrorFilterID)
		}},
		{"Number", "sessionNumber", func(_ *look, w *api.TrafficMirrorSession) cell { return cell{Text: digits(w.SessionNumber)} }},
		{"VNI", "virtualNetworkId", func(_ *look, w *api.TrafficMirrorSession) cell { return cell{Text: digits(w.VirtualNetworkID)} }},
		{"State", "state", func(_ *look, w *api.TrafficMirrorSession) cell { return state(w.State, w.StateReason) }},
		{"Copies", "delivery", func(_ *look, w *api.TrafficMirrorSession) cell { return state(w.Delivery, w.DeliveryReason) }},
		{"Description", "description", func(_ *look, w *api.TrafficMirrorSession) cell { return cell{Text: w.Description} }},
	},
	fields: (*visit).sessionFields, texts: sessionTexts, sections: sessionSections,
	guide: guideStart,
}

// sessionFields are in the order of the guide.
func (v *visit) sessionFields() ([]field, error) {
	sources, err := proposals(v, api.PathInterfaces, v.api.Interfaces(), interfaceOf)
	if err != nil {
		return nil, err
	}
	destinations, err := proposals(v, api.PathTargets, v.api.Targets(), targetOf)
	if err != nil {
		return nil, err
	}
	rules, err := proposals(v, api.PathFilters, v.api.Filters(), filterOf)
	if err != nil {
		return nil, err
	}
	settings := sessionSettings()
	fields := append(commonFields(sessionNameHint),
		field{Name: "networkInterfaceId", Label: "Mirror source", Kind: kindSuggest, Required: true, Options: sources, Hint: "The name or identifier of the network interface to be mirrored."},
		field{Name: "trafficMirrorTargetId", Label: "Mirror target", Kind: kindSuggest, Required: true, Options: destinations, Hint: "Where the copies go: the name or identifier of a target."})
	fields = append(fields, settings[:3]...)
	fields = append(fields, field{Name: "trafficMirrorFilterId", Label: "Filter", Kind: kindSuggest, Required: true, Options: rules, Hint: "What is mirrored: the name or identifier of a filter."})
	return append(fields, settings[3:]...), nil
}

const sessionNameHint = "Unique among the sessions of the account."

// sessionSettings are the fields that name no other resource: those that the guide has first, then ours.
func sessionSettings() []field {
	return []field{
		{Name: "sessionNumber", Label: "Session number", Kind: kindNumber, Required: true, Hint: "1 to 32766. The sessions of a source are asked in this order, 1 first; a packet is mirrored once."},
		{Name: "virtualNetworkId", Label: "VNI", Kind: kindNumber, Hint: "The VXLAN network identifier, 1 to 16777215. Empty: a random one that is not in use."},
		{Name: "packetLength", Label: "Packet length", Kind: kindNumber, Hint: "Bytes of each packet to mirror, from its Ethernet header. Empty: all of them."},
		{Name: "sampleOneIn", Label: "Mirror one flow in", Kind: kindNumber, Hint: "2 to 1000000. Empty: all flows."},
		{Name: "rateLimitPps", Label: "Rate limit, copies a second", Kind: kindNumber, Hint: "Empty: no limit."},
		{Name: "rateLimitBps", Label: "Rate limit, bits a second", Kind: kindNumber, Hint: "Of the outer frames. Empty: no limit."},
	}
}

func sessionTexts(v *visit, w *api.TrafficMirrorSession) map[string]string {
	texts := commonTexts(&w.Common)
	texts["networkInterfaceId"] = v.interfaceName(w.NetworkInterfaceID)
	texts["trafficMirrorTargetId"] = v.targetName(w.TrafficMirrorTargetID)
	texts["trafficMirrorFilterId"] = v.filterName(w.TrafficMirrorFilterID)
	texts["sessionNumber"], texts["virtualNetworkId"] = digits(w.SessionNumber), digits(w.VirtualNetworkID)
	texts["packetLength"], texts["sampleOneIn"] = digits(w.PacketLength), digits(w.SampleOneIn)
	texts["rateLimitPps"], texts["rateLimitBps"] = digits(w.RateLimitPPS), digits(w.RateLimitBPS)
	return texts
}

func sessionSections(v *visit, w *api.TrafficMirrorSession) ([]section, error) {
	facts := append(commonFacts(w.TrafficMirrorSessionID, &w.Common),
		fact{"Mirror source", reference("/interfaces", w.NetworkInterfaceID, v.interfaceName(w.NetworkInterfaceID))},
		fact{"Mirror target", reference("/targets", w.TrafficMirrorTargetID, v.targetName(w.TrafficMirrorTargetID))},
		fact{"Filter", reference("/filters", w.TrafficMirrorFilterID, v.filterName(w.TrafficMirrorFilterID))},
		fact{"Session number", cell{Text: digits(w.SessionNumber)}}, fact{"VNI", cell{Text: digits(w.VirtualNetworkID)}},
		fact{"Packet length", cell{Text: number(w.PacketLength, "whole packets", "bytes")}},
		fact{"Mirrored flows", cell{Text: oneIn(w.SampleOneIn)}},
		fact{"Rate limit of copies", cell{Text: number(w.RateLimitPPS, "none", "a second")}},
		fact{"Rate limit of bits", cell{Text: number(w.RateLimitBPS, "none", "a second")}})
	status := section{ID: "status", Heading: "Status", Facts: []fact{{"State", state(w.State, w.StateReason)}}, Action: v.watchCopies(w.TrafficMirrorSessionID)}
	for _, reason := range []string{w.StateReason, w.DeliveryReason} {
		if reason != "" {
			status.Note = sentence(reason)
		}
	}
	if w.Delivery != "" {
		status.Facts = append(status.Facts, fact{"Copies", state(w.Delivery, w.DeliveryReason)})
	}
	sections := []section{{ID: "details", Heading: "Details", Facts: facts}, status}
	if v.r.URL.Query().Has("check") {
		return append([]section{v.checkSection(w)}, sections...), nil
	}
	return sections, nil
}

func oneIn(n int) string {
	if n == 0 {
		return "all"
	}
	return "one in " + grouped(int64(n))
}
