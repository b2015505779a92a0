package rules

import "fmt"

// Decision is what one session said about a packet.
type Decision uint8

// The ways in which a session ends.
const (
	NoRuleMatched     Decision = iota // no rule of the direction matches: next session
	RejectedByRule                    // the first matching rule rejects: next session
	AcceptedByRule                    // the first matching rule accepts: mirrored, done
	NoService                         // resolver traffic and a filter without amazon-dns: next session
	AcceptedByService                 // resolver traffic and a filter with amazon-dns: mirrored, done
	Decisions
)

func (d Decision) String() string {
	return [Decisions]string{"no rule matches", "rejected by rule", "accepted by rule",
		"filter without amazon-dns", "accepted by amazon-dns"}[d]
}

// RuleTrace is a rule that was tried and does not match.
type RuleTrace struct {
	Rule     int // index in Snapshot.RulesOf the session and the direction
	Mismatch Mismatch
}

// SessionTrace is what happened to a packet at one session.
type SessionTrace struct {
	Session  int // index in Snapshot.Sessions
	Decision Decision
	Rule     int         // the deciding rule, index in Snapshot.RulesOf, or NoRule
	Passed   []RuleTrace // rules tried before, in order
}

// SourceTrace is what happened to a packet at one source. Sessions that were not asked, because
// an exclusion or an earlier session had decided, are not in it.
type SourceTrace struct {
	Verdict  Verdict
	Sessions []SessionTrace

	pending []RuleTrace // of the session being tried
}

// passed notes a rule that does not match. A nil trace notes nothing: that is Evaluate.
func (t *SourceTrace) passed(rule int, m Mismatch) {
	if t != nil {
		t.pending = append(t.pending, RuleTrace{Rule: rule, Mismatch: m})
	}
}

// session notes how a session ended.
func (t *SourceTrace) session(session int, d Decision, rule int) {
	if t != nil {
		t.Sessions = append(t.Sessions, SessionTrace{Session: session, Decision: d, Rule: rule, Passed: t.pending})
		t.pending = nil
	}
}

// Explanation is the whole story of one frame. It refers to the Snapshot that it was made with.
type Explanation struct {
	Snapshot *Snapshot
	Port     int // index in Snapshot.Ports
	Length   int // of the frame, bytes
	Key      Key
	Sources  []SourceTrace // one per verdict of Evaluate, same order
}

// Explain does what Evaluate does of a single frame, with the same code, and keeps the reasons. A
// fragment other than the first is judged as if its first had not been seen.
func Explain(s *Snapshot, port int, frame []byte) Explanation {
	e := Explanation{Snapshot: s, Port: port, Length: len(frame), Key: Parse(frame)}
	for _, seen := range sightings(s, port, &e.Key) {
		t := SourceTrace{}
		t.Verdict = judge(s, seen, &e.Key, &t)
		e.Sources = append(e.Sources, t)
	}
	return e
}

// Verdicts returns what Evaluate returns for the same frame.
func (e *Explanation) Verdicts() []Verdict {
	var verdicts []Verdict
	for i := range e.Sources {
		verdicts = append(verdicts, e.Sources[i].Verdict)
	}
	return verdicts
}

// ExplainPacket explains a packet that need not exist: it is built by BuildFrame with the MAC and
// VLAN of the source (index in s.Sources) put on the side that the direction asks for, and enters
// through the port through which such a packet would come. A more specific source may still see
// it instead, and a source on the other end as well: the Explanation says so. Errors are those of
// BuildFrame, and a source out of range.
func ExplainPacket(s *Snapshot, source int, d Direction, p Packet) (Explanation, error) {
	if source < 0 || source >= len(s.Sources) {
		return Explanation{}, fmt.Errorf("there is no source %d; the snapshot has %d sources", source, len(s.Sources))
	}
	src := &s.Sources[source]
	if src.VLAN != VLANAny {
		p.VLAN = src.VLAN
	}
	port := src.Port
	if d == Ingress && s.Ports[port].Role == RoleWire {
		port = s.Ports[port].Peer
	}
	if src.HasMAC && d == Ingress {
		p.DstMAC = src.MAC
	}
	if src.HasMAC && d == Egress {
		p.SrcMAC = src.MAC
	}
	frame, err := BuildFrame(p)
	if err != nil {
		return Explanation{}, err
	}
	return Explain(s, port, frame), nil
}
