// Command mirrorctl steers a running mirrorgw over its control socket.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mirrorgw/cmd/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal has its default effect
	return cli.Run(ctx, os.Args[1:], cli.Environment{
		In: os.Stdin, Out: os.Stdout, Errs: os.Stderr,
		Getenv: os.Getenv,
		Dial:   cli.Dial,
		Screen: cli.Terminal(os.Stdout),
		Keys:   cli.Terminal(os.Stdin),
		Now:    time.Now,
		After:  time.After,
	})
}
