package cloudwatch

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/history"
)

// Namespace is the one that has metrics here.
const Namespace = "AWS/EC2"

const byInstance = "InstanceId"

// basicOnly are the first of history.Metrics that there are with basic monitoring only: packets.
const basicOnly = 4

// unitOf is the unit of a metric, by its index in history.Metrics.
func unitOf(metric int) string {
	if strings.Contains(history.Metrics[metric], "Packets") {
		return "Count"
	}
	return "Bytes"
}

// entry is one metric of one dimension. There are no others: every metric of mirrored traffic has
// exactly one dimension.
type entry struct {
	dimension, value string
	metric           int // index in history.Metrics
}

func (e *entry) compare(o *entry) int {
	return cmp.Or(cmp.Compare(e.dimension, o.dimension), cmp.Compare(e.value, o.value), cmp.Compare(e.metric, o.metric))
}

// entries lists the metrics of an account that have points younger than since, sorted.
func (s *Service) entries(account string, since time.Time) []entry {
	if s.history == nil || account == "" { // a filter without an account would take all
		return nil
	}
	var list []entry
	for _, kind := range []history.Kind{history.Instance, history.Rollup} {
		for _, k := range s.history.Series(history.Filter{Kind: kind, Account: account, Since: since}) {
			for metric := range published(&k) {
				list = append(list, entry{cmp.Or(k.Dimension, byInstance), k.Name, metric})
			}
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return a.compare(&b) })
	return slices.CompactFunc(list, func(a, b entry) bool { return a == b })
}

// published is how many of history.Metrics a series has: with detailed monitoring, whose points are a
// minute apart, none of packets.
func published(k *history.Key) int {
	if k.Step == 1 {
		return basicOnly
	}
	return len(history.Metrics)
}

// find returns the series that make up a metric of an account with exactly these dimensions.
func (s *Service) find(account, namespace, metricName string, dimensions []dimension) (keys []history.Key, metric int) {
	metric = slices.Index(history.Metrics, metricName)
	if s.history == nil || namespace != Namespace || metric < 0 || len(dimensions) != 1 || account == "" {
		return nil, metric
	}
	filter := history.Filter{Kind: history.Rollup, Account: account, Dimension: *dimensions[0].Name, Name: *dimensions[0].Value}
	if filter.Dimension == byInstance {
		filter.Kind, filter.Dimension = history.Instance, ""
	}
	keys = s.history.Series(filter)
	return slices.DeleteFunc(keys, func(k history.Key) bool { return metric >= published(&k) }), metric
}
