// Command mirrorgw is the gateway daemon: it forwards production traffic between port pairs and
// sends copies of what its traffic mirror sessions select, VXLAN-encapsulated, to their targets.
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
	options, code, done := parse(args, out, errs)
	if done {
		return code
	}
	options.Level = new(slog.LevelVar)
	options.Log = slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: options.Level}))
	ctx, stop := signalContext()
	defer stop()
	if err := gateway.Run(ctx, options); err != nil {
		fmt.Fprintf(errs, "mirrorgw: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// parse reads the flags; done means that there is nothing left to do but to exit with code.
func parse(args []string, out, errs io.Writer) (o gateway.Options, code int, done bool) {
	flags := flag.NewFlagSet("mirrorgw", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.Config, "config", "", "gateway configuration, `FILE` (required)")
	flags.StringVar(&o.Apply, "apply", "", "resources to mirror by: interfaces, targets, filters, sessions, `FILE`")
	flags.DurationVar(&o.UntilIdle, "until-idle", 0, "end once no frame has arrived for this `DURATION`, as 500ms")
	flags.StringVar(&o.Report, "report", "", "write a JSON report at the end to `FILE`, - for standard output")
	flags.BoolVar(&o.CheckConfig, "check-config", false, "validate all files, print the plan, and end")
	flags.Usage = func() {
		fmt.Fprintf(errs, "usage: mirrorgw --config FILE [--apply RESOURCES] [--until-idle DURATION] [--report FILE] [--check-config]\n\n")
		flags.PrintDefaults()
	}
	o.Out = out
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return o, exitOK, true
	case err != nil:
		return o, exitUsage, true
	case flags.NArg() > 0:
		fmt.Fprintf(errs, "mirrorgw: unexpected argument %q: every setting is a flag, see mirrorgw --help\n", flags.Arg(0))
		return o, exitUsage, true
	}
	if err := o.Check(); err != nil {
		fmt.Fprintf(errs, "mirrorgw: %v\n", err)
		return o, exitUsage, true
	}
	return o, exitOK, false
}

// signalContext ends with the name of the signal as its cause.
func signalContext() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		cancel(fmt.Errorf("%v", <-signals))
	}()
	return ctx, func() { signal.Stop(signals) }
}
