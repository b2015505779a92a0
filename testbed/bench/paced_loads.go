package main

// pacedLoads are the workloads of searches and latencies, by what is under way. Over shared memory
// each of them has a limit of less than 15 Mpps, and that of the generator is not far above.
func pacedLoads() []workload {
	return []workload{
		{name: "64", decider: 1, frames: udpFlows(short), resources: tenRules},
		{name: "imix", decider: 1, frames: imixFlows, resources: tenRules},
		{name: "1500", decider: 1, frames: udpFlows(long), resources: tenRules},
		{name: "rules-10000", decider: 1, frames: func() [][]byte { return ruleFrames(randomRules(10000), flows) },
			resources: func() string { return oneSource(ruleTOML(randomRules(10000))) }},
	}
}

// chosenLoads are those that --loads names.
func (b *bench) chosenLoads() []workload {
	some, _ := choose(pacedLoads(), b.loads, true) // checked when the flags were read
	return some
}

// The simple IMIX of network vendors: of twelve frames seven are of 64 bytes on the wire, four of 594
// and one of 1518. Without FCS they have 4 bytes less.
const middle = 590

var imixLengths = []int{short, middle, short, short, middle, short, long, short, middle, short, middle, short}

// imixFlows is one frame of each flow, of the lengths of the IMIX in turn: 1,024 is not a multiple of
// twelve, so the shares are right to a thousandth.
func imixFlows() (frames [][]byte) {
	of := map[int][][]byte{}
	for _, length := range imixLengths {
		if of[length] == nil {
			of[length] = udpFlows(length)()
		}
	}
	for i := range flows {
		frames = append(frames, of[imixLengths[i%len(imixLengths)]][i])
	}
	return frames
}
