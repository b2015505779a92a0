package metrics

import (
	"cmp"
	"slices"

	"mirrorgw/ctl"
)

// captureFamilies are of the captures that somebody reads; absent as long as there was none at a point
// of a port.
var captureFamilies = []family{
	{"mirrorgw_captures", gauge, nil, "Captures that run", func(s *scene, o *out) { o.gauge(float64(s.captured.Active)) }},
	{"mirrorgw_captures_begun_total", counter, nil, "Captures that were begun", func(s *scene, o *out) { o.count(int64(s.captured.Begun)) }},
	{"mirrorgw_capture_seen_packets_total", counter, []string{"port", "point"}, "Frames that came by where somebody captured, by point: ingress (received), egress (sent), copies (copies sent); absent where nobody has", func(s *scene, o *out) {
		s.eachCaptured(func(port, point string, c ctl.CaptureCounts) { o.count(int64(c.Seen()), port, point) })
	}},
	{"mirrorgw_capture_packets_total", counter, []string{"port", "point"}, "Frames that were captured", func(s *scene, o *out) {
		s.eachCaptured(func(port, point string, c ctl.CaptureCounts) { o.count(int64(c.Taken), port, point) })
	}},
	{"mirrorgw_capture_dropped_packets_total", counter, []string{"port", "point", "reason"}, "Frames that were not captured: full (came by while the reader was behind), rate-limit, congestion (came by while the worker was congested); production and copies lose nothing by it", func(s *scene, o *out) {
		s.eachCaptured(func(port, point string, c ctl.CaptureCounts) {
			o.count(int64(c.Full), port, point, "full")
			o.count(int64(c.Rate), port, point, "rate-limit")
			o.count(int64(c.Congestion), port, point, "congestion")
		})
	}},
}

// eachCaptured calls do for each point of each port at which there was a capture, in order.
func (s *scene) eachCaptured(do func(port, point string, c ctl.CaptureCounts)) {
	var all []ctl.CaptureInterface
	for i := range s.captured.Counts {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b ctl.CaptureInterface) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Point, b.Point))
	})
	for _, i := range all {
		if s.Config != nil && i.Port < len(s.Config.Ports) {
			do(s.Config.Ports[i.Port].Name, i.Point.String(), s.captured.Counts[i])
		}
	}
}
