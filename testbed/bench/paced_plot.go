package main

import (
	"fmt"

	"mirrorgw/testbed/plot"
)

// draw shows what becomes of production and copies as the offered load grows.
func (c *curve) draw(path string) error {
	chart := plot.Line{
		Title: "Overload, " + c.Load,
		Note:  "one worker; a generator on the other CPU, over shared memory (net_memif)",
		X:     plot.Axis{Label: "offered, Mpps"},
		Y:     plot.Axis{Label: "Mpps"},
		Series: []plot.Series{
			series("production, everything mirrored", c.Mirrored, func(p loadPoint) float64 { return p.Production }),
			series("copies", c.Mirrored, func(p loadPoint) float64 { return p.Copies }),
		},
	}
	others := []plot.Series{series("production, no session", c.NoSession, func(p loadPoint) float64 { return p.Production })}
	if len(c.Beside) > 0 {
		others = append(others, series("production, Open vSwitch", c.Beside, func(p loadPoint) float64 { return p.Production }),
			series("copies, Open vSwitch", c.Beside, func(p loadPoint) float64 { return p.Copies }))
	}
	for _, s := range others {
		s.Dashed = true
		chart.Series = append(chart.Series, s)
	}
	return chart.WriteFile(path)
}

func series(name string, points []loadPoint, of func(loadPoint) float64) plot.Series {
	s := plot.Series{Name: name}
	for _, p := range points {
		s.Points = append(s.Points, plot.XY(p.Offered, of(p)))
	}
	return s
}

// draw shows p99 of a load at the parts of its rate.
func (l latencies) draw(load, path string) error {
	const p99 = 1 // index in latencyPercentiles
	mirrored, alone := plot.Series{Name: "everything mirrored"}, plot.Series{Name: "no session", Dashed: true}
	for i, part := range latencyParts {
		r := l[i][p99]
		r.summarize()
		mirrored.Points = append(mirrored.Points, plot.XY(100*part, r.Value))
		alone.Points = append(alone.Points, plot.XY(100*part, r.PeerValue))
	}
	chart := plot.Line{
		Title:  fmt.Sprintf("Production latency, %s, p99", load),
		Note:   "medians of runs; parts of the rate that is mirrored whole without loss",
		X:      plot.Axis{Label: "offered, percent of that rate", To: 100},
		Y:      plot.Axis{Label: "p99, microseconds"},
		Series: []plot.Series{mirrored, alone},
	}
	return chart.WriteFile(path)
}
