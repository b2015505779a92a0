package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
)

// startDatabase makes an empty database and serves it.
func (v *openVSwitch) startDatabase(ctx context.Context) error {
	if _, err := v.do(ctx, "ovsdb-tool", "create", v.file("conf.db"), ovsSchema); err != nil {
		return err
	}
	p := &program{name: "ovsdb-server"}
	err := v.start(ctx, p, "ovsdb-server (Open vSwitch)", func(ctx context.Context) *exec.Cmd {
		return newCommand(ctx, v.dir, "taskset", "-c", strconv.Itoa(controlCPU), "ovsdb-server", v.file("conf.db"),
			"--remote=punix:"+v.file("db.sock"), "--pidfile="+v.file("database.pid"), "--unixctl="+v.file("database.ctl"), "-vconsole:info")
	})
	if err != nil {
		return err
	}
	v.database = p
	return v.vsctl(ctx, append([]string{"init", "--", "set", "Open_vSwitch", "."}, v.settings()...)...)
}

// settings are those that the daemon reads at its start: the gateway's CPUs and memory, one PMD thread.
func (v *openVSwitch) settings() []string {
	config := func(key, value string) string { return "other_config:" + key + "=" + strconv.Quote(value) }
	return []string{
		config("dpdk-init", "true"),
		config("dpdk-lcore-mask", fmt.Sprintf("%#x", 1<<controlCPU)),
		config("pmd-cpu-mask", fmt.Sprintf("%#x", 1<<workerCPU)),
		config("n-handler-threads", "1"),
		config("n-revalidator-threads", "1"),
		config("dpdk-socket-limit", strconv.Itoa(v.w.memory())),
		config("dpdk-hugepage-dir", v.b.huge.dir),
		config("dpdk-extra", "--no-pci --no-telemetry --huge-unlink=always --file-prefix="+v.prefix()),
		config("vlan-limit", "2"), // as the gateway reads
	}
}

// startDaemon runs it in a network namespace, for its bridges appear as network interfaces.
func (v *openVSwitch) startDaemon(ctx context.Context) error {
	p := &program{name: "ovs-vswitchd"}
	err := v.start(ctx, p, "DPDK Enabled - initialized", func(ctx context.Context) *exec.Cmd {
		c := newCommand(ctx, v.dir, "taskset", "-c", strconv.Itoa(controlCPU), ovsDaemon, "unix:"+v.file("db.sock"),
			"--pidfile="+v.file("daemon.pid"), "--unixctl="+v.file("daemon.ctl"), "-vconsole:info")
		c.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
		return c
	})
	if err != nil {
		return err
	}
	v.daemon = p
	return nil
}

// Addresses of the tunnel, of a network that exists in the namespace only.
const (
	ovsLocal  = "198.18.0.1"
	ovsRemote = "198.18.0.10"
)

// connect makes the bridges, the ports and the flow rule.
func (v *openVSwitch) connect(ctx context.Context) error {
	if err := v.vsctl(ctx, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", "fail-mode=secure"); err != nil {
		return err
	}
	if err := v.addPort(ctx, "br0", "in", 1, v.in); err != nil {
		return err
	}
	if err := v.addPort(ctx, "br0", "out", 2, v.out); err != nil {
		return err
	}
	actions := "output:2"
	if v.w.ovs == ovsMirror {
		if err := v.addTunnel(ctx); err != nil {
			return err
		}
		actions += ",output:3"
	}
	_, err := v.do(ctx, "ovs-ofctl", "add-flow", "unix:"+v.file("br0.mgmt"), "in_port=1,actions="+actions)
	return err
}

// addPort gives a DPDK device to a bridge, under a number.
func (v *openVSwitch) addPort(ctx context.Context, bridge, name string, number int, device string) error {
	return v.vsctl(ctx, "add-port", bridge, name, "--", "set", "Interface", name, "type=dpdk",
		"options:dpdk-devargs="+strconv.Quote(device), fmt.Sprintf("ofport_request=%d", number))
}

// addTunnel makes the VXLAN port vx and the bridge br1 through which its packets leave, by the device tun. The
// neighbour is entered by hand, as the gateway's is.
func (v *openVSwitch) addTunnel(ctx context.Context) error {
	if err := v.vsctl(ctx, "add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=netdev"); err != nil {
		return err
	}
	if err := v.addPort(ctx, "br1", "tun", 1, "net_null1,no-rx=1"); err != nil {
		return err
	}
	// A copy is longer than what came in. The device takes it whatever it says.
	if err := v.vsctl(ctx, "set", "Interface", "tun", "mtu_request=1600"); err != nil {
		return err
	}
	for _, ip := range [][]string{{"addr", "add", ovsLocal + "/24", "dev", "br1"}, {"link", "set", "br1", "up"}} {
		enter := []string{"--net=/proc/" + strconv.Itoa(v.daemon.pid) + "/ns/net", "ip"}
		if _, err := v.do(ctx, "nsenter", append(enter, ip...)...); err != nil {
			return err
		}
	}
	err := v.vsctl(ctx, "add-port", "br0", "vx", "--", "set", "Interface", "vx", "type=vxlan", "options:key=101",
		"options:remote_ip="+ovsRemote, "options:local_ip="+ovsLocal, "ofport_request=3")
	if err != nil {
		return err
	}
	_, err = v.do(ctx, "ovs-appctl", "-t", v.file("daemon.ctl"), "tnl/arp/set", "br1", ovsRemote, "02:00:00:00:02:0a")
	return err
}
