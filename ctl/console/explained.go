package console

import (
	"strconv"

	"mirrorgw/ctl/api"
)

// explainSections show the decision of the source that was asked about, and of others that saw the frame.
func (v *visit) explainSections(e *api.Explanation) []section {
	asked := api.ExplainedSource{Source: e.Source, SourceID: e.SourceID, Direction: e.Direction, Outcome: e.Outcome, Exclusion: e.Exclusion, Session: e.Session, SessionID: e.SessionID,
		RuleNumber: e.RuleNumber, RuleID: e.RuleID, Sessions: e.Sessions, Copy: e.Copy, Skipped: e.Skipped}
	sections := v.sourceSections("asked", "Decision", &asked)
	for i := range e.Others {
		o := &e.Others[i]
		sections = append(sections, v.sourceSections("other-"+strconv.Itoa(i+1), "Also seen by "+o.Source+", "+o.Direction, o)...)
	}
	return append(sections, section{ID: "packet", Heading: "The frame", Facts: []fact{{"Packet", cell{Text: e.Packet}},
		{"Length", cell{Text: number(len(e.Frame)/2, "–", "bytes")}}}, Note: inHexadecimal, Text: e.Frame})
}

// sourceSections are about one source: what was decided, by whom, and the copy. Their IDs begin with id.
func (v *visit) sourceSections(id, heading string, e *api.ExplainedSource) []section {
	source := v.seen("/interfaces", api.PathInterfaces, e.SourceID, e.Source)
	facts := []fact{{"Outcome", state(e.Outcome, "")}, {"Mirror source", source}, {"Direction", cell{Text: e.Direction}}}
	if e.Exclusion != "" {
		facts = append(facts, fact{"Kind of traffic", cell{Text: e.Exclusion}})
	}
	if e.Session != "" {
		facts = append(facts, fact{"Session", v.seen("/sessions", api.PathSessions, e.SessionID, e.Session)}, fact{"Rule", v.deciding(e)})
	}
	if e.Skipped != "" {
		facts = append(facts, fact{"No copy", cell{Text: e.Skipped, Badge: "bad"}})
	}
	sections := []section{{ID: id, Heading: heading, Facts: facts}}
	if len(e.Sessions) > 0 {
		sections = append(sections, section{ID: id + "-sessions", Heading: "Sessions of " + e.Source + ", in the order they were asked", Table: v.askedTable(e)})
	}
	if e.Copy != nil {
		sections = append(sections, v.copySection(id+"-copy", e.Copy))
	}
	return sections
}

// deciding is the rule that accepted the frame, on the page of its filter.
func (v *visit) deciding(e *api.ExplainedSource) cell {
	if e.RuleNumber == 0 {
		return cell{Text: "none: a network service"}
	}
	rule := cell{Text: "rule " + strconv.Itoa(e.RuleNumber), Title: e.RuleID}
	for i := range e.Sessions {
		if e.Sessions[i].SessionID == e.SessionID {
			rule.Path = v.seen("/filters", api.PathFilters, e.Sessions[i].FilterID, "").Path
		}
	}
	return rule
}

func (v *visit) askedTable(e *api.ExplainedSource) *table {
	t := &table{Caption: "Sessions that were asked, " + e.Source, Headings: []heading{{Label: "Session"}, {Label: "Number"}, {Label: "Filter"}, {Label: "Decision"}, {Label: "Rule"}, {Label: "Why"}}}
	for i := range e.Sessions {
		s := &e.Sessions[i]
		rule, filter := cell{Text: "–"}, v.seen("/filters", api.PathFilters, s.FilterID, s.Filter)
		if s.RuleNumber != 0 {
			rule = cell{Text: "rule " + strconv.Itoa(s.RuleNumber), Path: filter.Path, Title: s.RuleID}
		}
		t.Rows = append(t.Rows, []cell{v.seen("/sessions", api.PathSessions, s.SessionID, s.Session), {Text: strconv.Itoa(s.Number)}, filter, state(s.Decision, ""), rule, {Text: sentence(s.Why)}})
	}
	return t
}

// portVXLAN is the UDP port that copies go to (RFC 7348 section 5).
const portVXLAN = "4789"

// inHexadecimal tells what the text of a section is.
const inHexadecimal = "In hexadecimal, whole, it stands below."

func (v *visit) copySection(id string, c *api.ExplainedCopy) section {
	length := number(c.InnerLength, "0", "bytes")
	if c.Truncated {
		length += ", truncated"
	}
	return section{ID: id, Heading: "The copy", Note: inHexadecimal, Text: c.Frame, Facts: []fact{
		{"Mirror target", v.seen("/targets", api.PathTargets, c.TargetID, c.Target)}, {"Tunnel port", cell{Text: c.TunnelPort}},
		{"Outer Ethernet", cell{Text: dash(c.SourceMAC) + " to " + dash(c.DestinationMAC), Code: true}},
		{"Outer IP", cell{Text: dash(c.OuterSource) + " to " + dash(c.OuterDestination), Code: true}}, {"TTL or hop limit", cell{Text: digitsOf(c.HopLimit)}},
		{"UDP ports", cell{Text: digitsOf(c.SourcePort) + " to " + portVXLAN, Code: true}}, {"VNI", cell{Text: digitsOf(c.VirtualNetworkID)}},
		{"Of the frame", cell{Text: length}}, {"Outer frame", cell{Text: number(len(c.Frame)/2, "–", "bytes")}},
	}}
}

// seen is a link to a resource, for who may see it.
func (v *visit) seen(path, apiPath, id, name string) cell {
	if !v.may("GET", apiPath) {
		return cell{Text: name, Title: id}
	}
	return reference(path, id, name)
}
