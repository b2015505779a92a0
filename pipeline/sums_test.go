package pipeline

import (
	"testing"

	"mirrorgw/rules"
)

// A frame that is counted twice, not at all, or with other bytes breaks the law of its place.
func TestLawsOfOnePlace(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*SessionSum)
		law   int64
	}{
		"all accounted for": {func(*SessionSum) {}, 0},
		"one copy lost": {func(s *SessionSum) {
			s[rules.Egress].matched.packets, s[rules.Egress].matched.bytes = 4, 400
		}, 1 + 100},
		"one copy twice": {func(s *SessionSum) {
			s[rules.Egress].mirrored.packets, s[rules.Egress].mirrored.bytes = 3, 300
		}, 1 + 100},
		"other bytes": {func(s *SessionSum) { s[rules.Egress].mirrored.bytes = 150 }, 50},
		"other direction": {func(s *SessionSum) {
			s[rules.Ingress], s[rules.Egress].skipped[0] = s[rules.Egress], s[rules.Ingress].skipped[0]
		}, 1 + 100},
	} {
		var s SessionSum
		egress := &s[rules.Egress]
		egress.matched.packets, egress.matched.bytes = 3, 300
		egress.mirrored.packets, egress.mirrored.bytes = 2, 200
		egress.skipped[0].packets, egress.skipped[0].bytes = 1, 100
		c.spoil(&s)
		if law := s.Law(); law != c.law {
			t.Errorf("%s: law %d, want %d", name, law, c.law)
		}
	}
	var source SourceSum
	source[rules.Ingress].seen, source[rules.Ingress].matched, source[rules.Ingress].missed = 10, 3, 5
	source[rules.Ingress].excluded[rules.ExcludedARP] = 1
	if law := source.Law(); law != 1 {
		t.Errorf("a source that saw one frame more: law %d, want 1", law)
	}
}

// TestSumsAddEverything: a sum of sums says what its parts said together, and a cleared slot
// nothing.
func TestSumsAddEverything(t *testing.T) {
	k, err := NewCounters(Capacity{Sources: 2, Sessions: 2, Rules: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Free()
	for slot := range uint64(2) {
		usual, details := words(&k.sessions.usual[slot][rules.Egress]), words(&k.sessions.details[slot][rules.Egress])
		for i := range uint64(4) {
			usual[i], details[i] = 8*slot+i, 8*slot+4+i
		}
	}
	var one, both SessionSum
	k.AddSession(0, &one)
	k.AddSession(0, &both)
	k.AddSession(1, &both)
	if a, b := one.Counters(rules.Egress), both.Counters(rules.Egress); a.Matched != (Count{0, 1}) || a.Truncated != 4 || b.Matched.Packets != 8 || b.Matched.Bytes != 1+9 || b.Truncated != 4+12 {
		t.Errorf("one %+v, both %+v", a, b)
	}
	k.ClearSession(0)
	one = SessionSum{}
	if k.AddSession(0, &one); one != (SessionSum{}) {
		t.Errorf("a cleared slot has %+v", one)
	}
}

// TestTotalsDiffer: a frame that a source or session counted and the totals did not shows.
func TestTotalsDiffer(t *testing.T) {
	var sources SourceSum
	var sessions SessionSum
	sources[0].seen, sources[1].seen, sources[1].missed = 3, 4, 2
	sources[0].excluded[1], sessions[0].matched.packets = 1, 4
	sessions[0].mirrored.packets, sessions[0].skipped[2].packets = 3, 1
	totals := Totals{Seen: 7, Matched: 4, Missed: 2, Excluded: 1, Mirrored: 3, Skipped: 1}
	if off := totals.Differs(&sources, &sessions); off != 0 {
		t.Errorf("equal totals differ by %d", off)
	}
	sessions[1].skipped[0].packets = 5
	if off := totals.Differs(&sources, &sessions); off != 5 {
		t.Errorf("five frames more: %d", off)
	}
}
