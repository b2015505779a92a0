package pacer

// Result is what a run saw.
type Result struct {
	Offered    uint64    `json:"offered"`   // frames that were due and tried, or, without a rate, taken
	Accepted   uint64    `json:"accepted"`  // of these, taken by the port
	Late       uint64    `json:"late"`      // frames never tried because the generator was too slow
	Received   uint64    `json:"received"`  // frames that came back
	Copies     uint64    `json:"copies"`    // that came by the same port: UDP to port 4789
	Stale      uint64    `json:"stale"`     // of the run before, that came when it was over; not received
	Reordered  uint64    `json:"reordered"` // of these, after one that was sent later
	Altered    uint64    `json:"altered"`   // of these, with another length or other bytes, or none of ours
	Compared   uint64    `json:"compared"`  // of these, compared byte by byte
	Blind      uint64    `json:"blind"`     // of these, under way while the generator did not look, longer than Look
	Gaps       uint64    `json:"gaps"`      // times that the generator stood still, longer than Gap
	Seconds    float64   `json:"seconds"`   // of sending, gaps included
	Still      float64   `json:"still"`     // seconds of these that the generator stood still
	LongestGap float64   `json:"longest_gap"`
	Latency    Histogram `json:"latency"` // of the received that are neither blind nor altered
}

// Active is how long the generator sent, seconds, without the time it stood still. It is above 0.
func (r *Result) Active() float64 { return max(r.Seconds-r.Still, 1e-9) }

// OfferedRate is frames a second of active time.
func (r *Result) OfferedRate() float64 { return float64(r.Offered) / r.Active() }

// ReceivedRate is frames a second of active time.
func (r *Result) ReceivedRate() float64 { return float64(r.Received) / r.Active() }

// Lost is how many of the offered frames did not come back: refused by the first ring, as a network
// card without a free descriptor loses them, or lost behind it.
func (r *Result) Lost() uint64 {
	if r.Received > r.Offered {
		return 0
	}
	return r.Offered - r.Received
}

// LossShare is the part of the offered frames that was lost, 0 to 1; 1 when nothing was offered.
func (r *Result) LossShare() float64 {
	if r.Offered == 0 {
		return 1
	}
	return float64(r.Lost()) / float64(r.Offered)
}
