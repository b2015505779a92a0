package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// Print writes the report for people: a line for what is as it should be, and what to do below what is not.
func (r *Report) Print(w io.Writer) error {
	for i := range r.Findings {
		f := &r.Findings[i]
		_, err := fmt.Fprintf(w, "%-8s %s: %s\n", f.Level, f.Check, f.Text)
		if err == nil && f.Remedy != "" {
			_, err = fmt.Fprintf(w, "%-8s   %s (%s)\n", "", f.Remedy, f.ID)
		}
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%d faults, %d warnings, %d notes\n", r.Counts[Fault], r.Counts[Warning], r.Counts[Note])
	return err
}

// PrintJSON writes it for programs.
func (r *Report) PrintJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(r)
}
