package rules

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Small pools, so that random rules and random packets meet.
var (
	poolMACs      = [][6]byte{macWeb, macDB, macRouter}
	poolVLANs     = []int{VLANAny, 5, 6}
	poolProtocols = []int{6, 17, 1, 132, 47}
	poolPorts     = []uint16{0, 53, 80, 443, 65535}
	pool4         = addresses("10.0.0.5", "10.0.1.6", "192.0.2.1", "169.254.169.253", "169.254.169.254")
	pool6         = addresses("2001:db8::5", "2001:db8:1::6", "fd00:ec2::253", "::ffff:10.0.0.5")
	poolPrefixes4 = prefixes("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "192.0.2.1/32")
	poolPrefixes6 = prefixes("::/0", "2001:db8::/32", "2001:db8::5/128", "::ffff:0:0/96")
)

func addresses(texts ...string) (out []netip.Addr) {
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func genRange(t *rapid.T) *PortRange {
	if rapid.Bool().Draw(t, "anyPort") {
		return nil
	}
	a, b := rapid.SampledFrom(poolPorts).Draw(t, "a"), rapid.SampledFrom(poolPorts).Draw(t, "b")
	return &PortRange{First: min(a, b), Last: max(a, b)}
}

func genRule(t *rapid.T, number int) Rule {
	r := Rule{
		ID: fmt.Sprint("rule", number), Number: number,
		Direction: rapid.SampledFrom([]Direction{Ingress, Egress}).Draw(t, "direction"),
		Action:    rapid.SampledFrom([]Action{Reject, Accept}).Draw(t, "action"),
		Protocol:  rapid.SampledFrom(append([]int{-1}, poolProtocols...)).Draw(t, "protocol"),
	}
	if r.Protocol == ProtocolTCP || r.Protocol == ProtocolUDP {
		r.SrcPorts, r.DstPorts = genRange(t), genRange(t)
	}
	pool := rapid.SampledFrom([][]netip.Prefix{poolPrefixes4, poolPrefixes6}).Draw(t, "family")
	pool = append([]netip.Prefix{{}}, pool...)
	r.Source, r.Destination = rapid.SampledFrom(pool).Draw(t, "source"), rapid.SampledFrom(pool).Draw(t, "destination")
	return r
}

// genResources draws a valid configuration of up to 6 sources, 4 filters and 4 sessions a source.
func genResources(t *rapid.T) *Resources {
	r := testResources()
	r.Interfaces, r.Filters, r.Sessions = nil, nil, nil
	if rapid.Bool().Draw(t, "noExcludes") {
		r.Exclude = Exclude{}
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "filters") {
		f := Filter{Name: fmt.Sprint("filter", i), AmazonDNS: rapid.Bool().Draw(t, "dns")}
		for n := range rapid.IntRange(0, 6).Draw(t, "rules") {
			f.Rules = append(f.Rules, genRule(t, n+1))
		}
		r.Filters = append(r.Filters, f)
	}
	seen := map[Interface]bool{} // still without name
	for range rapid.IntRange(1, 6).Draw(t, "sources") {
		f := Interface{
			Port: rapid.IntRange(portWire0, portTap).Draw(t, "port"), VLAN: rapid.SampledFrom(poolVLANs).Draw(t, "vlan"),
		}
		if f.HasMAC = f.Port == portTap || rapid.Bool().Draw(t, "hasMAC"); f.HasMAC {
			f.MAC = rapid.SampledFrom(poolMACs).Draw(t, "mac")
		}
		if seen[f] {
			continue
		}
		seen[f] = true
		genSessions(t, r, len(r.Interfaces))
		f.Name = fmt.Sprint("source", len(r.Interfaces))
		r.Interfaces = append(r.Interfaces, f)
	}
	return r
}

func genSessions(t *rapid.T, r *Resources, source int) {
	numbers := rapid.SliceOfNDistinct(rapid.IntRange(1, 9), 0, 4, rapid.ID[int]).Draw(t, "numbers")
	for _, number := range numbers {
		filter := rapid.IntRange(0, len(r.Filters)-1).Draw(t, "filter")
		r.Sessions = append(r.Sessions, session(fmt.Sprintf("%d/%d", source, number), source, filter, number))
	}
}

// genFrame draws a frame that means something to such configurations, now and then cut.
func genFrame(t *rapid.T) []byte {
	pool := rapid.SampledFrom([][]netip.Addr{pool4, pool6}).Draw(t, "pool")
	p := Packet{
		SrcMAC: rapid.SampledFrom(poolMACs).Draw(t, "srcMAC"), DstMAC: rapid.SampledFrom(poolMACs).Draw(t, "dstMAC"),
		VLAN: rapid.SampledFrom(poolVLANs).Draw(t, "vlan"), Protocol: rapid.SampledFrom(poolProtocols).Draw(t, "protocol"),
		Src: rapid.SampledFrom(pool).Draw(t, "src"), Dst: rapid.SampledFrom(pool).Draw(t, "dst"),
		SrcPort: rapid.SampledFrom(poolPorts).Draw(t, "sport"), DstPort: rapid.SampledFrom(poolPorts).Draw(t, "dport"),
	}
	frame, err := BuildFrame(p)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
		frame = frame[:rapid.IntRange(0, len(frame)).Draw(t, "length")]
	}
	return frame
}

func compileOrFail(t *rapid.T, r *Resources) *Snapshot {
	s, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func genPort(t *rapid.T) int { return rapid.IntRange(portWire0, portTunnel).Draw(t, "rxPort") }

// At most two verdicts, egress first, no source twice; outcome and fields agree; Explain says the
// same as Evaluate.
func TestVerdictsAreConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, port, frame := compileOrFail(t, genResources(t)), genPort(t), genFrame(t)
		verdicts := Evaluate(s, port, frame, nil)
		if len(verdicts) > 2 || len(verdicts) == 2 &&
			(verdicts[0].Source == verdicts[1].Source || verdicts[0].Direction != Egress || verdicts[1].Direction != Ingress) {
			t.Fatalf("verdicts are %+v", verdicts)
		}
		for _, v := range verdicts {
			checkVerdict(t, s, v)
		}
		e := Explain(s, port, frame)
		if diff := gocmp.Diff(verdicts, e.Verdicts()); diff != "" {
			t.Fatalf("Evaluate (-) and Explain (+) differ:\n%s", diff)
		}
		if e.String() == "" {
			t.Fatal("the explanation is empty")
		}
	})
}

