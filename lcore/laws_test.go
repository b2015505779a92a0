package lcore

import (
	"testing"

	"mirrorgw/pipeline"
)

// A frame that is counted twice, not at all, or with other bytes breaks the law of its place.
func TestLawsOfOnePlace(t *testing.T) {
	count := func(packets, bytes uint64) pipeline.Count { return pipeline.Count{Packets: packets, Bytes: bytes} }
	skipped := pipeline.CountsByReason{"mempool": count(1, 100)}
	for name, c := range map[string]struct {
		counters pipeline.SessionCounters
		law      int64
	}{
		"all accounted for": {pipeline.SessionCounters{Matched: count(3, 300), Mirrored: count(2, 200), Skipped: skipped}, 0},
		"one copy lost":     {pipeline.SessionCounters{Matched: count(4, 400), Mirrored: count(2, 200), Skipped: skipped}, 1 + 100},
		"one copy twice":    {pipeline.SessionCounters{Matched: count(3, 300), Mirrored: count(3, 300), Skipped: skipped}, 1 + 100},
		"other bytes":       {pipeline.SessionCounters{Matched: count(3, 300), Mirrored: count(2, 150), Skipped: skipped}, 50},
	} {
		if law := sessionLaw(c.counters); law != c.law {
			t.Errorf("%s: law %d, want %d", name, law, c.law)
		}
	}
	source := pipeline.SourceCounters{Seen: 10, Matched: 3, Missed: 5, Excluded: pipeline.Reasons{"arp": 1}}
	if law := sourceLaw(source); law != 1 {
		t.Errorf("a source that saw one frame more: law %d, want 1", law)
	}
}
