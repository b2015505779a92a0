package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ovsPeer is Open vSwitch with its userspace datapath on DPDK: what a user would take instead.
const ovsPeer = "ovs-dpdk"

// ovsJob is what Open vSwitch is asked to do in a workload.
type ovsJob int

const (
	ovsNothing ovsJob = iota // it is no peer of the workload
	ovsForward               // from in to out
	ovsMirror                // and a copy of each frame into a VXLAN tunnel
)

// Its programs. Debian's package brings the daemon under a name of its own, and no service is used.
const (
	ovsDaemon = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
	ovsSchema = "/usr/share/openvswitch/vswitch.ovsschema"
)

// checkOVS refuses a machine without it.
func checkOVS() error {
	for _, path := range []string{ovsDaemon, ovsSchema} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%s is missing: install Debian's package openvswitch-switch-dpdk with scripts/install-deps.sh", path)
		}
	}
	return nil
}

// openVSwitch is a running one: a database and a daemon with files, sockets and network namespace of
// their own, so that nothing of the machine's is touched.
type openVSwitch struct {
	b        *bench
	w        *workload
	dir      string // of the database, sockets and logs
	in, out  string // devices of the wire
	database *program
	daemon   *program
}

// program is a child and what it wrote.
type program struct {
	name   string
	pid    int
	log    *output
	end    *ending
	cancel func()
}

// startOVS starts both programs and hands over the devices. The caller stops it.
func (b *bench) startOVS(ctx context.Context, captures string, w *workload) (v *openVSwitch, err error) {
	if err := b.huge.ensure(w.memory()); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "ovs-")
	if err != nil {
		return nil, err
	}
	capture := "net_pcap0,rx_pcap=" + captures + "/" + w.ovsCapture() + ",infinite_rx=1"
	return b.startOVSBetween(ctx, dir, w, capture, sink)
}

// startOVSBetween is startOVS in an empty directory, with the devices of the wire.
func (b *bench) startOVSBetween(ctx context.Context, dir string, w *workload, in, out string) (*openVSwitch, error) {
	v := &openVSwitch{b: b, w: w, dir: dir, in: in, out: out}
	for _, step := range []func(context.Context) error{v.startDatabase, v.startDaemon, v.connect} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, v.stop())
		}
	}
	return v, nil
}

// stop ends both by their own handles and removes what they left.
func (v *openVSwitch) stop() (err error) {
	for _, p := range []*program{v.daemon, v.database} {
		if p == nil {
			continue
		}
		if p == v.daemon {
			// The daemon would leave its tap devices; they go with the namespace, and it with the daemon.
			_, err = v.do(context.Background(), "ovs-appctl", "-t", v.file("daemon.ctl"), "exit")
		} else {
			_, err = v.do(context.Background(), "ovs-appctl", "-t", v.file("database.ctl"), "exit")
		}
		if err == nil {
			err = awaitEnd(p.name, p.log, p.end)
		}
		cancelAndWait(p.cancel, p.end)
	}
	return errors.Join(err, os.RemoveAll(filepath.Join("/var/run/dpdk", v.prefix())), os.RemoveAll(v.dir))
}

func (v *openVSwitch) file(name string) string { return filepath.Join(v.dir, name) }

func (v *openVSwitch) prefix() string { return fmt.Sprintf("mgwbenchovs%d", os.Getpid()) }

// start starts a program that is ready once it has written marker, if there is one.
func (v *openVSwitch) start(ctx context.Context, p *program, marker string, command func(context.Context) *exec.Cmd) error {
	ctx, p.cancel = context.WithCancel(ctx)
	c := command(ctx)
	c.Env = append(os.Environ(), "OVS_RUNDIR="+v.dir, "OVS_LOGDIR="+v.dir, "OVS_DBDIR="+v.dir, "OVS_SYSCONFDIR="+v.dir)
	p.log = newOutput(marker)
	c.Stdout, c.Stderr = p.log, p.log
	if err := c.Start(); err != nil {
		p.cancel()
		return err
	}
	p.pid, p.end = c.Process.Pid, waitFor(c)
	ready, done := context.WithTimeout(ctx, patience)
	defer done()
	if err := awaitMarker(ready, p.name, p.log, p.end); err != nil {
		cancelAndWait(p.cancel, p.end)
		return err
	}
	return nil
}

// do runs one of its tools to the end and returns what that printed.
func (v *openVSwitch) do(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := newCommand(ctx, v.dir, name, args...)
	c.Env = append(os.Environ(), "OVS_RUNDIR="+v.dir)
	text, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(text)))
	}
	return string(text), nil
}

// vsctl changes the database, and waits until the daemon has done so too if that runs.
func (v *openVSwitch) vsctl(ctx context.Context, args ...string) error {
	flags := []string{"--db=unix:" + v.file("db.sock"), "--timeout=30", "--retry"}
	if v.daemon == nil {
		flags = append(flags, "--no-wait")
	}
	_, err := v.do(ctx, "ovs-vsctl", append(flags, args...)...)
	return err
}
