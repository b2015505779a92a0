package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

func (a *app) statusCommand() *cobra.Command {
	var check bool
	cmd := a.stateCommand("status", "show what the gateway is and does, and what is wrong", func(ctx context.Context, g Gateway, state *api.State) error {
		health, err := answer(g.Health(ctx))
		if err != nil {
			return err
		}
		faults := a.faults(state, health)
		if err := a.printStatus(state, faults); err != nil {
			return err
		}
		if check && len(faults) > 0 {
			return errUnhealthy
		}
		return nil
	})
	cmd.Flags().BoolVar(&check, "check", false, "end with exit code 1 when something is wrong")
	return cmd
}

// stateCommand is a command that shows some of the state; with -o json the show function prints
// it.
func (a *app) stateCommand(use, short string, show func(context.Context, Gateway, *api.State) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short,
		Args: takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.format("json"); err != nil {
				return hinted(err, cmd)
			}
			g, ctx, cancel := a.daemon(cmd)
			defer cancel()
			state, err := answer(g.State(ctx))
			if err != nil {
				return err
			}
			return show(ctx, g, state)
		},
	}
}

// faults says in words what is not as it should be.
func (a *app) faults(state *api.State, health *api.Health) []string {
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if !state.Forwarding {
		add("production traffic is not forwarded")
	}
	if state.Pending > 0 {
		add("%s not in force everywhere yet: an lcore does not run", countOf(state.Pending, "change is", "changes are"))
	}
	if laws := state.Laws; laws != (api.Laws{}) && health.Status == "ok" { // else health says it
		add("packets are unaccounted for: production %s, mirror %s; both must be 0", grouped(laws.Production), grouped(laws.Mirror))
	}
	for _, p := range state.Ports {
		switch {
		case p.Link.TakenDown:
			add("the link of port %s (%s) is taken down, because that of %s is down", p.Name, p.Role, p.Peer)
		case !p.Link.Up:
			add("the link of port %s (%s) is down", p.Name, p.Role)
		}
	}
	if len(state.Lcores) == 0 {
		add("no lcore runs")
	}
	faults = append(faults, bypassFaults(state.Bypass)...)
	faults = append(faults, reloadFaults(&state.Configuration, a.Now())...)
	faults = append(faults, congestion(state.Lcores)...)
	faults = append(faults, troubles(state, a.Now())...)
	for _, fault := range health.Faults {
		add("%s", printable(fault))
	}
	if health.Status != "ok" && len(health.Faults) == 0 {
		add("the daemon calls itself %s", printable(health.Status))
	}
	return faults
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int64(n)) + " " + many
}

func (a *app) printStatus(state *api.State, faults []string) error {
	if a.output == "json" {
		return a.json(state)
	}
	var lines []string
	for _, fault := range faults {
		lines = append(lines, a.alarm("WARNING: "+fault))
	}
	if faults == nil {
		lines = append(lines, "everything is as it should be")
	}
	for _, p := range state.Ports {
		for _, advice := range p.Advice {
			lines = append(lines, "NOTE: "+printable(advice))
		}
	}
	lines = append(lines, configurationLines(&state.Configuration)...)
	t := newTable("", "")
	t.row("version", state.Version)
	t.row("running for", duration(a.Now().Sub(state.StartedAt)))
	t.row("forwarding", map[bool]string{true: "yes", false: "no"}[state.Forwarding])
	t.row("revision", strconv.FormatUint(state.Revision, 10)+" of the resources")
	t.row("generation", strconv.FormatUint(state.Generation, 10)+" of the program in force")
	t.row("pending", countOf(state.Pending, "change", "changes"))
	t.row("unaccounted for", fmt.Sprintf("production %s, mirror %s (must be 0)", grouped(state.Laws.Production), grouped(state.Laws.Mirror)))
	t.row("resources", resources(state.Resources))
	if state.Bypass != nil {
		t.row("bypass", bypassRow(state.Bypass))
	}
	t.row("configuration", configurationRow(&state.Configuration, a.Now()))
	lines = append(append(lines, ""), t.lines()[1:]...)
	lines = append(append(lines, ""), portTable(state.Ports).lines()...)
	if len(state.Lcores) > 0 {
		lines = append(append(lines, ""), lcoreTable(state.Lcores).lines()...)
	}
	return a.print(lines...)
}

func resources(r api.Resources) string {
	counts := []string{
		countOf(r.Interfaces, "interface", "interfaces"), countOf(r.Targets, "target", "targets"),
		countOf(r.Filters, "filter", "filters"), countOf(r.Rules, "rule", "rules"),
		countOf(r.Sessions, "session", "sessions"), countOf(r.LoadBalancers, "load balancer", "load balancers"),
	}
	if r.Shares > 0 {
		counts = append(counts, countOf(r.Shares, "share", "shares"))
	}
	return strings.Join(counts, ", ")
}

// duration is a time for people: 3d 4h 5m, or seconds when it is short.
func duration(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%ds", max(int(d.Seconds()), 0))
	}
	days, rest := int(d/(24*time.Hour)), d%(24*time.Hour)
	text := ""
	if days > 0 {
		text = fmt.Sprintf("%dd ", days)
	}
	if d >= time.Hour {
		text += fmt.Sprintf("%dh ", int(rest.Hours()))
	}
	return text + fmt.Sprintf("%dm", int(rest.Minutes())%60)
}

func (a *app) portsCommand() *cobra.Command {
	return a.stateCommand("ports", "show the ports, their links, and what their drivers alter", func(_ context.Context, _ Gateway, state *api.State) error {
		if a.output == "json" {
			return a.json(state.Ports)
		}
		lines := portTable(state.Ports).lines()
		for _, p := range state.Ports {
			for _, note := range slices.Concat(p.Notes, p.Advice) {
				lines = append(lines, p.Name+": "+note)
			}
		}
		return a.print(lines...)
	})
}

func portTable(ports []api.Port) *table {
	t := newTable("PORT", "ROLE", "LINK", "MAC", "MTU", "QUEUES", "DRIVER", "DEVICE", "ADDRESSES").numbers(4, 5)
	for _, p := range ports {
		role := p.Role
		if p.Peer != "" {
			role += " to " + p.Peer
		}
		t.row(p.Name, role, link(p.Link), p.MAC, strconv.Itoa(p.MTU), strconv.Itoa(p.Queues), p.Driver, p.Device,
			orDash(strings.Join(p.Addresses, ", ")))
	}
	return t
}

func link(l api.Link) string {
	switch {
	case l.TakenDown:
		return "taken down"
	case !l.Up:
		return "down"
	}
	text := "up"
	switch {
	case l.SpeedMbps >= 1000 && l.SpeedMbps%1000 == 0:
		text += fmt.Sprintf(" %d Gb/s", l.SpeedMbps/1000)
	case l.SpeedMbps > 0:
		text += fmt.Sprintf(" %d Mb/s", l.SpeedMbps)
	}
	if l.SpeedMbps > 0 && !l.FullDuplex {
		text += " half duplex"
	}
	return text
}
