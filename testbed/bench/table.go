package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// testpmdPeer is a peer of every workload.
const testpmdPeer = "testpmd-io"

// row is one figure and its peer's.
type row struct {
	Name       string    `json:"name"`
	Value      float64   `json:"value"` // median of Values
	Unit       string    `json:"unit"`
	Peer       string    `json:"peer"`
	Ratio      float64   `json:"ratio"` // median by median
	Runs       int       `json:"runs"`
	PeerValue  float64   `json:"peer_value"`
	PairRatio  float64   `json:"pair_ratio"`          // median of the ratios of neighbouring runs
	Threshold  float64   `json:"threshold,omitempty"` // the ratio wanted at least
	Limit      float64   `json:"limit,omitempty"`     // the value wanted at most
	Values     []float64 `json:"values"`
	PeerValues []float64 `json:"peer_values"`
	Note       string    `json:"note,omitempty"` // what must be known with the figure
	ofWorkload bool      // a rate beside peers, which table prints
	Invalid    string    `json:"invalid,omitempty"` // why the figure must not be used

	paced bool // belongs to the table of what a paced generator and faults show
}

// summarize fills what follows from the runs.
func (r *row) summarize() {
	r.Runs, r.Value, r.PeerValue = len(r.Values), median(r.Values), median(r.PeerValues)
	if r.PeerValue == 0 {
		return // of what can be nothing, no ratio says anything; and JSON knows no infinity
	}
	r.Ratio = r.Value / r.PeerValue
	pairs := make([]float64, len(r.Values))
	for i := range pairs {
		if r.PeerValues[i] != 0 {
			pairs[i] = r.Values[i] / r.PeerValues[i]
		}
	}
	r.PairRatio = median(pairs)
}

// pair notes one run of the gateway and of its peer, from 1, and what either did not do.
func (r *row) pair(run int, ours, peers float64, notes ...string) {
	r.Values, r.PeerValues = append(r.Values, ours), append(r.PeerValues, peers)
	for _, note := range notes {
		if note != "" && r.Invalid == "" {
			r.Invalid = fmt.Sprintf("run %d: %s", run, note)
		}
	}
}

// median of at least one value; of an even number, the mean of the middle two.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// tables are the rows for a person, those of the workloads first, and what they are not.
func tables(rows []row, peerOffloads string) (text string) {
	var rates, control, paced []row
	for _, r := range rows {
		if r.paced {
			paced = append(paced, r)
		} else if r.ofWorkload {
			rates = append(rates, r)
		} else {
			control = append(control, r)
		}
	}
	if len(rates) > 0 {
		text = table(rates) + limits(peerOffloads)
	}
	if len(control) > 0 {
		text += controlTable(control)
	}
	if len(paced) > 0 {
		text += pacedTable(paced)
	}
	return text
}

// table is the rows of the workloads.
func table(rows []row) string {
	var text strings.Builder
	text.WriteByte('\n')
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "workload\tmirrorgw\trange\tpeer\tits rate\trange\tratio\tof pairs\twanted\t\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%.2f\t%s\t%s\t%.2f\t%s\t%.3f\t%.3f\t%s\t\n", r.Name, r.Value, spread(r.Values),
			r.Peer, r.PeerValue, spread(r.PeerValues), r.Ratio, r.PairRatio, r.verdict())
	}
	w.Flush() // a strings.Builder does not fail
	fmt.Fprintln(&text, "\nMpps, medians; ratio = median by median, of pairs = median of the ratios of neighbouring runs.")
	return text.String()
}

func spread(values []float64) string {
	return fmt.Sprintf("%.2f-%.2f", slices.Min(values), slices.Max(values))
}

// verdict compares with the threshold; it decides nothing.
func (r *row) verdict() string {
	switch {
	case r.Invalid != "":
		return "-\tinvalid"
	case r.Limit != 0 && r.Value <= r.Limit:
		return fmt.Sprintf("<= %.0f\tmet", r.Limit)
	case r.Limit != 0:
		return fmt.Sprintf("<= %.0f\tnot met", r.Limit)
	case r.Threshold == 0:
		return "-\t"
	case r.Ratio >= r.Threshold:
		return fmt.Sprintf(">= %.2f\tmet", r.Threshold)
	}
	return fmt.Sprintf(">= %.2f\tnot met", r.Threshold)
}

// invalid is an error that names the rows that must not be used.
func invalid(rows []row) error {
	var problems []error
	for _, r := range rows {
		if r.Invalid != "" {
			problems = append(problems, fmt.Errorf("%s is invalid: %s", r.Name, r.Invalid))
		}
	}
	return errors.Join(problems...)
}

// writeRows writes the JSON list.
func writeRows(path string, rows []row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
