package generator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"mirrorgw/dpdk/dpdktest/pacer"
)

// Process is a generator that runs.
type Process struct {
	command *exec.Cmd
	in      io.WriteCloser
	encode  *json.Encoder
	decode  *json.Decoder
	log     strings.Builder // written until the process has ended
}

// Start starts this very program as a generator and returns when it is connected with the gateway,
// which must be running. The process ends with ctx, or with Stop.
func Start(ctx context.Context, setup Setup) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &Process{command: exec.CommandContext(ctx, self, Argument)}
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.command.Stderr = &p.log
	p.command.WaitDelay = 5 * time.Second
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	p.encode, p.decode = json.NewEncoder(p.in), json.NewDecoder(out)
	if _, err := p.ask(setup); err != nil {
		return nil, err
	}
	return p, nil
}

// Run makes a run and returns what it saw.
func (p *Process) Run(o Order) (pacer.Result, error) {
	return p.ask(o)
}

// ask sends a document and reads the answer.
func (p *Process) ask(document any) (pacer.Result, error) {
	var a Answer
	if err := errors.Join(p.encode.Encode(document), p.decode.Decode(&a)); err != nil {
		p.in.Close()
		return a.Result, errors.Join(fmt.Errorf("the generator ended (%w)", p.command.Wait()), errors.New(p.log.String()))
	}
	if a.Error != "" {
		return a.Result, errors.New(a.Error)
	}
	return a.Result, nil
}

// Stop ends the process and waits for it.
func (p *Process) Stop() error {
	p.in.Close()
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("the generator failed (%w): %s", err, p.log.String())
	}
	return nil
}
