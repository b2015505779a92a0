package metrics

import (
	"bufio"
	"fmt"
	"io"
	"testing"

	"mirrorgw/ctl/report"
)

// BenchmarkScrape writes 10,000 sessions with a source each.
func BenchmarkScrape(b *testing.B) {
	w := newWorld(b)
	for i := range 10_000 {
		source, session := fmt.Sprintf("source-%d", i), fmt.Sprintf("session-%d", i)
		w.report.Sources[source] = report.Source{ID: fmt.Sprintf("eni-%017x", i+100), Owner: "000000000000"}
		w.report.Sessions[session] = report.Session{ID: fmt.Sprintf("tms-%017x", i+100), Owner: "000000000000", Source: source, Target: "ids", Filter: "web",
			Ingress: report.Direction{MatchedPackets: 1 << 40, MatchedBytes: 1 << 50, MirroredPackets: 1 << 40, MirroredBytes: 1 << 50}}
	}
	var watch cloudWatch
	size := countingWriter(0)
	for b.Loop() {
		size = 0
		if err := write(bufio.NewWriterSize(&size, writeBuffer), look(&w.options, &watch)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size), "bytes/scrape")
}

// countingWriter counts bytes and keeps none.
type countingWriter int

var _ io.Writer = (*countingWriter)(nil)

func (c *countingWriter) Write(p []byte) (int, error) {
	*c += countingWriter(len(p))
	return len(p), nil
}
