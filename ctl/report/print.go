package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Print writes the report as tables for people: production, sessions, what was never mirrored,
// and the laws.
func Print(w io.Writer, r *Report) error {
	var out strings.Builder
	printProduction(&out, r)
	printSessions(&out, r)
	printSources(&out, r)
	printLaws(&out, r)
	_, err := io.WriteString(w, out.String())
	return err
}

func printProduction(out *strings.Builder, r *Report) {
	t := newTable("PORT", "ROLE", "RX PACKETS", "RX BYTES", "TX PACKETS", "TX BYTES", "COPIES SENT", "DROPPED").left(0, 1, 7)
	for _, name := range portOrder(r) {
		p := r.Ports[name]
		role := p.Role
		if p.Peer != "" {
			role += " to " + p.Peer
		}
		t.row(name, role, number(p.RxPackets), number(p.RxBytes), number(p.TxPackets), number(p.TxBytes),
			number(p.CopiesPackets), reasons(p.Dropped))
	}
	t.print(out, "Ports")
}

func printSessions(out *strings.Builder, r *Report) {
	t := newTable("#", "SESSION", "SOURCE", "TARGET", "VNI", "DIRECTION", "MATCHED", "MIRRORED", "BYTES", "TRUNCATED", "SKIPPED").left(1, 2, 3, 5, 10)
	for _, name := range sessionOrder(r) {
		s := r.Sessions[name]
		t.row(directionRow([]string{strconv.Itoa(s.Number), name, s.Source, s.Target, strconv.Itoa(int(s.VNI)), "ingress"}, s.Ingress)...)
		t.row(directionRow([]string{"", "", "", "", "", "egress"}, s.Egress)...)
	}
	t.print(out, "Sessions, the lowest number first")
}

func directionRow(head []string, d Direction) []string {
	return append(head, number(d.MatchedPackets), number(d.MirroredPackets), number(d.MirroredBytes),
		number(d.TruncatedPackets), reasons(d.Skipped))
}

func printSources(out *strings.Builder, r *Report) {
	t := newTable("SOURCE", "DIRECTION", "SEEN", "MATCHED", "MISSED", "TOO BUSY", "NEVER MIRRORED").left(0, 1, 6)
	for _, name := range slices.Sorted(maps.Keys(r.Sources)) {
		s := r.Sources[name]
		t.row(trafficRow(name, "ingress", s.Ingress)...)
		t.row(trafficRow("", "egress", s.Egress)...)
	}
	t.print(out, "Sources")
}

func trafficRow(name, direction string, s Traffic) []string {
	return []string{name, direction, number(s.Seen), number(s.Matched), number(s.Missed), number(s.UnmatchedCongestion), reasons(s.Excluded)}
}

func printLaws(out *strings.Builder, r *Report) {
	out.WriteString("Packets unaccounted for (must be 0)\n")
	fmt.Fprintf(out, "  production %s   mirror %s\n", number(r.Laws.Production), number(r.Laws.Mirror))
}

// portOrder sorts ports the way traffic goes: wire, tap, tunnel; by name within a role.
func portOrder(r *Report) []string {
	rank := map[string]int{"wire": 0, "tap": 1, "tunnel": 2}
	names := slices.Collect(maps.Keys(r.Ports))
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank[r.Ports[a].Role], rank[r.Ports[b].Role]), natural(a, b))
	})
	return names
}

// sessionOrder sorts sessions by source, and by number within one, as they are evaluated.
func sessionOrder(r *Report) []string {
	names := slices.Collect(maps.Keys(r.Sessions))
	slices.SortFunc(names, func(a, b string) int {
		x, y := r.Sessions[a], r.Sessions[b]
		return cmp.Or(natural(x.Source, y.Source), cmp.Compare(x.Number, y.Number), natural(a, b))
	})
	return names
}

// natural compares names so that wire2 comes before wire10.
func natural(a, b string) int {
	stemA, numberA := splitNumber(a)
	stemB, numberB := splitNumber(b)
	return cmp.Or(cmp.Compare(stemA, stemB), cmp.Compare(numberA, numberB), cmp.Compare(a, b))
}

func splitNumber(name string) (stem string, number int) {
	stem = strings.TrimRight(name, "0123456789")
	number, _ = strconv.Atoi(name[len(stem):])
	return stem, number
}

// number groups digits in threes: 1234567 is 1,234,567.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// reasons writes counts by size, "-" when nothing was counted.
func reasons(c Counts) string {
	names := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		return cmp.Or(cmp.Compare(c[b], c[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names {
		if c[name] != 0 {
			parts = append(parts, name+" "+number(c[name]))
		}
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}
