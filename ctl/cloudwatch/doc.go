// Package cloudwatch answers the part of Amazon CloudWatch that shows the metrics of mirrored traffic:
// ListMetrics, GetMetricStatistics and GetMetricData, over the history that the gateway keeps, in the
// query protocol (forms and XML), in AWS JSON 1.0 and in Smithy's RPC v2 CBOR.
//
// A request of any protocol becomes the same structure, is judged and answered once, and the answer is
// written in the protocol that it came in. Metrics belong to the account of the interfaces that they
// are of; no account sees another's. Metric math, Metrics Insights, percentiles, alarms and dashboards
// are not here: Prometheus and Grafana have them.
package cloudwatch
