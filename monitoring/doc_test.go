// Package monitoring_test holds the alert rules and the dashboard against docs/metrics.md, and has
// promtool judge them. docs/metrics.md is held against the code by the tests of ctl/metrics.
package monitoring_test
