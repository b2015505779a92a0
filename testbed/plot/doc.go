// Package plot draws line charts as SVG, for the figures of docs/. The same chart gives the same
// bytes, so that a plot in the tree changes only when its values do.
//
//	chart := plot.Line{
//		Title:  "Cost of rules",
//		X:      plot.Axis{Label: "rules in the filter", Log: true},
//		Y:      plot.Axis{Label: "forwarded and mirrored, Mpps"},
//		Series: []plot.Series{{Name: "mirrorgw", Points: points}},
//	}
//	err := chart.WriteFile("docs/plots/rules.svg")
//
// Text is in the chart, not drawn as shapes, so it can be searched and read aloud. Colours are told
// apart by people who do not see all of them; markers differ too.
package plot
