package cloudwatch

import (
	"slices"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/history"
)

type listMetricsAnswer struct {
	Metrics   []metric
	NextToken string `json:",omitempty"`
}

type metric struct {
	Namespace, MetricName string
	Dimensions            []metricDimension
}

type metricDimension struct{ Name, Value string }

const (
	listed   = 14 * 24 * time.Hour // metrics without points for so long are not listed, as at AWS
	recently = 3 * time.Hour
)

func (s *Service) listMetrics(c *aws.Call, r *listMetricsRequest) (*listMetricsAnswer, *aws.Fault) {
	if fault := r.check(c); fault != nil {
		return nil, fault
	}
	token := r.NextToken
	r.NextToken = nil
	from, fault := parseToken(token, identity(c.Principal.Account, r))
	if fault != nil {
		return nil, fault
	}
	since := c.Time.Add(-listed)
	if r.RecentlyActive != nil {
		since = c.Time.Add(-recently)
	}
	result := &listMetricsAnswer{Metrics: []metric{}}
	for _, e := range s.entries(c.Principal.Account, since) {
		if !r.selects(&e) || from != nil && e.compare(&entry{from.Dimension, from.Value, from.Metric}) <= 0 {
			continue
		}
		if n := len(result.Metrics); n == maxMetrics {
			last := &result.Metrics[n-1]
			result.NextToken = position{Of: identity(c.Principal.Account, r), Dimension: last.Dimensions[0].Name, Value: last.Dimensions[0].Value,
				Metric: slices.Index(history.Metrics, last.MetricName)}.token()
			break
		}
		result.Metrics = append(result.Metrics, metric{Namespace, history.Metrics[e.metric], []metricDimension{{e.dimension, e.value}}})
	}
	return result, nil
}

func (r *listMetricsRequest) check(c *aws.Call) *aws.Fault {
	for _, fault := range []*aws.Fault{checkName("Namespace", r.Namespace, false), checkName("MetricName", r.MetricName, false),
		checkDimensions("Dimensions", r.Dimensions, maxFilters, false)} {
		if fault != nil {
			return fault
		}
	}
	if r.RecentlyActive != nil && *r.RecentlyActive != "PT3H" {
		return bad(invalidValue, "The value %s for parameter RecentlyActive is invalid; PT3H is the only one.", clip(*r.RecentlyActive))
	}
	if r.OwningAccount != nil && *r.OwningAccount != c.Principal.Account {
		return bad(invalidValue, "The value %s for parameter OwningAccount is not the caller's account; a gateway has no linked accounts.", clip(*r.OwningAccount))
	}
	return nil
}

// selects says whether a metric passes all filters.
func (r *listMetricsRequest) selects(e *entry) bool {
	if r.Namespace != nil && *r.Namespace != Namespace || r.MetricName != nil && *r.MetricName != history.Metrics[e.metric] {
		return false
	}
	for _, d := range r.Dimensions {
		if *d.Name != e.dimension || d.Value != nil && *d.Value != e.value {
			return false
		}
	}
	return true
}

func (l *listMetricsAnswer) xml(w *xmlWriter) {
	w.List("Metrics", len(l.Metrics), func(i int) {
		m := &l.Metrics[i]
		w.List("Dimensions", len(m.Dimensions), func(k int) {
			w.Text("Name", m.Dimensions[k].Name)
			w.Text("Value", m.Dimensions[k].Value)
		})
		w.Text("MetricName", m.MetricName)
		w.Text("Namespace", m.Namespace)
	})
	w.TextIf("NextToken", l.NextToken)
}
