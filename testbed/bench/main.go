package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"mirrorgw/testbed/bench/generator"
)

// options are the flags.
type options struct {
	bin     string // the daemon
	out     string // where the rows go
	runs    int    // of each side
	seconds float64
	only    string // names of workloads, separated by commas; empty: all
	full    bool   // all includes what takes long
	plots   string // where plots go

	// of a paced generator
	trial      float64 // seconds of a trial
	votes      int     // trials that decide on a rate by majority
	searches   int     // for each rate that is searched
	resolution float64 // of a search, part of the highest rate
	loads      string  // names of paced loads, separated by commas; empty: all
	export     string  // directory for their frames and resources; then nothing is measured
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == generator.Argument {
		os.Exit(generator.Main())
	}
	if len(os.Args) == 2 && os.Args[1] == asideArgument {
		endWith(guardOtherTasks())
	}
	o := options{}
	flag.StringVar(&o.bin, "bin", "bin/mirrorgw", "the gateway to measure, `FILE`")
	flag.StringVar(&o.out, "out", "out/bench.json", "write the rows to `FILE`")
	flag.IntVar(&o.runs, "runs", 5, "runs of the gateway and of testpmd, each")
	flag.Float64Var(&o.seconds, "seconds", 3, "length of the measured interval of a run")
	flag.StringVar(&o.only, "only", "", "measure these workloads only, `NAME,...`")
	flag.StringVar(&o.plots, "plots", "out/plots", "draw plots into `DIR`")
	flag.BoolVar(&o.full, "full", false, "measure what takes long too: searches, latencies, overload, faults")
	flag.Float64Var(&o.trial, "trial", 0.5, "seconds of a trial of a search, and of a run at a given rate")
	flag.IntVar(&o.votes, "votes", 3, "trials that decide on a rate by majority, an odd number")
	flag.IntVar(&o.searches, "searches", 3, "searches for each rate")
	flag.Float64Var(&o.resolution, "resolution", 0.01, "a search ends when it is this near, part of the highest rate")
	flag.StringVar(&o.loads, "loads", "", "measure with these paced loads only, `NAME,...` (64, imix, 1500, rules-10000)")
	flag.StringVar(&o.export, "export", "", "measure nothing: write frames and resources of the paced loads into `DIR`, for other generators")
	flag.Parse()
	chosen, err := o.check()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	signal.Ignore(syscall.SIGPIPE) // whoever reads may go first: the machine is put back as it was all the same
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	endWith(run(ctx, o, chosen))
}

// endWith ends the program.
func endWith(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// check returns the chosen workloads.
func (o *options) check() ([]workload, error) {
	switch {
	case flag.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q: every setting is a flag, see --help", flag.Arg(0))
	case o.runs < 1:
		return nil, fmt.Errorf("--runs %d: give at least 1", o.runs)
	case o.seconds < 0.1 || o.seconds > 600:
		return nil, fmt.Errorf("--seconds %g: give 0.1 to 600", o.seconds)
	case o.trial < 0.05 || o.trial > 600:
		return nil, fmt.Errorf("--trial %g: give 0.05 to 600 seconds", o.trial)
	case o.votes < 1 || o.votes%2 == 0:
		return nil, fmt.Errorf("--votes %d: give an odd number", o.votes)
	case o.searches < 1:
		return nil, fmt.Errorf("--searches %d: give at least 1", o.searches)
	case o.resolution < 0.001 || o.resolution > 0.2:
		return nil, fmt.Errorf("--resolution %g: give 0.001 to 0.2", o.resolution)
	}
	if _, err := choose(pacedLoads(), o.loads, true); err != nil {
		return nil, fmt.Errorf("--loads: %w", err)
	}
	return choose(everything(), o.only, o.full)
}

// choose returns the workloads that a list of names asks for, in the order of all; without names,
// all, but what takes long only if full says so.
func choose(all []workload, only string, full bool) ([]workload, error) {
	if only == "" {
		return slices.DeleteFunc(all, func(w workload) bool { return w.full && !full }), nil
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(only, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	var chosen []workload
	var names []string
	for _, w := range all {
		names = append(names, w.name)
		if wanted[w.name] {
			chosen = append(chosen, w)
			delete(wanted, w.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("--only %q is not a workload: name some of %s", name, strings.Join(names, ", "))
	}
	return chosen, nil
}

// run prepares the machine, measures, writes the rows, and puts the machine back as it was.
func run(ctx context.Context, o options, chosen []workload) (err error) {
	if o.export != "" {
		return export(o.export, (&bench{options: o}).chosenLoads())
	}
	if err := checkMachine(o.bin); err != nil {
		return err
	}
	if err := checkPeers(chosen); err != nil {
		return err
	}
	o.bin, err = filepath.Abs(o.bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mirrorgw-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	huge, err := openHugepages(filepath.Join(dir, "huge"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, huge.close()) }()
	b := bench{options: o, dir: dir, huge: huge, interval: time.Duration(o.seconds * float64(time.Second)), ovsBest: map[string][]string{}}
	fmt.Print(machineFacts(ctx, huge.total(), o.runs, o.seconds))
	rows, err := b.measureAll(ctx, chosen)
	if err != nil {
		return err // nothing is written: half a table would replace a whole one
	}
	fmt.Print(tables(rows, b.peerOffloads))
	return errors.Join(writeRows(o.out, rows), invalid(rows))
}
