// Command mirrorgw is the gateway daemon: it forwards production traffic between port pairs and
// sends copies of what its traffic mirror sessions select, VXLAN-encapsulated, to their targets.
// "mirrorgw state" looks after the state file of a daemon that does not run;
// "mirrorgw doctor" says what is wrong with the host.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"mirrorgw/cmd/internal/gateway"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the gateway could not start, or ended with an error
	exitUsage  = 2 // the command line makes no sense
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	if len(args) > 0 && args[0] == "state" {
		return runState(args[1:], out, errs)
	}
	if len(args) > 0 && args[0] == "doctor" {
		return runDoctor(args[1:], out, errs)
	}
	options, code, done := parse(args, out, errs)
	if done {
		return code
	}
	options.Level = new(slog.LevelVar)
	options.Log = slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: options.Level}))
	ctx, stop := signalContext()
	defer stop()
	return exitCode(gateway.Run(ctx, options), errs)
}

// exitCode prints what went wrong, if anything did.
func exitCode(err error, errs io.Writer) int {
	if err != nil {
		fmt.Fprintf(errs, "mirrorgw: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// parse reads the flags; done means that there is nothing left to do but to exit with code.
func parse(args []string, out, errs io.Writer) (o gateway.Options, code int, done bool) {
	o.Out = out
	flags := newFlags()
	flags.StringVar(&o.Config, "config", "", "gateway configuration, `FILE` (required)")
	flags.StringVar(&o.Apply, "apply", "", "make the resources equal to those in `FILE`: interfaces, targets, filters, sessions")
	flags.DurationVar(&o.UntilIdle, "until-idle", 0, "end once no frame has arrived for this `DURATION`, as 500ms")
	flags.StringVar(&o.Report, "report", "", "write a JSON report at the end to `FILE`, - for standard output")
	flags.BoolVar(&o.CheckConfig, "check-config", false, "validate all files, print the plan, and end")
	version := flags.Bool("version", false, "print the version, and end")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(flags, out)
		return o, exitOK, true
	case err == nil && *version:
		fmt.Fprintln(out, gateway.VersionLine())
		return o, exitOK, true
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: every setting is a flag", flags.Arg(0))
	case err == nil:
		err = o.Check()
	}
	if err != nil {
		fmt.Fprintf(errs, "mirrorgw: %s; see mirrorgw --help\n", flagError(err))
		return o, exitUsage, true
	}
	return o, exitOK, false
}

func usage(flags *flag.FlagSet, out io.Writer) {
	fmt.Fprintf(out, "usage: mirrorgw --config FILE [--apply RESOURCES] [--until-idle DURATION] [--report FILE] [--check-config]\n")
	fmt.Fprintf(out, "       mirrorgw state check|export|compact --config FILE [--state PATH]\n")
	fmt.Fprintf(out, "       mirrorgw doctor [--config FILE] [--json]\n\n")
	flags.SetOutput(out)
	flags.PrintDefaults()
}

// signalContext ends with the name of the signal as its cause. A second signal has its default
// effect, should the first one not be enough.
func signalContext() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		first := <-signals
		signal.Stop(signals)
		cancel(fmt.Errorf("%v", first))
	}()
	return ctx, func() { signal.Stop(signals) }
}
