package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

func (a *app) lcoresCommand() *cobra.Command {
	return a.stateCommand("lcores", "show the lcores that move packets, and what their time goes to", func(_ context.Context, _ Gateway, state *api.State) error {
		if a.output == "json" {
			return a.json(state.Lcores)
		}
		lines := lcoreTable(state.Lcores).lines()
		for i := range state.Lcores {
			l := &state.Lcores[i]
			if l.Loop.CyclesPerSecond == 0 {
				continue // no second has passed yet
			}
			lines = append(lines, "", fmt.Sprintf("lcore %d, last 60 s", l.Lcore), "")
			tables := []*table{stageTable(&l.Loop), burstTable(&l.Loop), gapTable(&l.Loop)}
			if l.Loop.RulesCached+l.Loop.RulesSearched > 0 {
				tables = slices.Insert(tables, 1, rulesTable(&l.Loop))
			}
			for _, t := range tables {
				lines = append(append(lines, t.lines()...), "")
			}
			lines = lines[:len(lines)-1]
		}
		return a.print(lines...)
	})
}

func lcoreTable(lcores []api.Lcore) *table {
	t := newTable("LCORE", "CPU", "ROLE", "GENERATION", "BUSY, 60 s", "CYCLES/PACKET", "LONGEST GAP, 60 s", "HEARTBEAT", "CONGESTION", "CONGESTED FOR").numbers(0, 1, 3, 4, 5, 6, 7)
	for _, l := range lcores {
		busy, cycles := "-", "-"
		if l.Loop.CyclesPerSecond > 0 {
			busy = percent(l.Loop.BusyShare)
		}
		if l.Loop.Packets+l.Loop.Copies > 0 {
			cycles = oneDigit(l.Loop.CyclesPerPacket)
		}
		t.row(strconv.Itoa(l.Lcore), strconv.Itoa(l.CPU), orDash(l.Role), strconv.FormatUint(l.Generation, 10), busy, cycles,
			grouped(l.LongestGapMicroseconds)+" us", grouped(int64(l.Heartbeat)), congestionState(&l.Congestion), congestedFor(&l.Congestion))
	}
	return t
}

func percent(share float64) string { return oneDigit(100*share) + " %" }

func oneDigit(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// share is that of n in all.
func share(n, all uint64) string {
	if all == 0 {
		return "-"
	}
	return percent(float64(n) / float64(all))
}

func stageTable(l *api.Loop) *table {
	t := newTable("STAGE", "CYCLES/PACKET").numbers(1)
	for _, s := range l.Stages {
		t.row(s.Stage, oneDigit(s.CyclesPerPacket))
	}
	return t
}

// rulesTable is who answered for filters too large to be compared rule by rule.
func rulesTable(l *api.Loop) *table {
	t := newTable("LARGE RULE SETS", "ANSWERS", "SHARE").numbers(1, 2)
	all := l.RulesCached + l.RulesSearched
	t.row("known of the flow", grouped(int64(l.RulesCached)), share(l.RulesCached, all))
	t.row("searched", grouped(int64(l.RulesSearched)), share(l.RulesSearched, all))
	return t
}

func burstTable(l *api.Loop) *table {
	t := newTable("PACKETS RECEIVED", "POLLS", "SHARE").numbers(1, 2)
	var all uint64
	for _, b := range l.Bursts {
		all += b.Polls
	}
	from := 0
	for _, b := range l.Bursts {
		packets := strconv.Itoa(b.UpTo)
		if b.UpTo > from {
			packets = fmt.Sprintf("%d-%d", from, b.UpTo)
		}
		t.row(packets, grouped(int64(b.Polls)), share(b.Polls, all))
		from = b.UpTo + 1
	}
	return t
}

// gapTable leaves out what is shorter and longer than every loop.
func gapTable(l *api.Loop) *table {
	t := newTable("TIME BETWEEN POLLS", "LOOPS", "SHARE").numbers(1, 2)
	var all, seen uint64
	for _, g := range l.Gaps {
		all += g.Loops
	}
	for i, g := range l.Gaps {
		seen += g.Loops
		if seen == 0 || seen == all && g.Loops == 0 {
			continue
		}
		text := "below " + microseconds(g.BelowMicroseconds)
		if g.BelowMicroseconds == 0 {
			text = "longer"
			if i > 0 {
				text = "from " + microseconds(l.Gaps[i-1].BelowMicroseconds)
			}
		}
		t.row(text, grouped(int64(g.Loops)), share(g.Loops, all))
	}
	return t
}

// microseconds writes a time below which loops stay: 0.25 us, 1,024 us.
func microseconds(us float64) string {
	if us < 1 {
		return strconv.FormatFloat(us, 'g', -1, 64) + " us"
	}
	return grouped(int64(us)) + " us"
}
