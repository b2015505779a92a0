package ctl

import (
	"context"
	"time"
)

// Reloader reads the configuration again while the gateway runs. Its methods may be called from any
// goroutine; reloads are done one after the other.
type Reloader interface {
	// Reload takes over what may change while the gateway runs: all of it, or nothing. With dryRun
	// it only tells what would change.
	Reload(ctx context.Context, dryRun bool) Reload
	// SetLogLevel changes the level of the log until the next reload: debug, info, warn or error.
	SetLogLevel(level string) error
	// Configuration says what the gateway runs by.
	Configuration() Configuration
}

// Reload is what reading the configuration again came to.
type Reload struct {
	Time          time.Time
	DryRun        bool
	Failures      []string // why nothing changed, one sentence each; none: it did not fail
	Changed       []string // keys that were taken over, with their values before and after
	Read          []string // further files that were read again
	RestartNeeded []string // keys that differ from what the gateway runs by, and need a restart
	Notes         []string // what is not as its author may expect
}

// Configuration is what a gateway runs by.
type Configuration struct {
	File          string
	LoadedAt      time.Time // of what is in force: the start, or the last reload that was no failure
	LogLevel      string
	Last          *Reload // that was no dry run; nil: there was none
	Reloads       uint64  // that were no dry run
	Failed        uint64  // of these
	RestartNeeded []string
}
