package main

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// workload is one thing to measure: frames that come in again and again, and the resources that
// say what is mirrored of them. Both functions give the same result at every call.
type workload struct {
	name      string
	threshold float64 // ratio to testpmd that the project set itself; 0: none
	decider   int     // number of the session that must mirror every frame; 0: nothing is mirrored
	missed    float64 // part of the frames that the decider does not accept, 0 to 1

	ovs          ovsJob  // what Open vSwitch does beside it
	ovsThreshold float64 // ratio to Open vSwitch; 0: none
	ovsFrames    int     // how many frames of the capture it gets; 0: all

	beside          string  // another workload that the gateway does in turns with this one; empty: none
	besideThreshold float64 // ratio to it; 0: none

	memoryMB int // for either program; 0: memoryMB
	dataRoom int // of the mbufs that frames are received into, bytes; 0: the programs' own

	frames    func() [][]byte
	resources func() string
	measure   func(*bench, context.Context) ([]row, error) // nil: beside its peers
	full      bool                                         // takes long: measured when it is named, or with --full
}

// memory is what either program gets, MiB.
func (w *workload) memory() int {
	if w.memoryMB == 0 {
		return memoryMB
	}
	return w.memoryMB
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
	mirror := func(name string, frames func() [][]byte) workload {
		return workload{name: name, decider: 1, frames: frames, resources: tenRules}
	}
	mirror64 := mirror("mirror-64", udpFlows(short))
	mirror64.threshold, mirror64.ovs, mirror64.ovsThreshold = 0.33, ovsMirror, 5
	mirror1500 := mirror("mirror-1500", udpFlows(long))
	mirror1500.threshold = 0.5
	sources := workload{name: "sources-10000", decider: 3, beside: mirror64.name, besideThreshold: 0.7,
		frames: sourceFrames(10000), resources: threeSessions(10000)}
	rules := manyRules("rules-10000", 10000)
	rules.beside, rules.besideThreshold = mirror64.name, 0.6
	return []workload{
		{name: "forward-64", threshold: 0.85, ovs: ovsForward, ovsThreshold: 3, frames: udpFlows(short), resources: nothing},
		mirror64,
		mirror("mirror-512", udpFlows(medium)),
		mirror1500,
		mirror("mirror-imix", imixFlows),
		mirror("mirror-vlan", vlanFlows),
		{name: "mirror-ipv6", decider: 1, frames: ipv6Flows, resources: tenRulesIPv6},
		mirrorShare(0), mirrorShare(10), mirrorShare(50), mirrorShare(100),
		manyRules("rules-1000", 1000),
		rules,
		sources,
		millionFlows(),
	}
}

// everything is what can be measured: the workloads, how the gateway is steered, how it is scraped,
// and what a paced generator finds.
func everything() []workload {
	return append(append(workloads(), growthWorkloads()...),
		workload{name: controlName, measure: (*bench).measureControl}, workload{name: doorName, measure: (*bench).measureDoors}, scrapeWorkload(),
		workload{name: searchName, full: true, measure: (*bench).measureSearches},
		workload{name: latencyName, full: true, measure: (*bench).measureLatencies},
		workload{name: overloadName, full: true, measure: (*bench).measureOverload},
		workload{name: stagesName, full: true, measure: (*bench).measureStages},
		workload{name: congestedName, full: true, measure: (*bench).measureCongested},
		workload{name: sharedName, full: true, measure: (*bench).measureShared},
		workload{name: faultsName, full: true, measure: (*bench).measureTunnelFaults},
		workload{name: faultsCaptureName, full: true, measure: (*bench).measureStalledCapture},
		workload{name: faultsControlName, full: true, measure: (*bench).measureControlFaults})
}

// manyRules has one filter of n rules; the frames match rules spread evenly over it.
func manyRules(name string, n int) workload {
	return workload{
		name: name, decider: 1,
		frames:    func() [][]byte { return ruleFrames(randomRules(n), flows) },
		resources: func() string { return oneSource(ruleTOML(randomRules(n))) },
	}
}

// mirrorShare mirrors percent of every hundred flows; no session accepts the others.
func mirrorShare(percent int) workload {
	return workload{
		name: fmt.Sprintf("mirror-share-%d", percent), decider: 1, missed: 1 - float64(percent)/100,
		frames: shareFlows(percent), resources: tenRulesShare,
	}
}

// millionFlows needs mbufs of 256 bytes: each frame of the capture keeps one. Those of Open vSwitch cannot be
// made smaller, and its mempool has 262,144 at most, so it gets a quarter of the flows, which favours it.
func millionFlows() workload {
	return workload{
		name: "flows-1M", threshold: 0.33, decider: 1, ovs: ovsMirror, ovsThreshold: 5, ovsFrames: 250000,
		memoryMB: 896, dataRoom: 256, frames: manyFlows(1000000), resources: tenRules,
	}
}

// random is a generator that starts anew with the same seed, for figures of two days must be of
// the same frames and rules.
func random() *rand.Rand { return rand.New(rand.NewPCG(2, 2211)) }
