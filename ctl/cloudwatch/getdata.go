package cloudwatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/aws"
)

type dataAnswer struct {
	MetricDataResults []dataResult
	NextToken         string `json:",omitempty"`
	Messages          []struct{}
}

type dataResult struct {
	Id, Label  string
	Timestamps []moment
	Values     []float64
	StatusCode string
}

const (
	complete = "Complete"
	partial  = "PartialData"
)

// getMetricData answers the queries in their order until the page is full, or its time is over. The next page goes
// on in the middle of a query, whose part on this one is PartialData, or with the next one.
func (s *Service) getMetricData(c *aws.Call, r *dataRequest) (*dataAnswer, *aws.Fault) {
	start, end, fault := r.check(c)
	if fault != nil {
		return nil, fault
	}
	token := r.NextToken
	r.NextToken = nil
	of := identity(c.Principal.Account, r)
	from, fault := parseToken(token, of)
	if fault != nil {
		return nil, fault
	}
	if from == nil {
		from = &position{}
	}
	left := maxDataPoints
	if r.MaxDatapoints != nil {
		left = int(*r.MaxDatapoints)
	}
	result, began := &dataAnswer{MetricDataResults: []dataResult{}, Messages: []struct{}{}}, time.Now()
	for i := from.Query; i < len(r.MetricDataQueries); i++ {
		q := &r.MetricDataQueries[i]
		if q.ReturnData != nil && !*q.ReturnData {
			continue
		}
		if left == 0 || i > from.Query && time.Since(began) > s.pageTime || c.Request.Context().Err() != nil {
			result.NextToken = position{Of: of, Query: i}.token()
			break
		}
		points := s.query(c, q, start, end)
		if r.isDescending() {
			slices.Reverse(points)
		}
		if i == from.Query && from.Time > 0 {
			points = r.behind(points, from.Time)
		}
		found := dataResult{Id: *q.Id, Label: q.label(), Timestamps: []moment{}, Values: []float64{}, StatusCode: complete}
		if len(points) > left {
			points, found.StatusCode = points[:left], partial
			result.NextToken = position{Of: of, Query: i, Time: points[left-1].time.Unix()}.token()
		}
		for _, b := range points {
			found.Timestamps, found.Values = append(found.Timestamps, moment{b.time}), append(found.Values, b.of(*q.MetricStat.Stat))
		}
		result.MetricDataResults = append(result.MetricDataResults, found)
		if left -= len(points); found.StatusCode == partial {
			break
		}
	}
	return result, nil
}

func (r *dataRequest) isDescending() bool {
	return r.ScanBy == nil || *r.ScanBy == "TimestampDescending"
}

// behind are the points that come after one of that time, which may have gone from the history since.
func (r *dataRequest) behind(points []bucket, unix int64) []bucket {
	return slices.DeleteFunc(points, func(b bucket) bool {
		if r.isDescending() {
			return b.time.Unix() >= unix
		}
		return b.time.Unix() <= unix
	})
}

// query returns the periods of one query, oldest first. Periods begin at multiples of themselves since
// 1970; the first one is whole.
func (s *Service) query(c *aws.Call, q *dataQuery, start, end time.Time) []bucket {
	m := q.MetricStat.Metric
	keys, metric := s.find(c.Principal.Account, *m.Namespace, *m.MetricName, m.Dimensions)
	if len(keys) == 0 || q.MetricStat.Unit != nil && *q.MetricStat.Unit != unitOf(metric) {
		return nil
	}
	period := *q.MetricStat.Period
	aligned := time.Unix(start.Unix()-start.Unix()%period, 0).UTC()
	return periods(s.samples(keys, metric, aligned, end), aligned, time.Duration(period)*time.Second)
}

func (q *dataQuery) label() string {
	if q.Label != nil {
		return *q.Label
	}
	return *q.MetricStat.Metric.MetricName
}

// check judges a request and returns its range.
func (r *dataRequest) check(c *aws.Call) (start, end time.Time, fault *aws.Fault) {
	switch n := len(r.MetricDataQueries); {
	case n == 0:
		return start, end, required("MetricDataQueries")
	case n > maxQueries:
		return start, end, bad(invalidValue, "The parameter MetricDataQueries has %d members; it may have %d.", n, maxQueries)
	}
	seen := map[string]bool{}
	for i := range r.MetricDataQueries {
		q := &r.MetricDataQueries[i]
		if fault := q.check(memberName("MetricDataQueries", i), c); fault != nil {
			return start, end, fault
		}
		if seen[*q.Id] {
			return start, end, bad(invalidValue, "The value %s for parameter %s.Id is there twice; each query needs an Id of its own.", *q.Id, memberName("MetricDataQueries", i))
		}
		seen[*q.Id] = true
	}
	if fault := r.checkOptions(); fault != nil {
		return start, end, fault
	}
	return checkTimes(r.StartTime, r.EndTime)
}

