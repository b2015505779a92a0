package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Report is one run of the gateway. The keys of its maps are names of the configuration; a resource
// without a name, or with one that another account has used before, has its identifier as key.
type Report struct {
	Seconds  float64                     `json:"seconds"` // between the launch of the workers and their stop, or now
	Ports    map[string]Port             `json:"ports"`
	Sessions map[string]Session          `json:"sessions"`
	Sources  map[string]Source           `json:"sources"`
	Rules    map[string]map[string]int64 `json:"rules"` // filter -> "ingress 100" -> packets decided by the rule
	Laws     Laws                        `json:"laws"`
}

// Kinds is a set of parts of a report.
type Kinds uint8

// The parts, in the order of Report.
const (
	Ports Kinds = 1 << iota
	Sessions
	Sources
	Rules
	Law
	Everything Kinds = 1<<iota - 1
)

// Has says whether all parts of some are in the set.
func (k Kinds) Has(some Kinds) bool { return k&some == some }

// Counts maps a reason or a traffic type to packets.
type Counts map[string]int64

// Sum adds all counts.
func (c Counts) Sum() int64 {
	var sum int64
	for _, n := range c {
		sum += n
	}
	return sum
}

// Port has the totals of one port.
type Port struct {
	Role          string `json:"role"`           // wire, tap or tunnel
	Peer          string `json:"peer,omitempty"` // of a wire port
	RxPackets     int64  `json:"rx_packets"`
	RxBytes       int64  `json:"rx_bytes"`
	TxPackets     int64  `json:"tx_packets"` // everything sent: production, copies, frames of our own
	TxBytes       int64  `json:"tx_bytes"`
	CopiesPackets int64  `json:"copies_packets"` // of these, copies
	CopiesBytes   int64  `json:"copies_bytes"`   // outer frames, after truncation
	Consumed      int64  `json:"consumed"`       // frames received here for the gateway itself
	ConsumedBytes int64  `json:"consumed_bytes"` //
	Dropped       Counts `json:"dropped"`        // production frames received here and lost, by reason
	Ignored       Counts `json:"ignored"`        // frames received on a tunnel port and of no use, by reason

	OriginatedPackets int64 `json:"originated_packets"` // of tx_packets, frames of the gateway's own
	OriginatedBytes   int64 `json:"originated_bytes"`
	OriginateFailed   int64 `json:"originate_failed"` // and those that the port refused

	Unclassified Counts `json:"unclassified"` // frames whose headers were not understood, by reason
	Driver       Counts `json:"driver"`       // what the driver lost or refused: imissed, ierrors, oerrors, rx_nombuf

	Fragments        Counts `json:"fragments"`         // other than first, once per source that saw them, by what became of them
	PartialChecksums int64  `json:"partial_checksums"` // mirrored frames that arrived with an incomplete L4 checksum
	UnseenCongestion int64  `json:"unseen_congestion"` // frames whose sources were not looked up: the lcore was too busy
}

// Session has the totals of one session.
type Session struct {
	ID      string    `json:"id"`
	Owner   string    `json:"owner"` // account
	Number  int       `json:"number"`
	VNI     uint32    `json:"vni"`
	Source  string    `json:"source"` // its key in sources
	Target  string    `json:"target"`
	Filter  string    `json:"filter"` // its key in rules
	Ingress Direction `json:"ingress"`
	Egress  Direction `json:"egress"`
}

// Direction has the totals of one direction of a session.
type Direction struct {
	MatchedPackets   int64  `json:"matched_packets"`
	MatchedBytes     int64  `json:"matched_bytes"`
	MirroredPackets  int64  `json:"mirrored_packets"`
	MirroredBytes    int64  `json:"mirrored_bytes"`
	TruncatedPackets int64  `json:"truncated_packets"` // of the mirrored
	Skipped          Counts `json:"skipped"`           // matched and not mirrored, by reason
	SkippedBytes     Counts `json:"skipped_bytes"`     // the bytes of these
}

// Source has the totals of one mirror source.
type Source struct {
	ID      string  `json:"id"`
	Owner   string  `json:"owner"` // account
	Ingress Traffic `json:"ingress"`
	Egress  Traffic `json:"egress"`
}

// Traffic says what became of the packets of one direction of a source.
type Traffic struct {
	Seen     int64  `json:"seen"`
	Matched  int64  `json:"matched"`
	Missed   int64  `json:"missed"`   // no session accepted them
	Excluded Counts `json:"excluded"` // never mirrored, by traffic type

	UnmatchedCongestion int64 `json:"unmatched_congestion"` // no session was asked: the lcore was too busy
}

// Laws are the gauges that must read 0: packets unaccounted for.
type Laws struct {
	Production int64 `json:"production"`
	Mirror     int64 `json:"mirror"`
}

// New returns a report with empty maps.
func New() *Report {
	return &Report{Ports: map[string]Port{}, Sessions: map[string]Session{},
		Sources: map[string]Source{}, Rules: map[string]map[string]int64{}}
}

// MarshalJSON writes an absent map as {}, so that readers may index without looking.
func (c Counts) MarshalJSON() ([]byte, error) {
	if c == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]int64(c))
}

// Encode writes the report as indented JSON.
func (r *Report) Encode(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// Write writes the report to a file with mode 0644, or to standard output when path is "-". The
// file is replaced as a whole: a reader sees the previous report or this one.
func (r *Report) Write(path string) error {
	if path == "-" {
		return r.Encode(os.Stdout)
	}
	if err := r.replace(path); err != nil {
		return fmt.Errorf("the report %s cannot be written (%w); give a path in a writable directory", path, err)
	}
	return nil
}

func (r *Report) replace(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails, as it should, after the rename
	if err := r.fill(file); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// fill writes and closes the temporary file; data is on disk before the name is.
func (r *Report) fill(file *os.File) error {
	err := r.Encode(file)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
