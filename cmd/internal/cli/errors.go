package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/tomldoc"
)

// Exit codes; docs/mirrorctl.md and mirrorctl --help explain them.
const (
	ExitOK          = 0
	ExitRefused     = 1 // by the daemon; or: iam simulate was denied, status --check found a fault, output could not be written
	ExitUsage       = 2 // the command line makes no sense; nothing was asked
	ExitUnreachable = 3 // no answer from the daemon
	ExitNotFound    = 4 // no such resource
	ExitConflict    = 5 // name or number taken, in use, over quota, or another revision than --if-match
	ExitStalled     = 6 // the change was made, but one lcore does not run and has not taken it
	ExitInterrupted = 130
)

const exitCodesHelp = `Exit codes:
  0  done
  1  refused by the daemon, denied by iam simulate, or status --check found something wrong
  2  the command line makes no sense; nothing was asked of the daemon
  3  the daemon cannot be reached, or did not answer in time
  4  there is no such resource
  5  conflict: name or number taken, in use, over quota, or changed since --if-match
  6  the change was made, but an lcore that does not run has not taken it yet`

// usageError is a mistake in the command line; hint is the command whose --help would help.
type usageError struct{ text, hint string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{text: fmt.Sprintf(format, args...)} }

// errUnhealthy ends status --check; what is wrong has been printed by then.
var errUnhealthy = errors.New("the gateway is not healthy")

// exitCode maps the end of a command to the process's exit code.
func exitCode(err error) int {
	var refused *api.Error
	var usage *usageError
	var silent *unanswered
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &refused):
		return refusedCode(refused)
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &silent):
		return ExitUnreachable
	}
	return ExitRefused
}

func refusedCode(e *api.Error) int {
	switch e.Code {
	case api.CodeNotFound:
		return ExitNotFound
	case api.CodeLcoreStalled:
		return ExitStalled
	}
	if e.Status == http.StatusConflict || e.Status == http.StatusPreconditionFailed {
		return ExitConflict
	}
	return ExitRefused
}

// unanswered says that the daemon gave no answer.
type unanswered struct{ error }

func (e *unanswered) Unwrap() error { return e.error }

// answer marks an error of a Gateway that is not the daemon's own.
func answer[T any](v T, err error) (T, error) {
	var refused *api.Error
	if err == nil || errors.As(err, &refused) {
		return v, err
	}
	return v, &unanswered{err}
}

// errorLines is what stderr says of an error: one line, and one for each further fault.
func errorLines(err error) []string {
	var refused *api.Error
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		hint := usage.hint
		if hint == "" {
			hint = "mirrorctl"
		}
		return []string{usage.text + "; see " + hint + " --help"}
	case errors.As(err, &refused):
		lines := []string{err.Error()}
		for _, detail := range refused.Details {
			lines = append(lines, "  also: "+detail.Error())
		}
		return lines
	case errors.Is(err, context.Canceled):
		return []string{"interrupted"}
	}
	return []string{err.Error()}
}

var (
	unknownFlag  = regexp.MustCompile(`^unknown flag: --(\S+)`)
	unknownShort = regexp.MustCompile(`^unknown shorthand flag: '(.)'`)
	noFlagValue  = regexp.MustCompile(`^flag needs an argument: (?:--(\S+)|'(.)' in )`)
	badFlagValue = regexp.MustCompile(`(?s)^invalid argument "(.*)" for "(?:-\w, )?--([^"]+)" flag: (.*)$`)
	flagNames    = regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([\w-]+)`)
)

// flagFault says in our words what the flag parser found; usages is the command's list of flags.
func flagFault(err error, usages string) string {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		var names []string
		for _, known := range flagNames.FindAllStringSubmatch(usages, -1) {
			names = append(names, known[1])
		}
		if near := tomldoc.Nearest(m[1], names); near != "" {
			return fmt.Sprintf("there is no flag --%s here; did you mean --%s?", m[1], near)
		}
		return fmt.Sprintf("there is no flag --%s here", m[1])
	}
	if m := unknownShort.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("there is no flag -%s here", m[1])
	}
	if m := noFlagValue.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("flag %s needs a value", dashes(m[1]+m[2]))
	}
	if m := badFlagValue.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("--%s %q: %s", m[2], m[1], valueFault(m[3]))
	}
	return text
}

func dashes(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// valueFault rewords what package strconv and time say of a value.
func valueFault(reason string) string {
	switch {
	case strings.HasPrefix(reason, "strconv.ParseBool"):
		return "give true or false"
	case strings.HasPrefix(reason, "strconv."):
		return "give a number"
	case strings.HasPrefix(reason, "time:"):
		return "give a duration like 500ms, 2s or 1m"
	}
	return reason
}
