package daemon

import (
	"testing"
	"time"
)

// Timeout ends a run that does not end by itself. A run over a small file takes one to two seconds.
var Timeout = 60 * time.Second

// Result is what is left of a run.
type Result struct {
	ExitCode int // -1: ended by a signal or by Timeout
	TimedOut bool
	Stdout   string
	Stderr   string
	Report   *Report // nil when there was no --report or it was not written
}

// Run runs the program in dir with the given arguments and waits for its end. Relative paths, in
// the arguments and in the configuration, start at dir. It fails the test only when the program
// cannot be built or started or its report cannot be read: exit codes are for the test to judge.
func Run(t testing.TB, dir string, args ...string) Result {
	t.Helper()
	return Start(t, dir, args...).Wait()
}
