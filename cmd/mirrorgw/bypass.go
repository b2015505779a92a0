package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"mirrorgw/cmd/internal/gateway"
)

const bypassHelp = `Runs the program that [bypass] of the configuration has for the event: production goes past the gateway, or
through it. Of the configuration nothing else is read.`

func bypassFlags(o *gateway.BypassOptions) *flag.FlagSet {
	flags := newFlags()
	flags.StringVar(&o.Config, "config", "", "gateway configuration, `FILE` (required)")
	return flags
}

// runBypass is "mirrorgw bypass EVENT": it runs the program that the configuration has for an event.
func runBypass(args []string, out, errs io.Writer) int {
	o := gateway.BypassOptions{Out: out}
	flags := bypassFlags(&o)
	event, err := parseAction(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, "usage: mirrorgw bypass bypass|inline --config FILE\n\n"+bypassHelp+"\n\n")
		flags.SetOutput(out)
		flags.PrintDefaults()
		return exitOK
	}
	if err == nil {
		o.Event = event
		err = o.Check()
	}
	if err != nil {
		fmt.Fprintf(errs, "mirrorgw: %s; see mirrorgw bypass --help\n", flagError(err))
		return exitUsage
	}
	return exitCode(gateway.Bypass(o), errs)
}
