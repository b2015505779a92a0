package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mirrorgw/testbed/plot"
)

// growth is something that there can be more or less of, while each frame is mirrored once.
type growth struct {
	name   string // of the rows and of the plot's file
	title  string
	label  string // of the plot's axis
	values []int
	linear bool // the plot's axis; else logarithmic
	of     func(n int) workload
}

// growths are all of them. Ten thousand sessions are ten thousand sources; one source has 256 at most.
func growths() []growth {
	decades := []int{1, 10, 100, 1000, 10000}
	return []growth{
		{name: "sources", title: "Cost of sources", label: "sources, with a session each", values: decades, of: growingSources},
		{name: "sessions", title: "Cost of the sessions of one source", label: "sessions of the source, of which the last accepts",
			values: []int{1, 4, 16, 64, 256}, linear: true, of: growingSessions},
		{name: "rules", title: "Cost of rules", label: "rules of the filter, matched evenly",
			values: decades, of: func(n int) workload { return manyRules("", n) }},
		{name: "flows", title: "Cost of flows", label: "flows in the traffic", values: append(decades, 100000, 1000000), of: growingFlows},
		{name: "flows-rules", title: "Cost of flows with 10,000 rules", label: "flows in the traffic, matched evenly by the rules",
			values: []int{100, 1000, 5000, 10000, 20000, 50000, 100000, 1000000}, of: growingRuleFlows},
	}
}

func growingSources(n int) workload {
	return workload{decider: 1, frames: sourceFrames(n), resources: func() string {
		var text strings.Builder
		text.WriteString(targetTOML() + "[[filter]]\nname = \"filter-1\"\n" + egressRules([]string{`protocol = "udp"`}))
		for i := range n {
			host := source(i)
			text.WriteString(interfaceTOML(host.Name, host.MAC.String(), host.IPv4.String()) + sessionTOML(host.Name, 1, i+1))
		}
		return text.String()
	}}
}

func growingSessions(n int) workload {
	return workload{decider: n, frames: udpFlows(short), resources: func() string {
		var text strings.Builder
		text.WriteString(interfaceTOML("web-1", webServer.MAC.String(), webServer.IPv4.String()) + targetTOML())
		text.WriteString("[[filter]]\nname = \"tcp\"\n" + egressRules([]string{`protocol = "tcp"`}))
		text.WriteString("[[filter]]\nname = \"udp\"\n" + egressRules([]string{`protocol = "udp"`}))
		for number := 1; number <= n; number++ {
			filter := "tcp"
			if number == n {
				filter = "udp"
			}
			fmt.Fprintf(&text, "[[session]]\nname = \"s-%d\"\nsource = \"web-1\"\ntarget = \"ids-1\"\nfilter = %q\nnumber = %d\nvni = %d\n\n",
				number, filter, number, number)
		}
		return text.String()
	}}
}

// growingFlows has the memory of a million flows at every point.
func growingFlows(n int) workload {
	w := millionFlows()
	return workload{decider: 1, frames: manyFlows(n), resources: tenRules, memoryMB: w.memoryMB, dataRoom: w.dataRoom}
}

// growingRuleFlows are more and more flows that a filter of 10,000 rules tells apart: what a match cache does not hold
// is searched for.
func growingRuleFlows(n int) workload {
	w, list := manyRules("", 10000), randomRules(10000)
	big := millionFlows()
	w.memoryMB, w.dataRoom = big.memoryMB, big.dataRoom
	w.frames = func() [][]byte { return ruleFrames(list, n) }
	return w
}

// growthWorkloads are what --only calls them; each measures all its values.
func growthWorkloads() (all []workload) {
	for _, g := range growths() {
		all = append(all, workload{name: "growth-" + g.name, full: true, measure: func(b *bench, ctx context.Context) ([]row, error) {
			return b.measureGrowth(ctx, g)
		}})
	}
	return all
}

// measureGrowth measures each value beside testpmd on the same frames, and draws the plot.
func (b *bench) measureGrowth(ctx context.Context, g growth) (points []row, err error) {
	for _, n := range g.values {
		w := g.of(n)
		w.name = fmt.Sprintf("growth-%s-%d", g.name, n)
		some, err := b.measure(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		points = append(points, some...)
	}
	return points, b.drawGrowth(g, points)
}

// drawGrowth draws the time a frame takes: what the devices take, as testpmd shows, and what the gateway does.
func (b *bench) drawGrowth(g growth, points []row) error {
	ours := plot.Series{Name: "forwarded and mirrored by mirrorgw"}
	peers := plot.Series{Name: "forwarded by testpmd io, the ceiling", Dashed: true}
	for i, r := range points {
		ours.Points = append(ours.Points, perFrame(g.values[i], r.Value, r.Values))
		peers.Points = append(peers.Points, perFrame(g.values[i], r.PeerValue, r.PeerValues))
	}
	chart := plot.Line{
		Title:  g.title,
		Note:   fmt.Sprintf("one lcore, short frames, all mirrored; medians and ranges of %d runs; %s", b.runs, cpuModel()),
		X:      plot.Axis{Label: g.label, Log: !g.linear},
		Y:      plot.Axis{Label: "time of a frame, ns"},
		Series: []plot.Series{ours, peers},
	}
	return chart.WriteFile(filepath.Join(b.plots, "growth-"+g.name+".svg"))
}

// perFrame turns Mpps into nanoseconds of a frame.
func perFrame(n int, mpps float64, runs []float64) plot.Point {
	return plot.Point{X: float64(n), Y: 1000 / mpps, Low: 1000 / slices.Max(runs), High: 1000 / slices.Min(runs)}
}
