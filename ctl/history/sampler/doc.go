// Package sampler fills a history: once a minute it asks for the counters, by the function that answers
// scrapes too, and adds what they have grown by.
//
// A minute is what was counted until its end. The counters began at 0 with the process, so the first
// minute has all that was counted before it; the last one is sampled when the gateway stops. A minute
// that was not sampled as it should be (a start, a stop, a late sample, a clock that was set) is
// marked as partial, and one without a sample is a gap. What a session counted between the last sample
// and its deletion is missing.
package sampler
