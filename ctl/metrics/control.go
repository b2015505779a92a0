package metrics

import (
	"strconv"
	"time"

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
	{"mirrorgw_change_seconds", histogram, []string{"phase"}, "How long changes of resources took, a batch of changes that were made together counting once: apply is all of it, of which prepare (compile, build the program), save (until it is on disk) and publish (until every worker works by it) are parts", func(s *scene, o *out) {
		took := s.Store.Took()
		o.histogram(&took.Apply, "apply")
		o.histogram(&took.Prepare, "prepare")
		o.histogram(&took.Save, "save")
		o.histogram(&took.Publish, "publish")
	}},
}

// histogram writes a histogram of durations: buckets, which are sums from below in the format, the
// sum and the number of all.
func (o *out) histogram(h *tally.Histogram, values ...string) {
	counts, sum := h.Read()
	if !o.begin(len(counts) + 2) {
		return
	}
	total := uint64(0)
	for i, n := range counts {
		le := "+Inf"
		if i < len(tally.Bounds) {
			le = seconds(tally.Bounds[i])
		}
		total += n
		o.line(o.label("_bucket", values, le), strconv.FormatUint(total, 10))
	}
	o.line(o.label("_sum", values, ""), seconds(sum))
	o.line(o.label("_count", values, ""), strconv.FormatUint(total, 10))
}

func (o *out) line(series, value string) {
	o.w.WriteString(series)
	o.w.WriteByte(' ')
	o.w.WriteString(value)
	o.w.WriteByte('\n')
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'g', -1, 64) }
