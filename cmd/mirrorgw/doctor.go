package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"mirrorgw/cmd/internal/doctor"
	"mirrorgw/dpdk"
)

// runDoctor is "mirrorgw doctor": it looks at the host, and changes nothing.
func runDoctor(args []string, out, errs io.Writer) int {
	o := doctor.Options{Machine: doctor.Live{DPDKVersion: dpdk.Version()}}
	flags, asJSON := doctorFlags(&o)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		doctorUsage(flags, out)
		return exitOK
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: every setting is a flag", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(errs, "mirrorgw: %s; see mirrorgw doctor --help\n", flagError(err))
		return exitUsage
	}
	report, err := doctor.Examine(o)
	if err == nil && *asJSON {
		err = report.PrintJSON(out)
	} else if err == nil {
		err = report.Print(out)
	}
	if code := exitCode(err, errs); code != exitOK || report.Healthy() {
		return code
	}
	return exitFailed
}

func doctorFlags(o *doctor.Options) (flags *flag.FlagSet, asJSON *bool) {
	flags = newFlags()
	flags.StringVar(&o.Config, "config", "", "gateway configuration, `FILE` (default: "+doctor.DefaultConfig+" if it is there)")
	return flags, flags.Bool("json", false, "print the findings as JSON")
}

const doctorHelp = `Looks at the host as a gateway with this configuration will find it, or finds it now, and says of each
finding what to do. It changes nothing. Exit code 1: there is a fault.
`

func doctorUsage(flags *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, "usage: mirrorgw doctor [--config FILE] [--json]\n\n"+doctorHelp+"\n")
	flags.SetOutput(out)
	flags.PrintDefaults()
}
