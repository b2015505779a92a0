package cli

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

var statKinds = []string{"ports", "sessions", "sources", "rules", "laws"}

func (a *app) statsCommand() *cobra.Command {
	var q client.StatsQuery
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "show the counters since the daemon started",
		Args:  takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringSliceVar(&q.Kinds, "kind", nil, "only these `KINDS`: ports, sessions, sources, rules, laws")
	flags.StringVar(&q.Session, "session", "", "only this `SESSION`, name or ID")
	flags.StringVar(&q.Source, "source", "", "only this `INTERFACE` and its sessions, name or ID")
	_ = cmd.RegisterFlagCompletionFunc("kind", completeWords(statKinds...))
	_ = cmd.RegisterFlagCompletionFunc("session", a.completeField(&field{refers: "session"}))
	_ = cmd.RegisterFlagCompletionFunc("source", a.completeField(&field{refers: "interface"}))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := a.format("json")
		for _, kind := range q.Kinds {
			if !slices.Contains(statKinds, kind) {
				err = usagef("--kind %s: there is %s", kind, strings.Join(statKinds, ", "))
			}
		}
		if err != nil {
			return hinted(err, cmd)
		}
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		stats, err := answer(g.Stats(ctx, q))
		if err != nil {
			return err
		}
		if a.output == "json" {
			return a.json(stats)
		}
		var text strings.Builder
		if err := report.Print(&text, stats); err != nil {
			return err
		}
		return a.print(append(strings.Split(strings.TrimRight(text.String(), "\n"), "\n"), ruleCounts(stats.Rules)...)...)
	}
	return cmd
}

// ruleCounts are the packets that each rule decided, which the report's tables leave out.
func ruleCounts(rules map[string]map[string]int64) []string {
	if len(rules) == 0 {
		return nil
	}
	t := newTable("FILTER", "RULE", "PACKETS DECIDED").numbers(2)
	for _, filter := range sortedKeys(rules) {
		for _, rule := range slices.SortedFunc(maps.Keys(rules[filter]), byNumber) {
			t.row(filter, rule, grouped(rules[filter][rule]))
		}
	}
	return append([]string{"", "Rules"}, t.lines()...)
}

// byNumber sorts "ingress 90" before "ingress 100", and egress before both.
func byNumber(a, b string) int {
	directionA, numberA, _ := strings.Cut(a, " ")
	directionB, numberB, _ := strings.Cut(b, " ")
	if directionA != directionB {
		return strings.Compare(directionA, directionB)
	}
	x, _ := strconv.Atoi(numberA)
	y, _ := strconv.Atoi(numberB)
	return x - y
}

// grouped writes a count with its digits in threes: 1,234,567.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(text) - 3; i > first; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
