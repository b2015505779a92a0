package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

const shortestInterval = 100 * time.Millisecond

// topOptions are the flags of top.
type topOptions struct {
	sort     string
	interval time.Duration
	count    int
}

func (a *app) topCommand() *cobra.Command {
	var o topOptions
	cmd := &cobra.Command{
		Use:   "top",
		Short: "show rates of ports and sessions, live",
		Long: "Show rates of ports and sessions, live: packets and bits per second, the busiest first. In a terminal it\n" +
			"ends with q or Ctrl-C; s changes the order. Elsewhere every interval is printed below the last one.",
		Args: takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.sort, "sort", "packets", "in which `ORDER`: packets, bits, skipped (of ports: dropped) or name")
	flags.DurationVar(&o.interval, "interval", time.Second, "`DURATION` between two looks")
	flags.IntVar(&o.count, "count", 0, "end after this `NUMBER` of intervals (default: never)")
	_ = cmd.RegisterFlagCompletionFunc("sort", completeWords(sortKeys...))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := a.format()
		switch {
		case err != nil:
		case !slices.Contains(sortKeys, o.sort):
			err = usagef("--sort %s: there is %s", o.sort, strings.Join(sortKeys, ", "))
		case o.interval < shortestInterval:
			err = usagef("--interval %v is too short; give %v or more", o.interval, shortestInterval)
		}
		if err != nil {
			return hinted(err, cmd)
		}
		return a.top(cmd, o)
	}
	return cmd
}

// top looks, waits and prints until it has printed enough, or the user has seen enough.
func (a *app) top(cmd *cobra.Command, o topOptions) error {
	before, err := a.look(cmd)
	if err != nil {
		return err
	}
	keys, leave, err := a.enter()
	if err != nil {
		return err
	}
	defer leave()
	shown, tick := rates{}, a.After(o.interval)
	for done := 0; o.count == 0 || done < o.count; {
		select {
		case <-cmd.Context().Done():
			return nil
		case key := <-keys:
			if key == 'q' || key == 'Q' {
				return nil
			}
			if key == 's' {
				o.sort = sortKeys[(slices.Index(sortKeys, o.sort)+1)%len(sortKeys)]
				err = a.draw(shown, o, "")
			}
			if err != nil {
				return err
			}
			continue
		case <-tick:
			tick = a.After(o.interval)
		}
		after, err := a.look(cmd)
		if cmd.Context().Err() != nil {
			return nil
		}
		if err != nil {
			if a.Screen == nil {
				return err
			}
			err = a.draw(shown, o, strings.Join(errorLines(err), " "))
		} else {
			shown = ratesBetween(before, after)
			before, done = after, done+1
			err = a.draw(shown, o, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// look takes a sample.
func (a *app) look(cmd *cobra.Command) (sample, error) {
	g, ctx, cancel := a.daemon(cmd)
	defer cancel()
	stats, err := answer(g.Stats(ctx, client.StatsQuery{Kinds: []string{"ports", "sessions", "laws"}}))
	return sample{a.Now(), stats}, err
}

// enter prepares the terminals; leave brings them back to what they were.
func (a *app) enter() (keys <-chan byte, leave func(), err error) {
	if a.Screen == nil {
		return nil, func() {}, nil
	}
	restore := func() {}
	if a.Keys != nil {
		if restore, err = rawKeys(a.Keys); err != nil {
			return nil, nil, fmt.Errorf("the terminal cannot be read key by key: %w", err)
		}
		keys = pressed(a.Keys)
	}
	fmt.Fprint(a.Out, enterScreen)
	return keys, func() {
		fmt.Fprint(a.Out, leaveScreen)
		restore()
	}, nil
}

// pressed hands over key presses until the file ends. The read under way when the process ends
// is left alone.
func pressed(file *os.File) <-chan byte {
	keys := make(chan byte)
	go func() {
		for key := make([]byte, 1); ; {
			if _, err := file.Read(key); err != nil {
				return
			}
			keys <- key[0]
		}
	}()
	return keys
}

// draw shows rates: over the last ones on a terminal, below them elsewhere.
func (a *app) draw(r rates, o topOptions, trouble string) error {
	r.sort(o.sort)
	lines := a.topLines(r, o, trouble)
	if a.Screen == nil {
		return a.print(append(lines, "")...)
	}
	if height := rows(a.Screen); len(lines) > height {
		lines = append(lines[:height-1], fmt.Sprintf("… and %d lines more", len(lines)-height+1))
	}
	_, err := fmt.Fprint(a.Out, toTop, strings.Join(lines, clearLine+"\r\n"), clearLine, clearBelow)
	return err
}

func (a *app) topLines(r rates, o topOptions, trouble string) []string {
	lines := []string{fmt.Sprintf("%s  every %v, by %s", a.Now().Format("15:04:05"), o.interval, o.sort)}
	if trouble != "" {
		lines = append(lines, a.alarm("no news: "+trouble))
	}
	if r.laws != (report.Laws{}) {
		lines = append(lines, a.alarm(fmt.Sprintf("UNACCOUNTED FOR: production %s, mirror %s packets; both must be 0",
			grouped(r.laws.Production), grouped(r.laws.Mirror))))
	}
	if r.skipped.Sum() > 0 {
		lines = append(lines, a.alarm(fmt.Sprintf("SKIPPED COPIES: %s/s now; since the start %s", si(r.skipping), reasons(r.skipped))))
	}
	lines = append(append(lines, ""), portRates(r.ports).lines()...)
	if len(r.sessions) > 0 {
		lines = append(append(lines, ""), sessionRates(r.sessions).lines()...)
	}
	return lines
}

func portRates(ports []portRate) *table {
	t := newTable("PORT", "ROLE", "RX PACKETS/S", "RX BITS/S", "TX PACKETS/S", "TX BITS/S", "COPIES/S", "DROPPED/S", "DROPPED SINCE START").numbers(2, 3, 4, 5, 6, 7)
	for _, p := range ports {
		t.row(p.name, p.role, si(p.rxPackets), si(p.rxBits), si(p.txPackets), si(p.txBits), si(p.copies), si(p.dropping), reasons(p.dropped))
	}
	return t
}

func sessionRates(sessions []sessionRate) *table {
	t := newTable("SESSION", "SOURCE", "TARGET", "MATCHED/S", "MIRRORED/S", "BITS/S", "SKIPPED/S", "SKIPPED SINCE START").numbers(3, 4, 5, 6)
	for _, s := range sessions {
		t.row(s.name, s.source, s.target, si(s.matched), si(s.mirrored), si(s.bits), si(s.skipping), reasons(s.skipped))
	}
	return t
}