func (r *dataRequest) checkOptions() *aws.Fault {
	switch {
	case r.ScanBy != nil && *r.ScanBy != "TimestampDescending" && *r.ScanBy != "TimestampAscending":
		return bad(invalidValue, "The value %s for parameter ScanBy is not one of: TimestampDescending, TimestampAscending.", clip(*r.ScanBy))
	case r.MaxDatapoints != nil && (*r.MaxDatapoints < 1 || *r.MaxDatapoints > maxDataPoints):
		return bad(invalidValue, "The value %d for parameter MaxDatapoints is not between 1 and %d.", *r.MaxDatapoints, maxDataPoints)
	case r.LabelOptions != nil && r.LabelOptions.Timezone != nil && !timezonePattern.MatchString(*r.LabelOptions.Timezone):
		return bad(invalidValue, "The value %s for parameter LabelOptions.Timezone is not an offset like +0130.", clip(*r.LabelOptions.Timezone))
	}
	return nil
}

func (q *dataQuery) check(name string, c *aws.Call) *aws.Fault {
	switch {
	case q.Id == nil:
		return required(name + ".Id")
	case len(*q.Id) > maxName || !idPattern.MatchString(*q.Id):
		return bad(invalidValue, "The value %s for parameter %s.Id must begin with a lowercase letter and have letters, digits and underscores only.", clip(*q.Id), name)
	case q.Expression != nil && q.MetricStat != nil:
		return bad(invalidCombination, "The query %s has both Expression and MetricStat; it may have one.", *q.Id)
	case q.Expression != nil:
		return bad(invalidValue, "The query %s has an Expression, and a gateway computes neither metric math nor Metrics Insights; ask for the metrics with MetricStat and compute where you ask.", *q.Id)
	case q.MetricStat == nil:
		return required(name + ".MetricStat")
	case q.AccountId != nil && *q.AccountId != c.Principal.Account:
		return bad(invalidValue, "The value %s for parameter %s.AccountId is not the caller's account; a gateway has no linked accounts.", clip(*q.AccountId), name)
	case q.Period != nil:
		if fault := checkPeriod(name+".Period", q.Period); fault != nil {
			return fault
		}
	}
	return q.MetricStat.check(name + ".MetricStat")
}

func (m *metricStat) check(name string) *aws.Fault {
	if m.Metric == nil {
		return required(name + ".Metric")
	}
	for _, fault := range []*aws.Fault{checkName("Namespace", m.Metric.Namespace, true), checkName("MetricName", m.Metric.MetricName, true),
		checkDimensions(name+".Metric.Dimensions", m.Metric.Dimensions, maxDimensions, true), checkPeriod(name+".Period", m.Period), checkUnit(m.Unit)} {
		if fault != nil {
			return fault
		}
	}
	switch {
	case m.Stat == nil:
		return required(name + ".Stat")
	case !slices.Contains(statisticNames, *m.Stat):
		return bad(invalidValue, "The value %s for parameter %s.Stat is not one of those that a gateway keeps: %s.", clip(*m.Stat), name, strings.Join(statisticNames, ", "))
	}
	return nil
}

func (a *dataAnswer) xml(w *xmlWriter) {
	w.List("MetricDataResults", len(a.MetricDataResults), func(i int) {
		m := &a.MetricDataResults[i]
		w.Text("Id", m.Id)
		w.Text("Label", m.Label)
		w.Element("Timestamps", func() {
			for _, at := range m.Timestamps {
				w.time("member", at)
			}
		})
		w.Element("Values", func() {
			for _, value := range m.Values {
				w.Float("member", value)
			}
		})
		w.Text("StatusCode", m.StatusCode)
	})
	w.TextIf("NextToken", a.NextToken)
	w.List("Messages", 0, nil)
}

// memberName is what a form calls a member of a list, counted from 1.
func memberName(list string, i int) string { return fmt.Sprintf("%s.member.%d", list, i+1) }
