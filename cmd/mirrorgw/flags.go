package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
)

func newFlags() *flag.FlagSet {
	flags := flag.NewFlagSet("mirrorgw", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the flag package's own words say too little
	return flags
}

var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: -(.+)$`)
	badValue    = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-([a-z-]+)`)
	noValue     = regexp.MustCompile(`^flag needs an argument: -(.+)$`)
)

// flagError says in our words what the flag package found.
func flagError(err error) string {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("there is no flag --%s", m[1])
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		kind := "true or false"
		if m[2] == "until-idle" {
			kind = "a duration; write one like 500ms or 2s"
		}
		return fmt.Sprintf("--%s %q is not %s", m[2], m[1], kind)
	}
	if m := noValue.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("--%s needs a value", m[1])
	}
	return text
}
