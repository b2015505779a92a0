package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"
)

// Report is the part of the daemon's report that users and tests can rely on. It is declared here
// a second time on purpose: the file is the interface, not a Go type of the daemon. Fields that are
// not listed are ignored.
type Report struct {
	Ports    map[string]Port    `json:"ports"`
	Sessions map[string]Session `json:"sessions"`
	Laws     map[string]int64   `json:"laws"` // production and mirror, both must be 0
}

// Port is what one port did. Bytes are of frames without FCS.
type Port struct {
	RxPackets uint64            `json:"rx_packets"`
	RxBytes   uint64            `json:"rx_bytes"`
	TxPackets uint64            `json:"tx_packets"`
	TxBytes   uint64            `json:"tx_bytes"`
	Copies    uint64            `json:"copies_packets"`     // of TxPackets
	Own       uint64            `json:"originated_packets"` // of TxPackets, ARP and its like
	Dropped   map[string]uint64 `json:"dropped"`            // production frames, by reason
}

// Session is what one session did, seen from its source.
type Session struct {
	Ingress Direction `json:"ingress"`
	Egress  Direction `json:"egress"`
}

// Direction counts one direction of a session. Matched = mirrored + sum of skipped.
type Direction struct {
	MatchedPackets   uint64            `json:"matched_packets"`
	MatchedBytes     uint64            `json:"matched_bytes"`
	MirroredPackets  uint64            `json:"mirrored_packets"`
	MirroredBytes    uint64            `json:"mirrored_bytes"`
	TruncatedPackets uint64            `json:"truncated_packets"`
	Skipped          map[string]uint64 `json:"skipped"` // by reason
}

// Dropped returns the production frames lost on all ports, whatever the reason.
func (r *Report) Dropped() uint64 {
	var total uint64
	for _, p := range r.Ports {
		for _, n := range p.Dropped {
			total += n
		}
	}
	return total
}

// ReadReport reads a report file.
func ReadReport(path string) (*Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("report %s is not the JSON it should be: %w", path, err)
	}
	return &r, nil
}

func readReportIfAny(t testing.TB, path string) *Report {
	t.Helper()
	r, err := ReadReport(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}
