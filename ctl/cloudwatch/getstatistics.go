package cloudwatch

import (
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/aws"
)

type statisticsAnswer struct {
	Label      string
	Datapoints []datapoint
}

// datapoint has the statistics that were asked for; others are nil.
type datapoint struct {
	Timestamp                                   moment
	SampleCount, Average, Sum, Minimum, Maximum *float64 `json:",omitempty"`
	Unit                                        string
}

func (s *Service) getMetricStatistics(c *aws.Call, r *statisticsRequest) (*statisticsAnswer, *aws.Fault) {
	start, end, fault := r.check()
	if fault != nil {
		return nil, fault
	}
	keys, metric := s.find(c.Principal.Account, *r.Namespace, *r.MetricName, r.Dimensions)
	result := &statisticsAnswer{Label: *r.MetricName, Datapoints: []datapoint{}}
	if len(keys) == 0 || r.Unit != nil && *r.Unit != unitOf(metric) {
		return result, nil
	}
	for _, b := range periods(s.samples(keys, metric, start, end), start, time.Duration(*r.Period)*time.Second) {
		d := datapoint{Timestamp: moment{b.time}, Unit: unitOf(metric)}
		for _, name := range r.Statistics {
			value := b.of(name)
			*d.field(name) = &value
		}
		result.Datapoints = append(result.Datapoints, d)
	}
	return result, nil
}

func (d *datapoint) field(name string) **float64 {
	switch name {
	case "SampleCount":
		return &d.SampleCount
	case "Average":
		return &d.Average
	case "Sum":
		return &d.Sum
	case "Minimum":
		return &d.Minimum
	}
	return &d.Maximum
}

// check judges a request and returns its range.
func (r *statisticsRequest) check() (start, end time.Time, fault *aws.Fault) {
	start, end, timeFault := checkTimes(r.StartTime, r.EndTime)
	for _, fault := range []*aws.Fault{checkName("Namespace", r.Namespace, true), checkName("MetricName", r.MetricName, true),
		checkDimensions("Dimensions", r.Dimensions, maxDimensions, true), timeFault, checkPeriod("Period", r.Period), checkUnit(r.Unit), r.checkStatistics()} {
		if fault != nil {
			return start, end, fault
		}
	}
	seconds := end.Unix() - start.Unix() // a time.Duration has room for 292 years only
	if end.Nanosecond() > 0 {
		seconds++
	}
	if n := (seconds + *r.Period - 1) / *r.Period; n > maxStatisticPoints {
		return start, end, bad(invalidCombination, "You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
			n, maxStatisticPoints)
	}
	return start, end, nil
}

func (r *statisticsRequest) checkStatistics() *aws.Fault {
	switch {
	case len(r.Statistics) == 0 && len(r.ExtendedStatistics) == 0:
		return bad(missing, "Must specify either Statistics or ExtendedStatistics")
	case len(r.Statistics) > 0 && len(r.ExtendedStatistics) > 0:
		return bad(invalidCombination, "Must specify either Statistics or ExtendedStatistics, not both")
	case len(r.ExtendedStatistics) > 0:
		return bad(invalidValue, "ExtendedStatistics are not available here: a gateway keeps %s.", strings.Join(statisticNames, ", "))
	case len(r.Statistics) > len(statisticNames):
		return bad(invalidValue, "The parameter Statistics has %d members; it may have %d.", len(r.Statistics), len(statisticNames))
	}
	for i, name := range r.Statistics {
		if !slices.Contains(statisticNames, name) {
			return bad(invalidValue, "The value %s for parameter %s is not one of: %s.", clip(name), memberName("Statistics", i), strings.Join(statisticNames, ", "))
		}
	}
	return nil
}

func (a *statisticsAnswer) xml(w *xmlWriter) {
	w.Text("Label", a.Label)
	w.List("Datapoints", len(a.Datapoints), func(i int) {
		d := &a.Datapoints[i]
		w.time("Timestamp", d.Timestamp)
		for _, name := range statisticNames {
			if value := *d.field(name); value != nil {
				w.Float(name, *value)
			}
		}
		w.Text("Unit", d.Unit)
	})
}
