package doctor

import (
	"fmt"
	"slices"
)

// Level says how bad a finding is.
type Level string

// The levels, from good to bad.
const (
	OK      Level = "ok"      // nothing to do
	Note    Level = "note"    // worth knowing, or a little faster otherwise
	Warning Level = "warning" // it works, and not as well as it could
	Fault   Level = "fault"   // the gateway does not start, or harms what it should not
)

var levels = []Level{OK, Note, Warning, Fault}

// Kind is a finding that there can be. Its ID is stable, for scripts.
type Kind struct {
	ID    string
	Level Level
	When  string // for the table in docs/host.md
}

// Finding is one that there is, or a check that found nothing (Level OK, ID empty).
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	ID     string `json:"finding,omitempty"`
	Text   string `json:"text"`             // what and where, without a full stop
	Remedy string `json:"remedy,omitempty"` // what to do
}

// String is the finding as a sentence.
func (f *Finding) String() string {
	if f.Remedy == "" {
		return f.Text
	}
	return f.Text + "; " + f.Remedy
}

// Report is what an examination came to.
type Report struct {
	Config   string        `json:"config,omitempty"` // path of the configuration that was looked at
	Findings []Finding     `json:"findings"`         // in the order of the checks
	Counts   map[Level]int `json:"counts"`           // of every level
}

// Healthy says that there is no fault.
func (r *Report) Healthy() bool { return r.Counts[Fault] == 0 }

func (r *Report) add(f Finding) {
	r.Findings = append(r.Findings, f)
	r.Counts[f.Level]++
}

// Kinds returns all kinds of findings, in the order of the documentation.
func Kinds() []Kind { return slices.Clone(kinds) }

// kindOf finds a kind by its ID, which is a constant of this package.
func kindOf(id string) *Kind {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.ID == id })
	if i < 0 {
		panic(fmt.Sprintf("doctor: %s is not in the list of findings", id))
	}
	return &kinds[i]
}
