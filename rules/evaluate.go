package rules

// Evaluate says what is to happen to a frame received on a port (index in s.Ports), for every
// source that sees it: at most two verdicts, egress first, and at most one per source. It is the
// reference that the data path is judged against, so it is naive on purpose: linear scans in the
// order of the specification. A port out of range, like a tunnel port, has no sources. What is known
// of fragments seen before is in the table, which learns from this frame; nil is a single frame, of
// whose datagram nothing is known.
func Evaluate(s *Snapshot, port int, frame []byte, fragments *Fragments) []Verdict {
	k := Parse(frame)
	var verdicts []Verdict
	for _, seen := range sightings(s, port, &k) {
		verdicts = append(verdicts, fragments.judge(s, seen, &k))
	}
	return verdicts
}

// sighting is a source that sees a frame, and the frame's direction as that source sees it.
type sighting struct {
	source    int
	direction Direction
}

// sightings finds the sources that see a frame, egress first (docs/semantics.md). On a
// tap a frame whose two MACs belong to one source is that source's egress only: a packet is
// mirrored at most once per source.
func sightings(s *Snapshot, port int, k *Key) []sighting {
	if port < 0 || port >= len(s.Ports) || s.Ports[port].Role == RoleTunnel {
		return nil
	}
	leaves := port // the port through which a source would receive the frame
	if s.Ports[port].Role == RoleWire {
		leaves = s.Ports[port].Peer
	}
	var seen []sighting
	from, found := findSource(s, port, k.SrcMAC, k)
	if found {
		seen = append(seen, sighting{from, Egress})
	}
	to, foundTo := findSource(s, leaves, k.DstMAC, k)
	if foundTo && !(found && from == to) {
		seen = append(seen, sighting{to, Ingress})
	}
	return seen
}

// findSource returns the most specific source for a MAC on a port: (port, mac, vlan), (port,
// mac), (port, vlan), (port). A frame without Ethernet header has neither MAC nor VLAN.
func findSource(s *Snapshot, port int, mac [6]byte, k *Key) (source int, found bool) {
	sameMAC := func(src *Source) bool { return src.HasMAC && k.HasEthernet && src.MAC == mac }
	anyMAC := func(src *Source) bool { return !src.HasMAC }
	sameVLAN := func(src *Source) bool { return src.VLAN != VLANAny && k.VLAN != VLANNone && src.VLAN == k.VLAN }
	anyVLAN := func(src *Source) bool { return src.VLAN == VLANAny }
	for _, try := range []struct{ mac, vlan func(*Source) bool }{
		{sameMAC, sameVLAN}, {sameMAC, anyVLAN}, {anyMAC, sameVLAN}, {anyMAC, anyVLAN},
	} {
		for i := range s.Sources {
			src := &s.Sources[i]
			if src.Port == port && try.mac(src) && try.vlan(src) {
				return i, true
			}
		}
	}
	return 0, false
}

// judge decides what happens to a frame at one source. With a trace it also writes down why.
func judge(s *Snapshot, seen sighting, k *Key, t *SourceTrace) Verdict {
	v := Verdict{Source: seen.source, Direction: seen.direction, Session: NoSession, Rule: NoRule}
	if v.Exclusion = s.exclusion(k); v.Exclusion != NotExcluded {
		v.Outcome = Excluded
		return v
	}
	if isResolverTraffic(s.Resolvers, k) {
		return judgeResolver(s, v, k, t)
	}
	src := &s.Sources[v.Source]
	for session := src.First; session < src.First+src.Count; session++ {
		rule, accepted := decide(s, session, seen.direction, k, t)
		if accepted {
			return s.match(v, session, rule, k)
		}
	}
	return v
}

// match completes the verdict of a frame that a session accepted.
func (s *Snapshot) match(v Verdict, session, rule int, k *Key) Verdict {
	v.Outcome, v.Session, v.Rule = Matched, session, rule
	v.SampledOut = s.Sessions[session].samplesOut(k)
	return v
}

// exclusion returns the reason for which no rule is asked, NotExcluded if there is none.
func (s *Snapshot) exclusion(k *Key) Exclusion {
	if isOwnCopy(s, k) {
		return ExcludedOwnCopy
	}
	return s.Exclude.Of(k)
}

// judgeResolver decides resolver traffic: rules have no say in it (AWS guide, "Traffic mirror
// filters and filter rules": all traffic of a network service is mirrored).
func judgeResolver(s *Snapshot, v Verdict, k *Key, t *SourceTrace) Verdict {
	src := &s.Sources[v.Source]
	for session := src.First; session < src.First+src.Count; session++ {
		if !s.Filters[s.Sessions[session].Filter].AmazonDNS {
			t.session(session, NoService, NoRule)
			continue
		}
		t.session(session, AcceptedByService, NoRule)
		return s.match(v, session, NoRule, k)
	}
	v.Outcome, v.Exclusion = Excluded, ExcludedAmazonDNS
	return v
}

// decide finds the first matching rule of one session: accept mirrors, reject and no match hand
// the packet to the next session.
func decide(s *Snapshot, session int, d Direction, k *Key, t *SourceTrace) (rule int, accepted bool) {
	list := s.RulesOf(session, d)
	for i := range list {
		r := &list[i]
		if m := r.Mismatch(k); m != MismatchNone {
			t.passed(i, m)
			continue
		}
		if r.Action == Accept {
			t.session(session, AcceptedByRule, i)
			return i, true
		}
		t.session(session, RejectedByRule, i)
		return i, false
	}
	t.session(session, NoRuleMatched, NoRule)
	return NoRule, false
}
