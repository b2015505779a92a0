package main

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/testbed/printed"
)

//go:embed live_gateway.toml live_resources.toml live_console.toml
var liveFiles embed.FS

// liveOptions say how the live demo runs.
type liveOptions struct {
	bin     string // directory of mirrorgw and mirrorctl
	listen  string // address and port of the AWS-compatible endpoint
	console string // address and port of the web console; empty: there is none
}

// live is a gateway that runs on generated traffic until it is interrupted. All that it makes lies
// in one temporary directory and in a network namespace without a name, which goes with the process.
type live struct {
	liveOptions
	dir            string
	tag            string // begins the names of the interfaces
	keys           [2]key // of the gateway's own account and of another one
	network        *network
	gateway        *exec.Cmd
	gatewayLog     *printed.Output
	gatewayHasDied chan error
}

// key is an access key.
type key struct{ id, secret string }

// secondAccount is somebody to share a target with.
const secondAccount = "111122223333"

// runLive is the life of the live demo: it returns when ctx ends or when the gateway does.
func runLive(ctx context.Context, o liveOptions, out io.Writer) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("the live demo makes network interfaces, which needs root: run it with sudo")
	}
	dir, err := os.MkdirTemp("", "mirrorgw-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l := &live{liveOptions: o, dir: dir, tag: fmt.Sprintf("d%d", os.Getpid())}
	if err := l.layOut(); err != nil {
		return err
	}
	if l.network, err = newNetwork(); err != nil {
		return err
	}
	defer l.network.close()
	defer l.stop()
	if err := l.network.connect(l.tag); err != nil {
		return err
	}
	if err := l.start(ctx); err != nil {
		return err
	}
	if err := l.network.begin(); err != nil {
		return err
	}
	if l.tell(out); l.console != "" {
		if err := l.tellConsole(ctx, out); err != nil {
			return err
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-l.network.failed:
		return err
	case err := <-l.gatewayHasDied:
		return fmt.Errorf("the gateway has ended: %w\n%s", err, l.gatewayLog.Tail())
	}
}

// layOut writes the gateway's files, with an access key that nobody has had before.
func (l *live) layOut() error {
	lcore, err := lastCPU()
	if err != nil {
		return err
	}
	keys := ""
	for i, account := range []string{"000000000000", secondAccount} {
		random := make([]byte, 38)
		if _, err := rand.Read(random); err != nil {
			return err
		}
		l.keys[i] = key{"AKIA" + strings.ToUpper(hex.EncodeToString(random[:8])), base64.RawURLEncoding.EncodeToString(random[8:])}
		keys += fmt.Sprintf("[[key]]\nid = %q\nsecret = %q\naccount = %q\n", l.keys[i].id, l.keys[i].secret, account)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "keys.toml"), []byte(keys), 0o600); err != nil {
		return err
	}
	fill := strings.NewReplacer("DIR", l.dir, "LCORE", fmt.Sprint(lcore), "TAG", l.tag, "LISTEN", l.listen)
	for from, to := range map[string]string{"live_gateway.toml": "gateway.toml", "live_resources.toml": "resources.toml"} {
		content, err := liveFiles.ReadFile(from)
		if err != nil {
			return err
		}
		content = append(content, l.forConsole(to)...)
		if err := os.WriteFile(filepath.Join(l.dir, to), []byte(fill.Replace(string(content))), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// forConsole is what a file has besides where there is a console: its section, and something to see.
func (l *live) forConsole(file string) []byte {
	switch {
	case l.console == "":
		return nil
	case file == "gateway.toml":
		return fmt.Appendf(nil, "\n[console]\nlisten = %q\n\n[audit]\npath = \"DIR/audit.log\"\n", l.console)
	}
	content, err := liveFiles.ReadFile("live_console.toml")
	if err != nil {
		panic(err) // it is embedded
	}
	return content
}

// lastCPU is the worker's; the first one stays with everything else.
func lastCPU() (int, error) {
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(0, &cpus); err != nil {
		return 0, err
	}
	last := -1
	for cpu := range 1024 {
		if cpus.IsSet(cpu) {
			last = cpu
		}
	}
	if cpus.Count() < 2 {
		return 0, errors.New("a gateway needs two CPUs, one of them for its worker; this process may use only one")
	}
	return last, nil
}

// gatewayPatience is how long the gateway may take to be ready.
const gatewayPatience = 60 * time.Second

// keptLog is how many bytes of the gateway's log are kept.
const keptLog = 1 << 15

// start starts the gateway and waits until its endpoint answers.
func (l *live) start(ctx context.Context) error {
	bin, err := filepath.Abs(filepath.Join(l.bin, "mirrorgw"))
	if err != nil {
		return err
	}
	l.gatewayLog = printed.New(keptLog)
	ready := l.gatewayLog.Seen("msg=ready")
	l.gateway = exec.Command(bin, "--config", "gateway.toml", "--apply", "resources.toml")
	l.gateway.Dir, l.gateway.Stderr = l.dir, l.gatewayLog
	// A group of its own: the interrupt that ends the demo is passed on once, in order.
	l.gateway.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	l.gatewayHasDied = make(chan error, 1)
	go l.network.keepThread(func() { // Pdeathsig goes by the thread that started the program
		err := l.gateway.Start()
		started <- err
		if err == nil {
			l.gatewayHasDied <- l.gateway.Wait()
		}
	})
	if err := <-started; err != nil {
		l.gateway = nil
		return err
	}
	select {
	case <-ready:
		return nil
	case err := <-l.gatewayHasDied:
		l.gateway = nil
		return fmt.Errorf("the gateway did not start (%w):\n%s", err, l.gatewayLog.Tail())
	case <-time.After(gatewayPatience):
		return fmt.Errorf("the gateway is not ready after %s:\n%s", gatewayPatience, l.gatewayLog.Tail())
	case <-ctx.Done():
		return nil
	}
}

// stop ends the gateway as a service manager does.
func (l *live) stop() {
	if l.gateway == nil {
		return
	}
	_ = l.gateway.Process.Signal(syscall.SIGTERM)
	select {
	case <-l.gatewayHasDied:
	case <-time.After(gatewayPatience):
		_ = l.gateway.Process.Kill()
	}
}
