package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"mirrorgw/testbed/daemon"
)

const examples = 3 // decoded copies shown of each session

// summarize prints what a finished run did, as tables; an error says what must not be.
func summarize(w io.Writer, dir string) error {
	o, err := load(dir)
	if err != nil {
		return fmt.Errorf("there is no finished run to tell about: %w", err)
	}
	fmt.Fprintln(w, "PRODUCTION: what entered one side of the wire left the other")
	forth := printWire(w, "wire0 > wire1", o.in0, o.production)
	back := printWire(w, "wire1 > wire0", o.in1, o.back)
	printSessions(w, o)
	printExamples(w, o)
	printUnmirrored(w, o)
	fmt.Fprintf(w, "\nLAWS, which must read 0: production %d, mirror %d\n", o.report.Laws["production"], o.report.Laws["mirror"])
	fmt.Fprintf(w, "\nLook for yourself: tshark -r %[1]s/mirror.pcap    tcpdump -nr %[1]s/mirror.pcap\n", dir)
	return o.verdict(forth && back)
}

func (o *outcome) verdict(identical bool) error {
	switch {
	case !identical:
		return fmt.Errorf("production was altered: the frames that left are not those that entered")
	case o.report.Laws["production"] != 0 || o.report.Laws["mirror"] != 0:
		return fmt.Errorf("a law is broken: a frame went missing without being counted")
	case o.report.Dropped() != 0:
		return fmt.Errorf("%d production frames were dropped", o.report.Dropped())
	}
	return nil
}

// printWire tells one direction of the wire and whether it is identical.
func printWire(w io.Writer, direction string, in, out [][]byte) bool {
	difference := firstDifference(in, out)
	state := "identical, byte for byte and in order"
	if difference >= 0 {
		state = fmt.Sprintf("DIFFERENT from frame %d on", difference+1)
	}
	fmt.Fprintf(w, "  %s  in %4d frames %7d bytes   out %4d frames %7d bytes   %s\n",
		direction, len(in), size(in), len(out), size(out), state)
	return difference < 0
}

func printSessions(w io.Writer, o *outcome) {
	fmt.Fprintln(w, "\nSESSIONS: per source, the lowest number that accepts a frame gets it")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  source\tno.\tsession\ttarget\tVNI\tmatched in/out\tmirrored\ttruncated\tskipped\tcopies in mirror.pcap")
	for _, s := range o.sessions {
		r := o.report.Sessions[s.Name]
		fmt.Fprintf(t, "  %s\t%d\t%s\t%s\t%d\t%d / %d\t%d\t%d\t%s\t%d\n", s.Source, s.Number, s.Name, s.Target, s.VNI,
			r.Ingress.MatchedPackets, r.Egress.MatchedPackets, r.Ingress.MirroredPackets+r.Egress.MirroredPackets,
			r.Ingress.TruncatedPackets+r.Egress.TruncatedPackets, skipped(r), len(o.of(s)))
	}
	t.Flush()
}

// skipped is "0", or the number and its reasons.
func skipped(s daemon.Session) string {
	var total uint64
	var reasons []string
	for _, d := range []daemon.Direction{s.Ingress, s.Egress} {
		for reason, n := range d.Skipped {
			if total += n; n > 0 {
				reasons = append(reasons, reason)
			}
		}
	}
	if total == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", total, strings.Join(reasons, ", "))
}

// printExamples shows the first, the middle and the last copy of each session.
func printExamples(w io.Writer, o *outcome) {
	fmt.Fprintln(w, "\nCOPIES, some of them taken apart")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range o.sessions {
		copies := o.of(s)
		for i := range min(examples, len(copies)) {
			m := copies[i*(len(copies)-1)/max(1, min(examples, len(copies))-1)]
			fmt.Fprintf(t, "  %s\touter %s\tVNI %d\t%d bytes\t%s\n", s.Name, m.outer, m.vni, len(m.inner), inWords(m.inner))
		}
	}
	t.Flush()
}

func printUnmirrored(w io.Writer, o *outcome) {
	left := o.unmirrored()
	fmt.Fprintf(w, "\nNOT MIRRORED: %d of %d frames\n", len(left), len(o.in0)+len(o.in1))
	counts := map[string]int{}
	for _, frame := range left {
		counts[reason(frame)]++
	}
	for _, r := range reasons {
		if counts[r] > 0 {
			fmt.Fprintf(w, "  %4d  %s\n", counts[r], r)
		}
	}
}

// firstDifference returns the index of the first frame that differs, or -1.
func firstDifference(a, b [][]byte) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || string(a[i]) != string(b[i]) {
			return i
		}
	}
	return -1
}

func size(frames [][]byte) (n int) {
	for _, f := range frames {
		n += len(f)
	}
	return n
}
