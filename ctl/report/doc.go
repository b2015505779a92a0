// Package report is what the gateway says about a run: the JSON report and the tables that a
// person reads. It holds totals only; who counts what is decided elsewhere.
//
// All bytes are those of original frames without FCS, before truncation, unless a field says
// otherwise. Names of drops, skips and excluded traffic types are the counters' own.
package report
