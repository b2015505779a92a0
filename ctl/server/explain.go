package server

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
	"mirrorgw/vxlan"
)

// outcomeNotSeen is the outcome of a frame that the source does not see.
const outcomeNotSeen = "not-seen"

// question is what explain asks the data path.
type question struct {
	source    *ctl.Interface
	direction rules.Direction
	port      int // that the frame arrives on, index in the configuration
	frame     []byte
}

func (s *Server) explain(x *exchange) (*answer, error) {
	var w api.ExplainRequest
	if err := strictjson.Decode(x.body, &w); err != nil {
		return nil, err
	}
	if s.Explainer == nil {
		return nil, fault(api.CodeUnavailable, "", "there is no data path to ask yet; try again when the gateway forwards")
	}
	q, err := s.question(x, &w)
	if err != nil {
		return nil, err
	}
	decided, err := s.Explainer.Explain(q.port, q.frame)
	if err != nil {
		return nil, fault(api.CodeUnavailable, "", "the data path could not be asked (%v); try again when the gateway forwards", err)
	}
	why := rules.Explain(decided.Snapshot, q.port, q.frame)
	if err := agree(decided, &why); err != nil {
		return nil, err
	}
	return &answer{value: s.explanation(q, decided, &why)}, nil
}

// question finds the source and the port that its traffic of the direction arrives on.
func (s *Server) question(x *exchange, w *api.ExplainRequest) (*question, error) {
	q := &question{}
	switch w.Direction {
	case "ingress":
		q.direction = rules.Ingress
	case "egress":
		q.direction = rules.Egress
	default:
		var f faults
		f.choice("direction", w.Direction, "ingress", "egress")
		return nil, f.err()
	}
	if w.Source == "" {
		return nil, fault(api.CodeMissingValue, "source", "source is missing; give it the name or identifier of a network interface")
	}
	s.Store.Read(func(v *store.View) { q.source, _ = v.Interface(orDefaultAccount(x.account()), w.Source) })
	if q.source == nil {
		return nil, fault(api.CodeNotFound, "source", "there is no network interface %q; GET %s lists them", w.Source, api.PathInterfaces)
	}
	if q.port = s.Config.PortIndex(q.source.Port); q.port < 0 {
		return nil, fault(api.CodeInvalidValue, "source", "network interface %q is on no port of this gateway, so that it sees no traffic; set its port", w.Source)
	}
	if at := &s.Config.Ports[q.port]; q.direction == rules.Ingress && at.Role == rules.RoleWire {
		q.port = s.Config.PortIndex(at.Peer)
	}
	var err error
	q.frame, err = readFrame(w, q.source, q.direction)
	return q, err
}

// agree compares the data path with the reference implementation. They are written apart so
// that a defect of one shows here.
func agree(decided *ctl.Decided, why *rules.Explanation) error {
	production := judged(decided.Snapshot, decided.Verdicts)
	reference := judged(decided.Snapshot, why.Verdicts())
	if slices.Equal(production, reference) {
		return nil
	}
	return fault(api.CodeInternal, "", "the data path decided %+v and the reference %+v for the same frame; this is a defect of the gateway, report it with this answer",
		production, reference)
}

// judged are the verdicts of sources that have sessions, in a fixed order. The data path does not
// know the others.
func judged(s *rules.Snapshot, verdicts []rules.Verdict) []rules.Verdict {
	var some []rules.Verdict
	for _, v := range verdicts {
		if s.Sources[v.Source].Count > 0 {
			some = append(some, v)
		}
	}
	slices.SortFunc(some, func(a, b rules.Verdict) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Direction, b.Direction))
	})
	return some
}

func (s *Server) explanation(q *question, decided *ctl.Decided, why *rules.Explanation) api.Explanation {
	e := api.Explanation{Outcome: outcomeNotSeen, Packet: why.Key.String(), Frame: hex.EncodeToString(q.frame),
		Source: q.source.Name, SourceID: q.source.ID, Direction: q.direction.String(), Text: why.String()}
	for i := range why.Sources {
		w := s.explainSource(decided, &why.Sources[i], len(q.frame))
		if w.SourceID != q.source.ID || w.Direction != e.Direction {
			e.Others = append(e.Others, w)
			continue
		}
		e.Outcome, e.Exclusion, e.Sessions, e.Skipped, e.Copy = w.Outcome, w.Exclusion, w.Sessions, w.Skipped, w.Copy
		e.Session, e.SessionID, e.RuleNumber, e.RuleID = w.Session, w.SessionID, w.RuleNumber, w.RuleID
		if e.Skipped != "" {
			e.Text += "\nno copy would be sent: " + e.Skipped
		}
		if e.Copy != nil {
			e.Text += "\n" + copyText(e.Copy)
		}
	}
	return e
}

