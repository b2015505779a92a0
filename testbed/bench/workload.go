package main

import (
	"context"
	"math/rand/v2"
)

// workload is one thing to measure: frames that come in again and again, and the resources that
// say what is mirrored of them. Both functions give the same result at every call.
type workload struct {
	name      string
	threshold float64 // ratio to the peer that the project set itself; 0: none
	decider   int     // number of the session that must mirror every frame; 0: nothing is mirrored
	frames    func() [][]byte
	resources func() string
	measure   func(*bench, context.Context) ([]row, error) // nil: beside testpmd
	full      bool                                         // takes long: measured when it is named, or with --full
}

const flows = 1024 // transport conversations in a capture, one frame each

// Frame lengths, bytes in the capture. The FCS is not part of it, so that the classic 64, 512
// and 1518 byte frames of the wire are 60, 508 and 1514 bytes here. mirror-512 keeps 512 bytes without FCS.
const (
	short  = 60
	medium = 512
	long   = 1514
)

// workloads are all of them, in the order of the table.
func workloads() []workload {
	return []workload{
		{name: "forward-64", threshold: 0.70, frames: udpFlows(short), resources: nothing},
		{name: "mirror-64", threshold: 0.25, decider: 1, frames: udpFlows(short), resources: tenRules},
		{name: "mirror-512", decider: 1, frames: udpFlows(medium), resources: tenRules},
		{name: "mirror-1500", decider: 1, frames: udpFlows(long), resources: tenRules},
		manyRules("rules-1000", 0, 1000),
		manyRules("rules-10000", 0.15, 10000),
		{name: "sources-10000", threshold: 0.15, decider: 3, frames: sourceFrames(10000), resources: threeSessions(10000)},
	}
}

// everything is what can be measured: the workloads, how the gateway is steered, and what a paced
// generator finds.
func everything() []workload {
	return append(workloads(), workload{name: controlName, measure: (*bench).measureControl},
		workload{name: searchName, full: true, measure: (*bench).measureSearches},
		workload{name: latencyName, full: true, measure: (*bench).measureLatencies},
		workload{name: overloadName, full: true, measure: (*bench).measureOverload},
		workload{name: faultsName, full: true, measure: (*bench).measureFaults})
}

// manyRules has one filter of n rules; the frames match rules spread evenly over it.
func manyRules(name string, threshold float64, n int) workload {
	return workload{
		name: name, threshold: threshold, decider: 1,
		frames:    func() [][]byte { return ruleFrames(randomRules(n)) },
		resources: func() string { return oneSource(ruleTOML(randomRules(n))) },
	}
}

// random is a generator that starts anew with the same seed, for figures of two days must be of
// the same frames and rules.
func random() *rand.Rand { return rand.New(rand.NewPCG(2, 2211)) }
