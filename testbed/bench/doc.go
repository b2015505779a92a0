// Command bench measures what one lcore of the gateway forwards and mirrors, beside dpdk-testpmd
// and Open vSwitch on the same capture and virtual devices in the same minute.
//
//	go run ./testbed/bench [--bin bin/mirrorgw] [--out out/bench.json] [--runs 5] [--seconds 3] [--only name,...]
//
// The rows named control-... are what it costs to change a gateway with 10,000 sessions meanwhile.
//
// The worker runs on CPU 1, control on CPU 0. A net_pcap port that repeats a preloaded capture
// (infinite_rx=1) feeds the worker, net_null ports take what it sends. Runs of the gateway and of its peers
// take turns. Every row is a median. A run of the gateway counts only when its report proves
// that it did the work: both laws 0, nothing dropped, every frame mirrored where the workload
// says so. Otherwise the row carries a note and the exit code is 1. A slow result never fails.
//
// Exit codes: 0 all rows are valid; 1 a row is invalid or the benchmark could not run; 2 usage.
package main