// explainSource is what one source decided of a frame with a length in bytes.
func (s *Server) explainSource(decided *ctl.Decided, trace *rules.SourceTrace, length int) api.ExplainedSource {
	v := &trace.Verdict
	source := &decided.Snapshot.Sources[v.Source]
	w := api.ExplainedSource{Source: source.Name, SourceID: source.ID, Direction: v.Direction.String(), Outcome: v.Outcome.String(), Exclusion: v.Exclusion.String()}
	for i := range trace.Sessions {
		w.Sessions = append(w.Sessions, explainSession(decided.Snapshot, v.Direction, &trace.Sessions[i]))
	}
	if v.Outcome == rules.Matched {
		s.explainMatch(&w, decided, v, length)
	}
	return w
}

// explainMatch adds the session and rule that decided, and the copy.
func (s *Server) explainMatch(w *api.ExplainedSource, decided *ctl.Decided, v *rules.Verdict, length int) {
	session := &decided.Snapshot.Sessions[v.Session]
	w.Session, w.SessionID = session.Name, session.ID
	if v.Rule != rules.NoRule {
		rule := &decided.Snapshot.RulesOf(v.Session, v.Direction)[v.Rule]
		w.RuleNumber, w.RuleID = rule.Number, rule.ID
	}
	for _, skip := range decided.Skipped {
		if skip.Session == v.Session && skip.Direction == v.Direction {
			w.Skipped = skip.Reason
		}
	}
	for _, c := range decided.Copies {
		if c.Session == v.Session && c.Direction == v.Direction {
			w.Copy = s.explainCopy(decided.Snapshot, &c, length)
		}
	}
}

func (s *Server) explainCopy(snapshot *rules.Snapshot, c *ctl.Copy, length int) *api.ExplainedCopy {
	target := &snapshot.Targets[snapshot.Sessions[c.Session].Target]
	w := &api.ExplainedCopy{Target: target.Name, TargetID: target.ID,
		TunnelPort: s.Config.Ports[c.Port].Name, Frame: hex.EncodeToString(c.Frame)}
	outer, err := vxlan.Decode(c.Frame)
	if err != nil {
		s.Log.Error("the data path made a copy that cannot be decoded", "error", err, "frame", w.Frame)
		return w
	}
	w.SourceMAC, w.DestinationMAC, w.HopLimit = net.HardwareAddr(outer.SrcMAC[:]).String(), net.HardwareAddr(outer.DstMAC[:]).String(), int(outer.HopLimit)
	w.OuterSource, w.OuterDestination = outer.Src.String(), outer.Dst.String()
	w.SourcePort, w.VirtualNetworkID = int(outer.SrcPort), int(outer.VNI)
	w.InnerLength, w.Truncated = len(outer.Inner), len(outer.Inner) < length
	return w
}

func copyText(c *api.ExplainedCopy) string {
	cut := ""
	if c.Truncated {
		cut = ", truncated"
	}
	return fmt.Sprintf("copy to target %q by port %q: %s UDP port %d > %s, VNI %d, %d bytes of the frame%s",
		c.Target, c.TunnelPort, c.OuterSource, c.SourcePort, c.OuterDestination, c.VirtualNetworkID, c.InnerLength, cut)
}

var decisionWords = map[rules.Decision]string{
	rules.NoRuleMatched: "no-match", rules.RejectedByRule: "rejected", rules.AcceptedByRule: "accepted",
	rules.NoService: "no-service", rules.AcceptedByService: "service",
}

// maxPassed is how many rules that do not match are told; a filter may have 10,000.
const maxPassed = 10

func explainSession(snapshot *rules.Snapshot, d rules.Direction, t *rules.SessionTrace) api.ExplainedSession {
	session := &snapshot.Sessions[t.Session]
	list := snapshot.RulesOf(t.Session, d)
	filter := snapshot.Filters[session.Filter]
	w := api.ExplainedSession{Session: session.Name, SessionID: session.ID, Number: session.Number, Filter: filter.Name, FilterID: filter.ID,
		Decision: decisionWords[t.Decision]}
	var why []string
	for i, passed := range t.Passed {
		if i == maxPassed {
			why = append(why, fmt.Sprintf("%d more do not match", len(t.Passed)-i))
			break
		}
		why = append(why, fmt.Sprintf("rule %d does not match: %s", list[passed.Rule].Number, passed.Mismatch))
	}
	if t.Rule != rules.NoRule {
		rule := &list[t.Rule]
		w.RuleNumber, w.RuleID = rule.Number, rule.ID
		why = append(why, fmt.Sprintf("rule %d matches: %s", rule.Number, rule))
	} else if len(list) == 0 && t.Decision == rules.NoRuleMatched {
		why = append(why, fmt.Sprintf("the filter has no %s rules", d))
	}
	if t.Decision == rules.NoService || t.Decision == rules.AcceptedByService {
		why = append(why, t.Decision.String())
	}
	w.Why = strings.Join(why, "; ")
	return w
}
