package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// timeout ends a call of mirrorctl. One takes some ten milliseconds.
const timeout = 30 * time.Second

// Tool is mirrorctl with a socket. Its methods are for the goroutine of its test only.
type Tool struct {
	t       testing.TB
	program string
	socket  string

	// Credential is that of the user who calls; nil is the user of the test.
	Credential *syscall.Credential
}

// New builds mirrorctl, once a test binary, for a daemon that listens on a socket.
func New(t testing.TB, socket string) *Tool {
	t.Helper()
	return &Tool{t: t, program: daemon.BuildControl(t), socket: socket}
}

// At returns the tool as a copy of its program at another path, where other users can reach it.
func (c *Tool) At(program string) *Tool {
	other := *c
	other.program = program
	return &other
}

// Program is the path of the program.
func (c *Tool) Program() string { return c.program }

// Answer is what a call of mirrorctl left.
type Answer struct {
	ExitCode       int // docs/mirrorctl.md lists them
	Stdout, Stderr string
}

// Run calls mirrorctl with arguments and judges nothing.
func (c *Tool) Run(args ...string) Answer {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	command := exec.CommandContext(ctx, c.program, append([]string{"--socket", c.socket}, args...)...)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: c.Credential}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatalf("mirrorctl could not be run: %v", err)
	}
	return Answer{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Do is Run for a call that must succeed. It returns standard output.
func (c *Tool) Do(args ...string) string {
	c.t.Helper()
	a := c.Run(args...)
	if a.ExitCode != 0 {
		c.t.Fatalf("mirrorctl %s: exit code %d: %s", strings.Join(args, " "), a.ExitCode, a.Stderr)
	}
	return a.Stdout
}

// JSON is Do with -o json, into v.
func (c *Tool) JSON(v any, args ...string) {
	c.t.Helper()
	text := c.Do(append(args, "-o", "json")...)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		c.t.Fatalf("mirrorctl %s printed no JSON that fits (%v):\n%s", strings.Join(args, " "), err, text)
	}
}

// Refused is Run for a call that must fail with an exit code. It returns standard error.
func (c *Tool) Refused(exitCode int, args ...string) string {
	c.t.Helper()
	a := c.Run(args...)
	if a.ExitCode != exitCode {
		c.t.Errorf("mirrorctl %s: exit code %d, want %d; it printed %q and %q", strings.Join(args, " "), a.ExitCode, exitCode, a.Stdout, a.Stderr)
	}
	return a.Stderr
}
