package api

import "time"

// Points at which frames are captured.
const (
	PointIngress = "ingress" // as received
	PointEgress  = "egress"  // as sent
	PointCopies  = "copies"  // copies as sent, outer headers included
)

// CaptureRequest says which frames are wanted. Everything may be left out.
type CaptureRequest struct {
	Ports           []string `json:"ports,omitempty"`           // names; none: all
	Points          []string `json:"points,omitempty"`          // ingress, egress, copies; none: all
	Session         string   `json:"session,omitempty"`         // name or ID: its copies, and of production only the frames that it copies
	Filter          string   `json:"filter,omitempty"`          // in the syntax of pcap-filter(7)
	SnapLength      int      `json:"snapLength,omitempty"`      // bytes of a frame, 1 to 65535; 0: all
	RateLimitPps    int      `json:"rateLimitPps,omitempty"`    // frames a second; 0: no limit
	Count           int      `json:"count,omitempty"`           // frames after which it ends; 0: no limit
	DurationSeconds int      `json:"durationSeconds,omitempty"` // after which it ends; 0: no limit
}

// Capture is one that runs.
type Capture struct {
	CaptureID string         `json:"captureId"`
	StartedAt time.Time      `json:"startedAt"`
	By        string         `json:"by"` // who asked for it
	Request   CaptureRequest `json:"request"`
	CaptureCounts
}

// CaptureCounts are frames, of a capture so far or of one that has ended.
type CaptureCounts struct {
	Captured uint64            `json:"captured"`
	Dropped  map[string]uint64 `json:"dropped,omitempty"` // by reason: full, rate-limit, congestion
	Seen     uint64            `json:"seen"`              // came by, wanted or not
}

// CaptureSummary is told when a capture has ended.
type CaptureSummary struct {
	CaptureCounts
	Ended string `json:"ended"` // why: count, duration, stopped, session-deleted, shutdown
}

// Captures is the answer to a list.
type Captures struct {
	Items []Capture `json:"items"`
}

// Reasons for which a frame is not captured that came by.
const (
	DroppedFull       = "full"       // the reader was behind
	DroppedRateLimit  = "rate-limit" // above rateLimitPps
	DroppedCongestion = "congestion" // a worker had more important things to do
)

// HeaderCaptureID is on the answer that a capture is, with the identifier to stop it by.
const HeaderCaptureID = "Mirrorgw-Capture-Id"

// TrailerCaptureSummary comes behind a capture: a CaptureSummary.
const TrailerCaptureSummary = "Mirrorgw-Capture-Summary"
