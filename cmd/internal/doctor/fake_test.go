package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fakeMachine is a Machine that answers what a test wants.
type fakeMachine struct {
	user         bool
	dpdk         string
	memlock      uint64
	unsynced     bool
	freeMB       uint64
	busy         netip.AddrPort
	addresses    map[string][]net.Addr
	offloads     map[string]Offloads
	unit         Unit
	withoutUnits bool
}

func (m *fakeMachine) Root() bool                             { return !m.user }
func (m *fakeMachine) DPDK() string                           { return m.dpdk }
func (m *fakeMachine) Memlock() (uint64, error)               { return m.memlock, nil }
func (m *fakeMachine) Synchronised() (bool, error)            { return !m.unsynced, nil }
func (m *fakeMachine) Free(string) (uint64, error)            { return m.freeMB << 20, nil }
func (m *fakeMachine) Addresses(n string) ([]net.Addr, error) { return m.addresses[n], nil }
func (m *fakeMachine) Offloads(n string) (Offloads, error)    { return m.offloads[n], nil }
func (m *fakeMachine) Unit(string) (Unit, bool)               { return m.unit, !m.withoutUnits }

func (m *fakeMachine) Listen(address netip.AddrPort) error {
	if address == m.busy {
		return errors.New("address already in use")
	}
	return nil
}

// host is a fake host, healthy until a test changes it.
type host struct {
	t       *testing.T
	root    string
	machine *fakeMachine
}

const configPath = "/etc/mirrorgw/mirrorgw.toml"

const configText = `
[eal]
lcores = "2,3"
main_lcore = 0
memory_mb = 900

[[port]]
name = "wire0"
device = "0000:3b:00.0"
peer = "wire1"
queues = 2

[[port]]
name = "wire1"
device = "0000:3b:00.1"
peer = "wire0"
queues = 2

[[port]]
name = "lan"
device = "net_af_packet0,iface=lan0"
peer = "wan"

[[port]]
name = "wan"
device = "net_af_packet1,iface=wan0"
peer = "lan"

[[port]]
name = "tap"
device = "net_tap0"
role = "tap"

[[port]]
name = "tun"
device = "net_af_packet2,iface=tun0"
role = "tunnel"
addresses = ["192.0.2.1/24"]

[ctl]
[state]
[history]
[audit]
[metrics]
listen = "127.0.0.1:9464"
[aws]
tls_certificate = "/etc/mirrorgw/tls.pem"
tls_key = "/etc/mirrorgw/tls.key"
`

// healthy makes a host of four CPUs and one NUMA node on which there is nothing to find.
func healthy(t *testing.T) *host {
	h := &host{t: t, root: t.TempDir(), machine: &fakeMachine{dpdk: "DPDK 22.11.11", memlock: 1 << 40, freeMB: 1 << 20,
		unit: Unit{Active: "active", File: "enabled"}, addresses: map[string][]net.Addr{}, offloads: map[string]Offloads{}}}
	h.write(configPath, configText)
	h.cpus()
	h.cards()
	h.interfaces()
	h.files()
	return h
}

func (h *host) cpus() {
	h.write("/proc/cmdline", "quiet isolcpus=2-3 nohz_full=2-3")
	h.write("/proc/locks", "")
	h.write("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB")
	h.write("/proc/sys/kernel/nmi_watchdog", "0")
	h.write(cpuDir+"/online", "0-3")
	h.write(cpuDir+"/possible", "0-3")
	h.write(cpuDir+"/isolated", "2-3")
	h.write(cpuDir+"/nohz_full", "2-3")
	for cpu := range 4 {
		dir := fmt.Sprintf("%s/cpu%d", cpuDir, cpu)
		h.write(dir+"/cpufreq/scaling_governor", "performance")
		h.write(dir+"/topology/thread_siblings_list", fmt.Sprint(cpu))
		h.dir(dir + "/node0")
	}
	h.write(nodeDir+"/node0/cpulist", "0-3")
	h.write(nodeDir+"/node0/hugepages/hugepages-2048kB/free_hugepages", "450")
	h.write(nodeDir+"/node0/hugepages/hugepages-2048kB/nr_hugepages", "450")
	h.write("/proc/irq/24/effective_affinity_list", "0-1")
	h.dir("/proc/irq/24/nvme0q1")
	h.write("/proc/irq/25/effective_affinity_list", "3") // of nobody
	h.write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc")
	h.write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never")
}