func checkVerdict(t *rapid.T, s *Snapshot, v Verdict) {
	switch {
	case (v.Outcome == Excluded) != (v.Exclusion != NotExcluded):
		t.Fatalf("outcome and exclusion disagree: %+v", v)
	case (v.Outcome == Matched) != (v.Session != NoSession):
		t.Fatalf("outcome and session disagree: %+v", v)
	case v.Outcome != Matched:
		if v.Rule != NoRule {
			t.Fatalf("a rule without a match: %+v", v)
		}
	case s.Sessions[v.Session].Source != v.Source:
		t.Fatalf("a session of another source: %+v", v)
	case v.Rule == NoRule:
		if !s.Filters[s.Sessions[v.Session].Filter].AmazonDNS {
			t.Fatalf("accepted by a service that the filter lacks: %+v", v)
		}
	case s.RulesOf(v.Session, v.Direction)[v.Rule].Action != Accept || s.RulesOf(v.Session, v.Direction)[v.Rule].Direction != v.Direction:
		t.Fatalf("accepted by the wrong rule: %+v", v)
	}
}

// named is a verdict in terms that do not depend on the order of the input.
func named(s *Snapshot, port int, frame []byte) []string {
	texts := decided(s, port, frame)
	for i, v := range Evaluate(s, port, frame, nil) {
		if v.Rule != NoRule {
			texts[i] += " " + s.RulesOf(v.Session, v.Direction)[v.Rule].ID
		}
	}
	return texts
}

// Rules and sessions work by number, not by where they stand in the input.
func TestInputOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, port, frame := genResources(t), genPort(t), genFrame(t)
		before := named(compileOrFail(t, r), port, frame)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shuffle := func(n int, swap func(i, j int)) { random.Shuffle(n, swap) }
		shuffle(len(r.Sessions), func(i, j int) { r.Sessions[i], r.Sessions[j] = r.Sessions[j], r.Sessions[i] })
		for f := range r.Filters {
			rules := r.Filters[f].Rules
			shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		}
		if after := named(compileOrFail(t, r), port, frame); !slices.Equal(before, after) {
			t.Fatalf("before %q, after shuffling %q", before, after)
		}
	})
}

// What a source does is what its first session, by number, does that accepts when it is alone:
// neither a reject nor the lack of a match in one session has a say in another.
func TestRejectStopsOneSessionOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, port, frame := genResources(t), genPort(t), genFrame(t)
		s := compileOrFail(t, r)
		for _, v := range Evaluate(s, port, frame, nil) {
			sessions := slices.DeleteFunc(slices.Clone(r.Sessions), func(e Session) bool { return e.Source != v.Source })
			slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.Number, b.Number) })
			want := ""
			for _, only := range sessions {
				if want == "" && acceptsAlone(t, r, only, port, frame, v) {
					want = only.Name
				}
			}
			got := ""
			if v.Outcome == Matched {
				got = s.Sessions[v.Session].Name
			}
			if got != want {
				t.Fatalf("session %q accepted, alone the first would be %q", got, want)
			}
		}
	})
}

// acceptsAlone reports whether a session accepts a frame when there is no other session.
func acceptsAlone(t *rapid.T, r *Resources, only Session, port int, frame []byte, like Verdict) bool {
	alone := *r
	alone.Sessions = []Session{only}
	for _, v := range Evaluate(compileOrFail(t, &alone), port, frame, nil) {
		if v.Source == like.Source && v.Direction == like.Direction {
			return v.Outcome == Matched
		}
	}
	return false
}
