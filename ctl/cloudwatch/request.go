package cloudwatch

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/aws"
)

// The requests, with the names of the API. A nil pointer is a parameter that is not there.

type dimension struct {
	Name  *string
	Value *string
}

type listMetricsRequest struct {
	Namespace, MetricName *string
	Dimensions            []dimension
	NextToken             *string
	RecentlyActive        *string
	IncludeLinkedAccounts *bool
	OwningAccount         *string
}

type statisticsRequest struct {
	Namespace, MetricName *string
	Dimensions            []dimension
	StartTime, EndTime    *timestamp
	Period                *int64
	Statistics            []string
	ExtendedStatistics    []string
	Unit                  *string
}

type dataRequest struct {
	MetricDataQueries  []dataQuery
	StartTime, EndTime *timestamp
	NextToken          *string
	ScanBy             *string
	MaxDatapoints      *int64
	LabelOptions       *struct{ Timezone *string }
}

type dataQuery struct {
	Id         *string
	MetricStat *metricStat
	Expression *string
	Label      *string
	ReturnData *bool
	Period     *int64
	AccountId  *string
}

type metricStat struct {
	Metric *struct {
		Namespace, MetricName *string
		Dimensions            []dimension
	}
	Period *int64
	Stat   *string
	Unit   *string
}

// timestamp is a moment as JSON has it: seconds since 1970, with a fraction at most.
type timestamp struct{ time.Time }

// The API's bounds.
const (
	maxName            = 255
	maxDimensions      = 30
	maxFilters         = 10
	maxQueries         = 500
	maxMetrics         = 500 // a page of ListMetrics
	maxStatisticPoints = 1440
	maxDataPoints      = 100800
	maxDimensionValue  = 1024
	maxPeriod          = 365 * 24 * 3600 // far more than a history has
)

var idPattern = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)

var timezonePattern = regexp.MustCompile(`^[+-](0\d|1[0-4])[0-5]\d$`)

// Statistics are those that a history can tell.
var statisticNames = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}

var units = strings.Fields("Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits " +
	"Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second " +
	"Gigabits/Second Terabits/Second Count/Second None")

// checkName judges a namespace or the name of a metric.
func checkName(name string, value *string, must bool) *aws.Fault {
	switch {
	case value == nil && must:
		return required(name)
	case value == nil:
		return nil
	case len(*value) < 1 || len(*value) > maxName:
		return bad(invalidValue, "The parameter %s must have 1 to %d characters.", name, maxName)
	case name == "Namespace" && strings.HasPrefix(*value, ":"):
		return bad(invalidValue, "The value %s for parameter Namespace must not begin with a colon.", clip(*value))
	}
	return nil
}

// checkDimensions judges the dimensions of a metric, or the filters by them, which need no values.
func checkDimensions(name string, list []dimension, most int, needValue bool) *aws.Fault {
	if len(list) > most {
		return bad(invalidValue, "The parameter %s has %d members; it may have %d.", name, len(list), most)
	}
	seen := map[string]bool{}
	for i := range list {
		d := &list[i]
		switch {
		case d.Name == nil || *d.Name == "":
			return required(memberName(name, i) + ".Name")
		case d.Value == nil && needValue || d.Value != nil && *d.Value == "":
			return required(memberName(name, i) + ".Value")
		case len(*d.Name) > maxName || d.Value != nil && len(*d.Value) > maxDimensionValue:
			return bad(invalidValue, "The dimension %s has a name or a value that is too long: at most %d and %d characters.", memberName(name, i), maxName, maxDimensionValue)
		case seen[*d.Name] && needValue:
			return bad(invalidValue, "The dimension %s is there twice; a metric has each once.", clip(*d.Name))
		}
		seen[*d.Name] = true
	}
	return nil
}

func checkUnit(unit *string) *aws.Fault {
	if unit != nil && !slices.Contains(units, *unit) {
		return bad(invalidValue, "The value %s for parameter Unit is not one of: %s.", clip(*unit), strings.Join(units, ", "))
	}
	return nil
}

func checkPeriod(name string, period *int64) *aws.Fault {
	switch {
	case period == nil:
		return required(name)
	case *period < 60 || *period%60 != 0:
		return bad(invalidValue, "The value %d for parameter %s must be greater than 0 and a multiple of 60: metrics of mirrored traffic have one point a minute at most.", *period, name)
	case *period > maxPeriod:
		return bad(invalidValue, "The value %d for parameter %s is longer than %d seconds.", *period, name, maxPeriod)
	}
	return nil
}

// checkTimes judges a range and returns its beginning, rounded down to a minute and not before 1970,
// and its end.
func checkTimes(from, to *timestamp) (start, end time.Time, fault *aws.Fault) {
	switch {
	case from == nil:
		return start, end, required("StartTime")
	case to == nil:
		return start, end, required("EndTime")
	case !from.Before(to.Time):
		return start, end, bad(invalidValue, "The parameter StartTime must be less than the parameter EndTime.")
	}
	start = from.Truncate(time.Minute).UTC()
	if epoch := time.Unix(0, 0).UTC(); start.Before(epoch) {
		start = epoch
	}
	return start, to.UTC(), nil
}
