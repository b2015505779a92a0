package testbed

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mirrorgw/ctl/api"
)

// facts are resources in a form that can be compared: what is said of each, under its kind and
// name. References are names; identifiers are left out, for the answer that would have told them
// may never have come.
type facts map[string]string

func interfaceFact(i *api.NetworkInterface) (string, string) {
	return "interface " + i.Name, fmt.Sprintf("port %s mac %s %q", i.Port, i.MACAddress, i.Description)
}

func filterFact(f *api.TrafficMirrorFilter) (string, string) {
	var rules []string
	for _, list := range [][]api.TrafficMirrorFilterRule{f.IngressFilterRules, f.EgressFilterRules} {
		for _, r := range list {
			ports := "any"
			if r.DestinationPortRange != nil {
				ports = fmt.Sprint(*r.DestinationPortRange)
			}
			rules = append(rules, fmt.Sprintf("%s %d %s %s %s", r.TrafficDirection, r.RuleNumber, r.RuleAction, protocolText(r.Protocol), ports))
		}
	}
	slices.Sort(rules)
	return "filter " + f.Name, fmt.Sprintf("%q: %s", f.Description, strings.Join(rules, "; "))
}

func protocolText(p *api.Protocol) string {
	if p == nil {
		return "-1"
	}
	return p.Text
}

// sessionFact takes references that are names.
func sessionFact(s *api.TrafficMirrorSession) (string, string) {
	return "session " + s.Name, fmt.Sprintf("%s > %s by %s, number %d, VNI %d, length %d", s.NetworkInterfaceID, s.TrafficMirrorTargetID,
		s.TrafficMirrorFilterID, s.SessionNumber, s.VirtualNetworkID, s.PacketLength)
}

// factsOf reads the JSON form of an export.
func factsOf(export []byte) (facts, error) {
	var d api.Document
	if err := json.Unmarshal(export, &d); err != nil {
		return nil, err
	}
	found := facts{}
	for i := range d.Interfaces {
		found.add(interfaceFact(&d.Interfaces[i]))
	}
	for i := range d.Filters {
		found.add(filterFact(&d.Filters[i]))
	}
	for i := range d.Sessions {
		found.add(sessionFact(&d.Sessions[i]))
	}
	return found, nil
}

func (f facts) add(key, text string) { f[key] = text }

// of returns the facts about the resources of one client, whose names begin alike.
func (f facts) of(prefix string) facts {
	own := facts{}
	for key, text := range f {
		if _, name, _ := strings.Cut(key, " "); strings.HasPrefix(name, prefix) {
			own[key] = text
		}
	}
	return own
}

// difference tells what one has and the other has not.
func (f facts) difference(other facts) string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if other[key] != f[key] {
			lines = append(lines, fmt.Sprintf("  %s: %q, not %q", key, f[key], other[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(other)) {
		if _, here := f[key]; !here {
			lines = append(lines, fmt.Sprintf("  %s: nothing, not %q", key, other[key]))
		}
	}
	return strings.Join(lines, "\n")
}
