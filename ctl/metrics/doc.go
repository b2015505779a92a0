// Package metrics is the endpoint that Prometheus reads: the counters and the state of the gateway in
// the Prometheus text exposition format 0.0.4.
//
// It counts nothing itself. Every number comes, at the moment of a scrape, from the very functions
// that answer GET /v1/stats and GET /v1/state, so that the two never disagree. Each metric is one
// family in a table: name, type, labels, meaning, and the function that writes its series;
// docs/metrics.md is compared with the table by a test.
package metrics
