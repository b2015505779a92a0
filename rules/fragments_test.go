package rules

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// piece is a UDP fragment from web-1: identification, word of flags and offset, destination port
// (which only a first fragment really has).
func piece(t testing.TB, id, flags, port uint16) []byte {
	return unhex(t, "02000000000a 020000000001 0800 45 00 0028 "+fmt.Sprintf("%04x %04x", id, flags)+
		" 40 11"+ip4Addr+fmt.Sprintf("1234 %04x 00000000", port))
}

// piece6 is the same over IPv6; flags has the offset in its upper 13 bits and M in the lowest.
func piece6(t testing.TB, id uint32, flags, port uint16, next byte) []byte {
	return unhex(t, "02000000000a 020000000001 86dd "+ip6Head+"2c"+ip6Addr+
		fmt.Sprintf("%02x00 %04x %08x 1234 %04x 00000000", next, flags, id, port))
}

// webWithPorts mirrors UDP to port 80 by its first session, and what is left by a second one.
func webWithPorts(rest bool) *Resources {
	r := testResources()
	r.Filters = []Filter{
		{Name: "port-80", Rules: []Rule{{Direction: Egress, Number: 1, Action: Accept, Protocol: 17, DstPorts: &PortRange{80, 80}}}},
		{Name: "udp", Rules: []Rule{acceptAll(Egress, 1, 17)}},
	}
	r.Sessions = []Session{session("ports", 0, 0, 1)}
	if rest {
		r.Sessions = append(r.Sessions, session("rest", 0, 1, 2))
	}
	return r
}

func TestLaterFragmentsInherit(t *testing.T) {
	s, withRest := mustCompile(t, webWithPorts(false)), mustCompile(t, webWithPorts(true))
	const first, later, last = 0x2000, 0x2001, 0x0002
	type step struct {
		frame []byte
		after time.Duration
		want  string
	}
	for _, c := range []struct {
		name  string
		s     *Snapshot
		steps []step
	}{
		{"all of a datagram", s, []step{{piece(t, 7, first, 80), 0, "ports"}, {piece(t, 7, later, 9), 0, "ports"}, {piece(t, 7, last, 9), 0, "ports"}}},
		{"missed like the first", s, []step{{piece(t, 7, first, 81), 0, "missed"}, {piece(t, 7, later, 80), 0, "missed"}}},
		{"all to one session", withRest, []step{{piece(t, 7, first, 80), 0, "ports"}, {piece(t, 7, later, 9), 0, "ports"}, {piece(t, 8, later, 9), 0, "rest"}}},
		{"never mirrored like the first", withRest, []step{{piece(t, 7, first, 123), 0, "ntp"}, {piece(t, 7, later, 9), 0, "ntp"}}},
		{"the first is unknown", s, []step{{piece(t, 7, later, 80), 0, "missed"}, {piece(t, 7, first, 80), 0, "ports"}, {piece(t, 7, last, 9), 0, "ports"}}},
		{"the first of two counts no more", s, []step{{piece(t, 7, first, 80), 0, "ports"}, {piece(t, 7, first, 81), 0, "missed"}, {piece(t, 7, last, 9), 0, "missed"}}},
		{"another protocol", s, []step{{piece(t, 7, first, 80), 0, "ports"}, {icmpOf(piece(t, 7, later, 9)), 0, "missed"}}},
		{"just in time", s, []step{{piece(t, 7, first, 80), 0, "ports"}, {piece(t, 7, later, 9), FragmentLife - 1, "ports"}}},
		{"too late", s, []step{{piece(t, 7, first, 80), 0, "ports"}, {piece(t, 7, later, 9), FragmentLife, "missed"}}},
		{"IPv6", s, []step{{piece6(t, 1<<31, 1, 80, 17), 0, "ports"}, {piece6(t, 1<<31, 8, 9, 17), 0, "ports"}, {piece6(t, 1, 8, 9, 17), 0, "missed"}}},
		{"IPv6 goes by the first's next header", s, []step{{piece6(t, 5, 1, 80, 17), 0, "ports"}, {piece6(t, 5, 8, 9, 60), 0, "ports"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, now := &Fragments{}, time.Duration(0)
			for i, step := range c.steps {
				now += step.after
				f.SetTime(now)
				v := Evaluate(c.s, portWire0, step.frame, f)[0]
				got := v.Outcome.String()
				switch v.Outcome {
				case Matched:
					got = c.s.Sessions[v.Session].Name
				case Excluded:
					got = v.Exclusion.String()
				}
				if got != step.want || v.Inherited && v.Rule != NoRule {
					t.Errorf("frame %d: %s (%+v), want %s", i, got, v, step.want)
				}
			}
		})
	}
}

func icmpOf(frame []byte) []byte { frame[23] = 1; return frame }

// What one configuration decided says nothing under another.
func TestInheritanceEndsWithTheSnapshot(t *testing.T) {
	f := &Fragments{}
	Evaluate(mustCompile(t, webWithPorts(false)), portWire0, piece(t, 7, 0x2000, 80), f)
	if v := Evaluate(mustCompile(t, webWithPorts(false)), portWire0, piece(t, 7, 1, 9), f)[0]; v.Inherited || v.Outcome != Missed {
		t.Errorf("after a change: %+v", v)
	}
}

// Whatever else comes in between, every fragment behind its first has the first's outcome, and
// frames that are no fragments are judged as without a table.
func TestInheritanceProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := compileOrFail(t, genResources(t))
		f, first := &Fragments{}, map[string][]Verdict{}
		for range rapid.IntRange(1, 30).Draw(t, "frames") {
			frame, id := genFrame(t), byte(rapid.IntRange(1, 3).Draw(t, "id"))
			offset := byte(rapid.IntRange(0, 2).Draw(t, "offset"))
			if !makeFragment(frame, id, offset) {
				if got, want := Evaluate(s, portWire0, frame, f), Evaluate(s, portWire0, frame, nil); !slices.Equal(got, want) {
					t.Fatalf("not a fragment: %+v, without a table %+v", got, want)
				}
				continue
			}
			got := Evaluate(s, portWire0, frame, f)
			name := hex.EncodeToString(frame[:14]) + hex.EncodeToString(frame[26:34]) + string([]byte{id, frame[23]})
			if offset == 0 {
				first[name] = got
			} else if want, ok := first[name]; ok && !sameOutcomes(got, want) {
				t.Fatalf("a later fragment is %+v, its first was %+v", got, want)
			}
		}
	})
}

// makeFragment writes identification, flags and offset into an untagged IPv4 frame.
func makeFragment(frame []byte, id, offset byte) bool {
	if len(frame) < 34 || frame[12] != 8 || frame[13] != 0 || frame[14] != 0x45 {
		return false
	}
	copy(frame[18:22], []byte{0, id, 0x20, offset})
	return true
}

func sameOutcomes(a, b []Verdict) bool {
	return slices.EqualFunc(a, b, func(a, b Verdict) bool {
		a.Rule, a.Inherited, b.Rule, b.Inherited = NoRule, false, NoRule, false
		return a == b
	})
}
