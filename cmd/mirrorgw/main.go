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
	"os"
	"os/signal"
	"strings"
	"syscall"

	"mirrorgw/cmd/internal/gateway"
	"mirrorgw/cmd/internal/logging"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the gateway could not start, or ended with an error
	exitUsage  = 2 // the command line makes no sense
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "state":
			return runState(args[1:], out, errs)
		case "bypass":
			return runBypass(args[1:], out, errs)
		case "doctor":
			return runDoctor(args[1:], out, errs)
		case "completion":
			return runCompletion(args[1:], out, errs)
		case "manual":
			return runManual(args[1:], out, errs)
		}
	}
	options, code, done := parse(args, out, errs)
	if done {
		return code
	}
	log := logging.New(errs)
	defer log.Close()
	options.Log, options.Level, options.Format = log.Logger, log.Level, log.SetFormat
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
	flags, version := daemonFlags(&o)
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

// daemonFlags are those of the daemon; version asks for nothing else.
func daemonFlags(o *gateway.Options) (flags *flag.FlagSet, version *bool) {
	flags = newFlags()
	flags.StringVar(&o.Config, "config", "", "gateway configuration, `FILE` (required)")
	flags.StringVar(&o.Apply, "apply", "", "make the resources equal to those in `FILE`: interfaces, targets, filters, sessions")
	flags.DurationVar(&o.UntilIdle, "until-idle", 0, "end once no frame has arrived for this `DURATION`, as 500ms")
	flags.StringVar(&o.Report, "report", "", "write a JSON report at the end to `FILE`, - for standard output")
	flags.BoolVar(&o.CheckConfig, "check-config", false, "validate all files, print the plan, and end")
	return flags, flags.Bool("version", false, "print the version, and end")
}

const synopsis = `mirrorgw --config FILE [--apply RESOURCES] [--until-idle DURATION] [--report FILE] [--check-config]
mirrorgw state check|export|compact --config FILE [--state PATH]
mirrorgw bypass bypass|inline --config FILE
mirrorgw doctor [--config FILE] [--json]
mirrorgw completion bash|zsh|fish
`

func usage(flags *flag.FlagSet, out io.Writer) {
	for i, line := range strings.Split(strings.TrimSpace(synopsis), "\n") {
		word := "usage:"
		if i > 0 {
			word = "      "
		}
		fmt.Fprintln(out, word, line)
	}
	fmt.Fprintln(out)
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