func (h *host) cards() {
	for i, device := range []string{"0000:3b:00.0", "0000:3b:00.1"} {
		group := fmt.Sprint(7 + i)
		h.write(pciDir+device+"/numa_node", "0")
		h.link(pciDir+device+"/driver", "/sys/bus/pci/drivers/vfio-pci")
		h.link(pciDir+device+"/iommu_group", "/sys/kernel/iommu_groups/"+group)
		h.dir("/sys/kernel/iommu_groups/" + group + "/devices/" + device)
	}
}

func (h *host) interfaces() {
	for _, name := range []string{"lan0", "wan0", "tun0"} {
		h.write(netDir+name+"/flags", "0x1083")
		h.write(netDir+name+"/carrier", "1")
		h.write(netDir+name+"/mtu", "1500")
		h.write("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", "1")
	}
	h.write("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0")
	h.write("/proc/net/ipv6_route", strings.Repeat("0", 32)+" 00 "+strings.Repeat("0", 32)+" 00 "+strings.Repeat("0", 32)+" ffffffff 00000001 00000000 00200200 lan0")
	h.write("/dev/net/tun", "")
}

func (h *host) files() {
	for _, dir := range []string{"/var/lib/mirrorgw", "/run/mirrorgw", "/run/dpdk"} {
		h.dir(dir)
	}
	h.write("/var/lib/mirrorgw/state.db", "state")
	h.write("/etc/mirrorgw/keys.toml", "")
	for _, driver := range []string{"net_af_packet", "net_tap"} {
		h.write("/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_"+driver+".so.23", "")
	}
	h.certificate(today.AddDate(-1, 0, 0), today.AddDate(1, 0, 0))
}

func (h *host) certificate(from, to time.Time) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	h.must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	h.must(err)
	h.write("/etc/mirrorgw/tls.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	h.write("/etc/mirrorgw/tls.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

func (h *host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) path(name string) string { return filepath.Join(h.root, name) }

func (h *host) dir(name string) { h.t.Helper(); h.must(os.MkdirAll(h.path(name), 0o755)) }

func (h *host) write(name, text string) {
	h.t.Helper()
	h.dir(filepath.Dir(name))
	h.must(os.WriteFile(h.path(name), []byte(text+"\n"), 0o600))
}

func (h *host) link(name, to string) {
	h.t.Helper()
	h.remove(name)
	h.dir(filepath.Dir(name))
	h.must(os.Symlink(to, h.path(name)))
}

func (h *host) remove(name string) { h.t.Helper(); h.must(os.RemoveAll(h.path(name))) }

// change replaces a part of the configuration.
func (h *host) change(old, with string) {
	h.t.Helper()
	text, err := os.ReadFile(h.path(configPath))
	h.must(err)
	if !strings.Contains(string(text), old) {
		h.t.Fatalf("the configuration has no %q", old)
	}
	h.write(configPath, strings.Replace(string(text), old, with, 1))
}

// gateway lets a mirrorgw run with a configuration, and lock a file.
func (h *host) gateway(pid int, config, locked string) {
	dir := fmt.Sprintf("/proc/%d", pid)
	h.write(dir+"/comm", "mirrorgw")
	h.write(dir+"/cmdline", "/usr/bin/mirrorgw\x00--config\x00"+config)
	if locked == "" {
		return
	}
	info, err := os.Stat(h.path(locked))
	h.must(err)
	h.write("/proc/locks", fmt.Sprintf("1: POSIX  ADVISORY  WRITE 1 00:19:1 0 EOF\n2: FLOCK  ADVISORY  WRITE %d 08:01:%d 0 EOF", pid, info.Sys().(*syscall.Stat_t).Ino))
}

func (h *host) examine() *Report {
	h.t.Helper()
	report, err := Examine(Options{Root: h.root, Machine: h.machine, Now: today})
	h.must(err)
	return report
}
