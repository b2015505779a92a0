package rules

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// maxPassedShown bounds the rules that do not match in the text of one session: a filter may have
// 10,000, and an operator looks for the first few. The structure has them all.
const maxPassedShown = 10

// String tells the story to an operator, one line per step, without a newline at the end.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "frame of %d bytes on %s: %s\n", e.Length, e.portName(), e.Key)
	if len(e.Sources) == 0 {
		fmt.Fprintf(&b, "  %s\n", e.whyNoSource())
	}
	for i := range e.Sources {
		e.writeSource(&b, &e.Sources[i])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (e *Explanation) portName() string {
	if e.Port < 0 || e.Port >= len(e.Snapshot.Ports) {
		return fmt.Sprintf("port #%d", e.Port)
	}
	return label("port", e.Snapshot.Ports[e.Port].Name, "", e.Port)
}

func (e *Explanation) whyNoSource() string {
	if e.Port < 0 || e.Port >= len(e.Snapshot.Ports) {
		return "not mirrored: there is no such port"
	}
	switch e.Snapshot.Ports[e.Port].Role {
	case RoleTunnel:
		return "not mirrored: nothing that enters a tunnel port is"
	case RoleTap:
		return "not mirrored: no source on this tap has the frame's source or destination MAC (and VLAN)"
	}
	return fmt.Sprintf("not mirrored: no source on %s has the frame's source MAC (and VLAN), none on its peer %q the destination MAC",
		e.portName(), e.Snapshot.Ports[e.Snapshot.Ports[e.Port].Peer].Name)
}

func (e *Explanation) writeSource(b *strings.Builder, t *SourceTrace) {
	src := &e.Snapshot.Sources[t.Verdict.Source]
	fmt.Fprintf(b, "%s of %s: %s\n", t.Verdict.Direction, label("source", src.Name, src.ID, t.Verdict.Source), e.conclusion(t))
	for i := range t.Sessions {
		e.writeSession(b, t.Verdict.Direction, &t.Sessions[i])
	}
}

func (e *Explanation) conclusion(t *SourceTrace) string {
	switch {
	case t.Verdict.Outcome == Excluded && t.Verdict.Exclusion == ExcludedOwnCopy:
		return "not mirrored: it is a copy on its way to a target (UDP 4789), and copies are never copied again"
	case t.Verdict.Outcome == Excluded && t.Verdict.Exclusion == ExcludedAmazonDNS:
		return "not mirrored: DNS traffic of a configured resolver, and no filter of this source has the service amazon-dns"
	case t.Verdict.Outcome == Excluded:
		return fmt.Sprintf("not mirrored: %s traffic is excluded", t.Verdict.Exclusion)
	case t.Verdict.Outcome == Matched:
		entry := &e.Snapshot.Sessions[t.Verdict.Session]
		target := &e.Snapshot.Targets[entry.Target]
		session := label("session", entry.Name, entry.ID, t.Verdict.Session)
		if t.Verdict.SampledOut {
			return fmt.Sprintf("not mirrored: accepted by %s, which mirrors one flow in %d, and this flow is not one of them", session, entry.SampleOneIn)
		}
		return fmt.Sprintf("mirrored by %s to %s (%s, VNI %d)", session,
			label("target", target.Name, target.ID, entry.Target), target.place(), entry.VNI)
	case len(t.Sessions) == 0:
		return "not mirrored: the source has no sessions"
	}
	return "not mirrored: no session accepts it"
}

func (e *Explanation) writeSession(b *strings.Builder, d Direction, t *SessionTrace) {
	entry := &e.Snapshot.Sessions[t.Session]
	filter := e.Snapshot.Filters[entry.Filter]
	list := filter.Rules[d]
	fmt.Fprintf(b, "  session %d %q, %s: %s\n", entry.Number, nameOr(entry.Name, entry.ID),
		label("filter", filter.Name, filter.ID, entry.Filter), e.decision(d, t))
	for i, p := range t.Passed {
		if i == maxPassedShown {
			fmt.Fprintf(b, "    and %d more that do not match\n", len(t.Passed)-i)
			break
		}
		r := &list[p.Rule]
		fmt.Fprintf(b, "    rule %d (%s) does not match: %s\n", r.Number, r, p.Mismatch)
	}
	if t.Rule != NoRule {
		r := &list[t.Rule]
		fmt.Fprintf(b, "    rule %d (%s) matches\n", r.Number, r)
	}
}

func (e *Explanation) decision(d Direction, t *SessionTrace) string {
	list := e.Snapshot.RulesOf(t.Session, d)
	switch t.Decision {
	case AcceptedByRule:
		return fmt.Sprintf("accepted by %s rule %d", d, list[t.Rule].Number)
	case RejectedByRule:
		return fmt.Sprintf("rejected by %s rule %d, next session", d, list[t.Rule].Number)
	case AcceptedByService:
		return "accepted by its service amazon-dns, whatever the rules say"
	case NoService:
		return "passed over, it has no service amazon-dns"
	}
	if len(list) == 0 {
		return fmt.Sprintf("it has no %s rules, next session", d)
	}
	return fmt.Sprintf("no %s rule matches, next session", d)
}

func nameOr(name, id string) string {
	if name != "" {
		return name
	}
	return id
}

// String describes what the rule selects and says about it: "accept tcp from 10.0.0.0/8 to any
// ports 80-443".
func (r *Rule) String() string {
	protocol := "any protocol"
	if r.Protocol >= 0 {
		protocol = protocolName(r.Protocol)
	}
	return fmt.Sprintf("%s %s from %s to %s", r.Action, protocol, endText(r.Source, r.SrcPorts), endText(r.Destination, r.DstPorts))
}

func endText(p netip.Prefix, ports *PortRange) string {
	text := "any"
	if p.IsValid() {
		text = p.String()
	}
	switch {
	case ports == nil:
		return text
	case ports.First == ports.Last:
		return fmt.Sprintf("%s port %d", text, ports.First)
	}
	return fmt.Sprintf("%s ports %d-%d", text, ports.First, ports.Last)
}

func protocolName(protocol int) string {
	switch protocol {
	case ProtocolICMP:
		return "icmp"
	case ProtocolTCP:
		return "tcp"
	case ProtocolUDP:
		return "udp"
	case ProtocolICMPv6:
		return "icmpv6"
	case ProtocolSCTP:
		return "sctp"
	case ProtocolUnknown:
		return "unknown protocol"
	}
	return "protocol " + strconv.Itoa(protocol)
}

// String describes the packet in one line.
func (k Key) String() string {
	if !k.HasEthernet {
		return "shorter than an Ethernet header"
	}
	text := fmt.Sprintf("%s > %s", net.HardwareAddr(k.SrcMAC[:]), net.HardwareAddr(k.DstMAC[:]))
	if k.VLAN != VLANNone {
		text += fmt.Sprintf(", vlan %d", k.VLAN)
	}
	if k.Family == 0 {
		return fmt.Sprintf("%s, EtherType 0x%04x, %s", text, k.EtherType, strings.ReplaceAll(k.Class.String(), "_", " "))
	}
	return text + ", " + k.ipText()
}

func (k *Key) ipText() string {
	src, dst := k.Src.String(), k.Dst.String()
	if k.HasPorts {
		src = netip.AddrPortFrom(k.Src, k.SrcPort).String()
		dst = netip.AddrPortFrom(k.Dst, k.DstPort).String()
	}
	text := fmt.Sprintf("%s %s > %s", protocolName(k.Protocol), src, dst)
	switch {
	case k.HasICMP:
		text += fmt.Sprintf(", type %d code %d", k.ICMPType, k.ICMPCode)
	case k.NonFirst:
		text += ", fragment other than the first (no ports)"
	case k.FirstFragment:
		text += ", first fragment"
	}
	return text
}
