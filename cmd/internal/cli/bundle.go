package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mirrorgw/cmd/internal/bundle"
	"mirrorgw/cmd/internal/version"
)

// bundling is what the flags of support-bundle say.
type bundling struct {
	file, config, unit string
	since, interval    time.Duration
	anonymize          bool
}

func (a *app) bundleCommand() *cobra.Command {
	var b bundling
	cmd := &cobra.Command{
		Use:   "support-bundle",
		Short: "gather configuration, counters, log and host facts in an archive",
		Long: "Gather in one archive what somebody needs who was not there: configuration, resources, state, counters at two\n" +
			"moments, metrics, recent history, the log, what mirrorgw doctor finds, and facts about the host. Secrets are taken\n" +
			"out. It works when the daemon does not run; what cannot be had is said in the archive's index. Run it as root, or\n" +
			"some of it is missing.",
		Example: "  mirrorctl support-bundle --anonymize --file bundle.tar.gz",
		Args:    takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&b.file, "file", "f", "", "`FILE` to write, - for standard output (default: mirrorgw-support-TIME.tar.gz)")
	flags.BoolVar(&b.anonymize, "anonymize", false, "map IP and MAC addresses and the host's name, equal ones alike")
	flags.StringVar(&b.config, "config", "/etc/mirrorgw/mirrorgw.toml", "the gateway's configuration, `FILE`")
	flags.StringVar(&b.unit, "unit", "mirrorgw.service", "the gateway's `UNIT`, whose log is taken")
	flags.DurationVar(&b.since, "since", 24*time.Hour, "how far back the log goes, `DURATION`")
	flags.DurationVar(&b.interval, "interval", 5*time.Second, "`DURATION` between the two moments of the counters")
	_ = cmd.MarkFlagFilename("config")
	_ = cmd.MarkFlagFilename("file")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.format("json"); err != nil {
			return hinted(err, cmd)
		}
		if b.interval < 0 || b.interval > time.Minute || b.since <= 0 {
			return hinted(usagef("--interval goes from 0s to 1m, and --since is above 0"), cmd)
		}
		return a.supportBundle(cmd.Context(), &b)
	}
	return cmd
}

func (a *app) supportBundle(ctx context.Context, b *bundling) error {
	ctx, cancel := context.WithTimeout(ctx, bundle.DefaultTime)
	defer cancel()
	out, name, done, err := a.bundleFile(b.file)
	if err != nil {
		return err
	}
	index, err := bundle.Write(ctx, out, bundle.Options{Config: b.config, Unit: b.unit, Since: b.since, Interval: b.interval, Anonymize: b.anonymize,
		Version: version.String(), Gateway: a.Dial(a.socket), Now: a.Now})
	if err = errors.Join(err, done(err)); err != nil {
		return err
	}
	return a.tellBundle(index, name)
}

// bundleFile opens the archive. It is for its owner alone, and never replaces a file.
func (a *app) bundleFile(name string) (out io.Writer, told string, done func(error) error, err error) {
	if name == "-" {
		return a.Out, "", func(error) error { return nil }, nil
	}
	if name == "" {
		name = "mirrorgw-support-" + a.Now().UTC().Format("20060102-150405") + ".tar.gz"
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, "", nil, fmt.Errorf("the archive cannot be made: %w; name another with --file", err)
	}
	return file, name, func(failed error) error {
		err := file.Close()
		if failed != nil || err != nil {
			os.Remove(name)
		}
		return err
	}, nil
}

// tellBundle says what the archive has and lacks.
func (a *app) tellBundle(index *bundle.Index, name string) error {
	failed := index.Failed()
	if name == "" { // standard output has the archive
		for _, p := range failed {
			a.warn([]string{p.Name + ": " + p.Error})
		}
		return nil
	}
	if a.output == "json" {
		return a.json(index)
	}
	lines := []string{fmt.Sprintf("%s: %d pieces", name, len(index.Pieces)-len(failed))}
	for _, p := range failed {
		why := p.Error
		if p.Truncated {
			why = "cut, too long " + why
		}
		lines = append(lines, "  without "+p.Name+": "+printable(strings.ReplaceAll(strings.TrimSpace(why), "\n", "; ")))
	}
	return a.print(lines...)
}
