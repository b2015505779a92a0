package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestGrowthsMirrorEveryFrameOnce, whatever there is more of.
func TestGrowthsMirrorEveryFrameOnce(t *testing.T) {
	for _, g := range growths() {
		for _, n := range g.values {
			if n > 1000 {
				continue // as large ones are among the workloads
			}
			s, port := snapshot(t, g.of(n))
			got := map[string]int{"sources": len(s.Sources), "sessions": len(s.Sessions), "rules": ruleCount(s), "flows": len(g.of(n).frames())}
			got["flows-rules"] = got["flows"]
			if got[g.name] != n {
				t.Errorf("%d %s, want %d", got[g.name], g.name, n)
			}
			checkVerdicts(t, s, port, g.of(n), every(g.of(n).frames(), 7))
		}
	}
}

func TestDrawGrowth(t *testing.T) {
	b := &bench{options: options{plots: t.TempDir(), runs: 2}}
	g := growths()[0]
	var points []row
	for range g.values {
		points = append(points, row{Value: 10, Values: []float64{8, 12.5}, PeerValue: 50, PeerValues: []float64{40, 60}})
	}
	if err := b.drawGrowth(g, points); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(b.plots, "growth-sources.svg"))
	if err != nil || !bytes.Contains(text, []byte("Cost of sources")) || !bytes.Contains(text, []byte("10,000")) {
		t.Errorf("%v: %s", err, text)
	}
	if p := perFrame(1, 10, []float64{8, 12.5}); p.Y != 100 || p.Low != 80 || p.High != 125 {
		t.Errorf("%+v", p)
	}
}
