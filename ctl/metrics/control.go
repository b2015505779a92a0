package metrics

import (
	"math"
	"os"
	"strconv"

	"mirrorgw/ctl/tally"
)

var controlFamilies = []family{
	{"mirrorgw_api_requests_total", counter, []string{"action", "status"}, "Requests that the control socket answered, by operationId of openapi.json (none where there is no such path or method) and HTTP status; only those that were counted", func(s *scene, o *out) {
		for _, a := range s.Control.Answers() {
			o.count(int64(a.Count), a.Action, strconv.Itoa(a.Status))
		}
	}},
	{"mirrorgw_api_connections", gauge, nil, "Open connections of the control socket, watchers included", func(s *scene, o *out) { o.gauge(float64(s.Control.Connections())) }},
	{"mirrorgw_api_watchers", gauge, nil, "Clients that follow the stream of changes", func(s *scene, o *out) { o.gauge(float64(s.Control.Watchers())) }},
	{"mirrorgw_aws_requests_total", counter, []string{"service", "status"}, "Requests that the AWS endpoint answered, by signing name of the service (none where there is no such service) and HTTP status; only those that were counted", func(s *scene, o *out) {
		for _, a := range s.AWS.Answers() {
			o.count(int64(a.Count), a.Action, strconv.Itoa(a.Status))
		}
	}},
	{"mirrorgw_aws_connections", gauge, nil, "Open connections of the AWS endpoint; absent without [aws]", func(s *scene, o *out) {
		if s.AWS != nil {
			o.gauge(float64(s.AWS.Connections()))
		}
	}},
	{"mirrorgw_change_seconds", histogram, []string{"phase"}, "How long changes of resources took, a batch of changes that were made together counting once: apply is all of it, of which prepare (compile, build the program), save (until it is on disk) and publish (until every worker works by it) are parts", func(s *scene, o *out) {
		took := s.Store.Took()
		o.durations(&took.Apply, "apply")
		o.durations(&took.Prepare, "prepare")
		o.durations(&took.Save, "save")
		o.durations(&took.Publish, "publish")
	}},
	{"mirrorgw_state_writable", gauge, nil, "0 if the last change could not be written to disk, else 1", func(s *scene, o *out) { o.flag(!s.Store.Took().Unsaved()) }},
	{"mirrorgw_state_file_bytes", gauge, nil, "Size of the state file; absent without [state] path", func(s *scene, o *out) {
		if s.Config == nil || s.Config.State.Path == "" {
			return
		}
		if file, err := os.Stat(s.Config.State.Path); err == nil {
			o.gauge(float64(file.Size()))
		}
	}},
}

// durations writes a histogram of durations, in seconds.
func (o *out) durations(h *tally.Histogram, values ...string) {
	counts, sum := h.Read()
	buckets := make([]bucket, len(counts))
	for i, n := range counts {
		buckets[i] = bucket{math.Inf(1), n}
		if i < len(tally.Bounds) {
			buckets[i].le = tally.Bounds[i].Seconds()
		}
	}
	o.histogram(buckets, sum.Seconds(), values...)
}
