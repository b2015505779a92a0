package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"mirrorgw/cmd/internal/gateway"
)

// runState is "mirrorgw state ACTION": it looks after the file of a daemon that does not run.
func runState(args []string, out, errs io.Writer) int {
	o := gateway.StateOptions{Out: out}
	flags := stateFlags(&o)
	action, err := parseAction(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		stateUsage(flags, out)
		return exitOK
	}
	if err == nil {
		o.Action = action
		err = o.Check()
	}
	if err != nil {
		fmt.Fprintf(errs, "mirrorgw: %s; see mirrorgw state --help\n", flagError(err))
		return exitUsage
	}
	return exitCode(gateway.State(o), errs)
}

func stateFlags(o *gateway.StateOptions) *flag.FlagSet {
	flags := newFlags()
	flags.StringVar(&o.Config, "config", "", "gateway configuration, `FILE` (required)")
	flags.StringVar(&o.Path, "state", "", "state file, `PATH` (default: [state] path of the configuration)")
	return flags
}

// parseAction takes the action from before or behind the flags.
func parseAction(flags *flag.FlagSet, args []string) (action string, err error) {
	if len(args) > 0 && len(args[0]) > 0 && args[0][0] != '-' {
		action, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	rest := flags.Args()
	if action == "" && len(rest) > 0 {
		action, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		return "", fmt.Errorf("unexpected argument %q: there is one action, the rest are flags", rest[0])
	}
	return action, nil
}

const stateHelp = `The daemon whose state it is must not run. Actions:
  check    print schema, revision, counts and size, and whether the resources are valid
  export   write the resources as the document that --apply reads
  compact  rewrite the file without the space that deleted resources left
`

func stateUsage(flags *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, "usage: mirrorgw state ACTION --config FILE [--state PATH]\n\n"+stateHelp+"\n")
	flags.SetOutput(out)
	flags.PrintDefaults()
}
