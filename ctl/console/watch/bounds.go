package watch

import (
	"fmt"
	"time"

	"mirrorgw/ctl/api"
)

// Bounds of a watch: what a person can read, a page can hold and a browser can be sent.
const (
	Rate        = 50   // frames a second, unless said otherwise
	MostRate    = 500  // frames a second
	Seconds     = 300  // unless said otherwise
	MostSeconds = 3600 // after which nobody has looked at the page for long
	MostBytes   = 2048 // of a frame
	Kept        = 500  // frames on the page; the oldest leave
)

// Bounds of a watch that is shown at once, when it has ended.
const (
	StillFrames  = 50
	StillSeconds = 10
)

// Fault is a bound that was asked to be exceeded.
type Fault struct{ Field, Text string }

// Bound makes the request for a capture one for a watch. What a person has asked for and cannot have is
// a fault; what was left open is filled in.
func Bound(r *api.CaptureRequest) (faults []Fault) {
	if r.RateLimitPps > MostRate {
		faults = append(faults, Fault{"rateLimitPps", fmt.Sprintf("rateLimitPps is %d; a watch shows at most %d frames a second, a download has them all", r.RateLimitPps, MostRate)})
	}
	if r.DurationSeconds > MostSeconds {
		faults = append(faults, Fault{"durationSeconds", fmt.Sprintf("durationSeconds is %d; a watch lasts at most %d, a download as long as you say", r.DurationSeconds, MostSeconds)})
	}
	if r.RateLimitPps == 0 {
		r.RateLimitPps = Rate
	}
	if r.DurationSeconds == 0 {
		r.DurationSeconds = Seconds
	}
	if r.SnapLength == 0 || r.SnapLength > MostBytes && r.SnapLength <= maxSnap {
		r.SnapLength = MostBytes
	}
	return faults
}

// maxSnap is the most that the API takes: what is above is its to refuse.
const maxSnap = 65535

// BoundStill makes it one for a watch that is shown when it has ended.
func BoundStill(r *api.CaptureRequest) {
	if r.Count == 0 || r.Count > StillFrames {
		r.Count = StillFrames
	}
	if r.DurationSeconds == 0 || r.DurationSeconds > StillSeconds {
		r.DurationSeconds = StillSeconds
	}
}

// Clock is how the time of a frame is written.
func Clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000 UTC") }
