package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

func (a *app) reloadCommand() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "have the daemon read its configuration again",
		Long: "Have the daemon read its configuration, access keys, certificate and directory of users again, as SIGHUP does,\n" +
			"and tell what it took over and what needs a restart. All of it is taken over, or nothing.",
		Args: takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.format("json"); err != nil {
				return hinted(err, cmd)
			}
			g, ctx, cancel := a.daemon(cmd)
			defer cancel()
			result, err := answer(g.Reload(ctx, dryRun))
			if err != nil {
				return err
			}
			if a.output == "json" {
				return a.json(result)
			}
			return a.print(reloadLines(result)...)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only print what would change")
	return cmd
}

// reloadLines says what a reload came to.
func reloadLines(r *api.Reload) (lines []string) {
	done, read := "taken over: ", "read again: "
	if r.DryRun {
		done, read = "would be taken over: ", "would be read again: "
	}
	for _, change := range r.Changed {
		lines = append(lines, done+printable(change))
	}
	for _, path := range r.Read {
		lines = append(lines, read+printable(path))
	}
	for _, difference := range r.RestartNeeded {
		lines = append(lines, "needs a restart: "+printable(difference))
	}
	for _, note := range r.Notes {
		lines = append(lines, "note: "+printable(note))
	}
	if len(r.Changed) == 0 {
		lines = append(lines, "no key that a reload takes over has changed")
	}
	return lines
}

func (a *app) logLevelCommand() *cobra.Command {
	levels := []string{"debug", "info", "warn", "error"}
	return &cobra.Command{
		Use:     "log-level LEVEL",
		Short:   "change the level of the daemon's log until the next reload or start",
		Example: "  mirrorctl log-level debug",
		Args:    takes(1, 1, "one level: debug, info, warn or error"), ValidArgsFunction: completeWords(levels...),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.format("json"); err != nil {
				return hinted(err, cmd)
			}
			g, ctx, cancel := a.daemon(cmd)
			defer cancel()
			level, err := answer(g.SetLogLevel(ctx, args[0]))
			if err != nil {
				return err
			}
			if a.output == "json" {
				return a.json(level)
			}
			return a.print("the daemon logs at level " + printable(level.Level) + " until the next reload or start")
		},
	}
}

// reloadFaults says what of the configuration is not in force.
func reloadFaults(c *api.Configuration, now time.Time) (faults []string) {
	if last := c.LastReload; last != nil && last.Result == api.ReloadFailed {
		why := "the daemon's log says why"
		if len(last.Failures) > 0 {
			why = printable(last.Failures[0])
		}
		faults = append(faults, fmt.Sprintf("the last reload, %s ago, failed and changed nothing: %s", duration(now.Sub(last.Time)), why))
	}
	return faults
}

// bypassFaults says where production goes that it should not.
func bypassFaults(b *api.Bypass) (faults []string) {
	switch {
	case b == nil:
	case b.Failure != "":
		faults = append(faults, fmt.Sprintf("production could not be switched to %s (%s): %s", b.Wanted, b.Reason, printable(b.Failure)))
	case b.Wanted == "bypass":
		faults = append(faults, fmt.Sprintf("production goes past the gateway (%s), so nothing is mirrored", b.Reason))
	}
	return faults
}

// bypassRow is where production goes.
func bypassRow(b *api.Bypass) string {
	now := b.Now
	if now == "" {
		now = "not known"
	}
	if b.Since != "" {
		now += " since " + b.Since
	}
	return printable(now)
}

// configurationLines says which keys of the file need a restart.
func configurationLines(c *api.Configuration) (lines []string) {
	for _, difference := range c.RestartNeeded {
		lines = append(lines, "NOTE: needs a restart: "+printable(difference))
	}
	return lines
}

// configurationRow is the state of the configuration in a line.
func configurationRow(c *api.Configuration, now time.Time) string {
	if c.File == "" {
		return "-"
	}
	how := "read at the start"
	if c.Reloads > c.FailedReloads {
		how = "reloaded " + duration(now.Sub(c.LoadedAt)) + " ago"
	}
	return fmt.Sprintf("%s, %s; log level %s", printable(c.File), how, printable(c.LogLevel))
}
