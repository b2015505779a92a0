package cloudwatch

import (
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/aws/query"
)

// formReader reads a form's parameters into requests. A parameter that is not there is nil.
type formReader struct{ *query.Reader }

func (f *formReader) text(name string) *string {
	text, ok := f.Text(name)
	if !ok {
		return nil
	}
	return &text
}

func (f *formReader) int(name string) *int64 {
	n, ok := f.Int(name)
	if !ok {
		return nil
	}
	return &n
}

func (f *formReader) bool(name string) *bool {
	value, ok := f.Bool(name)
	if !ok {
		return nil
	}
	return &value
}

// time reads a moment in ISO 8601; without an offset it is UTC.
func (f *formReader) time(name string) *timestamp {
	text, ok := f.Text(name)
	if !ok {
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return &timestamp{at}
		}
	}
	f.Failf(invalidValue, "The value %s for parameter %s is not a time in ISO 8601, like 2026-11-20T12:00:00Z.", clip(text), f.Name(name))
	return nil
}

// empty reads the parameter by which clients send a list without members.
func (f *formReader) empty(name string) {
	if text, ok := f.Text(name); ok && text != "" {
		f.Failf(invalidValue, "The parameter %s is a list; name its members %s.member.1 and so on.", f.Name(name), f.Name(name))
	}
}

func (f *formReader) texts(name string) []string {
	f.empty(name)
	return f.Texts(name + ".member")
}

func (f *formReader) structs(name string) (list []*formReader) {
	f.empty(name)
	for _, r := range f.Structs(name + ".member") {
		list = append(list, &formReader{r})
	}
	return list
}

// inside reads a structure; nil: nothing of it is there.
func (f *formReader) inside(name string) *formReader {
	r, ok := f.Struct(name)
	if !ok {
		return nil
	}
	return &formReader{r}
}

func (f *formReader) dimensions() (list []dimension) {
	for _, d := range f.structs("Dimensions") {
		list = append(list, dimension{d.text("Name"), d.text("Value")})
	}
	return list
}

func formListMetrics(f *formReader) *listMetricsRequest {
	return &listMetricsRequest{Namespace: f.text("Namespace"), MetricName: f.text("MetricName"), Dimensions: f.dimensions(), NextToken: f.text("NextToken"),
		RecentlyActive: f.text("RecentlyActive"), IncludeLinkedAccounts: f.bool("IncludeLinkedAccounts"), OwningAccount: f.text("OwningAccount")}
}

func formStatistics(f *formReader) *statisticsRequest {
	return &statisticsRequest{Namespace: f.text("Namespace"), MetricName: f.text("MetricName"), Dimensions: f.dimensions(),
		StartTime: f.time("StartTime"), EndTime: f.time("EndTime"), Period: f.int("Period"),
		Statistics: f.texts("Statistics"), ExtendedStatistics: f.texts("ExtendedStatistics"), Unit: f.text("Unit")}
}

func formData(f *formReader) *dataRequest {
	r := &dataRequest{StartTime: f.time("StartTime"), EndTime: f.time("EndTime"), NextToken: f.text("NextToken"),
		ScanBy: f.text("ScanBy"), MaxDatapoints: f.int("MaxDatapoints")}
	if options := f.inside("LabelOptions"); options != nil {
		r.LabelOptions = &struct{ Timezone *string }{options.text("Timezone")}
	}
	for _, q := range f.structs("MetricDataQueries") {
		r.MetricDataQueries = append(r.MetricDataQueries, dataQuery{Id: q.text("Id"), MetricStat: formMetricStat(q.inside("MetricStat")),
			Expression: q.text("Expression"), Label: q.text("Label"), ReturnData: q.bool("ReturnData"), Period: q.int("Period"), AccountId: q.text("AccountId")})
	}
	return r
}

func formMetricStat(f *formReader) *metricStat {
	if f == nil {
		return nil
	}
	m := &metricStat{Period: f.int("Period"), Stat: f.text("Stat"), Unit: f.text("Unit")}
	if inner := f.inside("Metric"); inner != nil {
		m.Metric = &struct {
			Namespace, MetricName *string
			Dimensions            []dimension
		}{inner.text("Namespace"), inner.text("MetricName"), inner.dimensions()}
	}
	return m
}

// readForm reads the request of a form.
func readForm(c *aws.Call, a action) (any, *aws.Fault) {
	f := &formReader{query.NewReader(c.Params)}
	request := a.form(f)
	if fault := f.Fault(); fault != nil {
		return nil, fault
	}
	return request, nil
}
