package dpdk

import (
	"slices"
	"testing"
)

// TestLcoresOnIsolatedCPUs: isolcpus=2-3 takes these CPUs out of what systemd and so the gateway start with, and the workers are to run there.
func TestLcoresOnIsolatedCPUs(t *testing.T) {
	all := func(int) bool { return true }
	for _, c := range []struct {
		name     string
		allowed  []int
		isolated string
		may      func(int) bool
		want     []int
	}{
		{"none isolated", []int{0, 1}, "\n", all, []int{0, 1}},
		{"no such file", []int{0, 1}, "", all, []int{0, 1}},
		{"isolated", []int{0, 1, 4}, "2-3,5\n", all, []int{0, 1, 2, 3, 4, 5}},
		{"isolated and given to the process", []int{0, 2}, "2\n", all, []int{0, 2}},
		{"a cpuset keeps some back", []int{0, 1}, "2-3\n", func(cpu int) bool { return cpu == 3 }, []int{0, 1, 3}},
	} {
		if got := withIsolated(c.allowed, c.isolated, c.may); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestMayHave asks for CPUs that are there and one that is not, and stays where it was.
func TestMayHave(t *testing.T) {
	before, err := threadCPUs(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, cpu := range before {
		if !mayHave(cpu) {
			t.Errorf("CPU %d of %v may not be had", cpu, before)
		}
	}
	if mayHave(maxCPU - 1) {
		t.Errorf("CPU %d may be had", maxCPU-1)
	}
	if now, err := threadCPUs(0); err != nil || !slices.Equal(now, before) {
		t.Errorf("the affinity became %v, was %v", now, before)
	}
}
