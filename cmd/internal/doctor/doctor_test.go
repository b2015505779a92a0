package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// ids are the findings of a report that are no "ok".
func ids(r *Report) (found []string) {
	for _, f := range r.Findings {
		if f.ID != "" {
			found = append(found, f.ID)
		}
	}
	return found
}

// TestHealthyHost: there is nothing to find, and every check says so.
func TestHealthyHost(t *testing.T) {
	report := healthy(t).examine()
	if found := ids(report); len(found) > 0 || !report.Healthy() || report.Counts[OK] != len(checks)+1 {
		t.Errorf("found %v in %+v", found, report.Findings)
	}
}

// provocations make each finding happen on a healthy host, and nothing else; text is in its sentence.
var provocations = []struct {
	id, text string
	change   func(*host)
}{
	{"configuration-missing", "no configuration was named", func(h *host) { h.remove(configPath) }},
	{"configuration-invalid", "lcorse", func(h *host) { h.change("lcores", "lcorse") }},
	{"not-root", "not run as root", func(h *host) { h.machine.user = true }},

	{"worker-cpu-absent", "CPU 0 of", func(h *host) { h.write(cpuDir+"/online", "1-3") }},
	{"worker-not-isolated", "on CPU 3,", func(h *host) {
		h.write(cpuDir+"/isolated", "2")
		h.write("/proc/cmdline", "nohz_full=2-3")
	}},
	{"worker-ticks", "on CPUs 2,3", func(h *host) {
		h.remove(cpuDir + "/nohz_full")
		h.write("/proc/cmdline", "rcu_nocbs=2-3")
	}},
	{"worker-rcu-callbacks", "RCU callbacks on CPUs 2,3", nil}, // with worker-ticks, below
	{"governor", "of CPU 2 is", func(h *host) { h.write(cpuDir+"/cpu2/cpufreq/scaling_governor", "powersave") }},
	{"smt-shared", "CPU 2 is on the same core as CPU 0", func(h *host) { h.write(cpuDir+"/cpu2/topology/thread_siblings_list", "0,2") }},
	{"smt-busy", "CPU 3, where a worker polls, is on the same core as CPU 1", func(h *host) { h.write(cpuDir+"/cpu3/topology/thread_siblings_list", "1,3") }},
	{"irq-on-worker", "interrupts 24, 26 are", func(h *host) {
		h.write("/proc/irq/24/effective_affinity_list", "2")
		h.write("/proc/irq/26/smp_affinity_list", "0-3")
		h.dir("/proc/irq/26/eth0")
	}},
	{"irqbalance", "irqbalance runs", func(h *host) { h.write("/proc/99/comm", "irqbalance") }},
	{"watchdog", "watchdog", func(h *host) { h.write("/proc/sys/kernel/nmi_watchdog", "1") }},
	{"clocksource", "is hpet", func(h *host) {
		h.write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet")
	}},

	{"hugepages-missing", "node 0 has free hugepages of 898 MiB, and the lcores there take 900", func(h *host) {
		h.change("[eal]", "[eal]\nhugepages = \"require\"")
		h.write(nodeDir+"/node0/hugepages/hugepages-2048kB/free_hugepages", "449")
	}},
	{"hugepages-few", "node 1 has free hugepages of 0 MiB, and the lcores there take 300", func(h *host) {
		h.remove(cpuDir + "/cpu3/node0")
		h.dir(cpuDir + "/cpu3/node1")
		h.write(nodeDir+"/node1/hugepages/hugepages-2048kB/free_hugepages", "0")
		for _, device := range []string{"0000:3b:00.0", "0000:3b:00.1"} {
			h.write(pciDir+device+"/numa_node", "-1")
		}
	}},
	{"hugepages-off", "never", func(h *host) { h.change("[eal]", "[eal]\nhugepages = \"never\"") }},
	{"memory", "100 MiB of memory", func(h *host) { h.write("/proc/meminfo", "MemAvailable: 102400 kB") }},
	{"memlock", "is 8192 KiB", nil},
	{"thp-never", "are off", func(h *host) {
		h.write("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]")
	}},
	{"thp-always", "forced", func(h *host) {
		h.write("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never")
	}},

	{"pci-absent", "port wire1: there is no PCI device 0000:3b:00.1", func(h *host) { h.remove(pciDir + "0000:3b:00.1") }},
	{"pci-kernel-driver", "kernel driver ixgbe", func(h *host) { h.link(pciDir+"0000:3b:00.0/driver", "/sys/bus/pci/drivers/ixgbe") }},
	{"pci-no-driver", "wire0: 0000:3b:00.0 is bound to no", func(h *host) { h.remove(pciDir + "0000:3b:00.0/driver") }},
	{"pci-default-route", "is eth0", func(h *host) {
		h.link(pciDir+"0000:3b:00.0/driver", "/sys/bus/pci/drivers/ixgbe")
		h.dir(pciDir + "0000:3b:00.0/virtio0/net/eth0")
	}},
	{"vfio-no-iommu", "wire0: 0000:3b:00.0 is bound to vfio-pci without", func(h *host) { h.remove(pciDir + "0000:3b:00.0/iommu_group") }},
	{"uio-no-protection", "uio_pci_generic", func(h *host) {
		h.link(pciDir+"0000:3b:00.0/driver", "/sys/bus/pci/drivers/uio_pci_generic")
	}},
	{"vfio-group", "0000:3b:00.7 of the same IOMMU group 7", func(h *host) {
		h.dir("/sys/kernel/iommu_groups/7/devices/0000:3b:00.7")
		h.link(pciDir+"0000:3b:00.7/driver", "/sys/bus/pci/drivers/xhci_hcd")
	}},
	{"numa-remote", "on NUMA node 1", func(h *host) { h.write(pciDir+"0000:3b:00.0/numa_node", "1") }},

	{"interface-absent", "no kernel interface lan0", func(h *host) { h.remove(netDir + "lan0") }},
	{"interface-default-route", "leaves by wan0", func(h *host) {
		h.write("/proc/net/ipv6_route", strings.Repeat("0", 32)+" 00 "+strings.Repeat("0", 32)+" 00 fe80"+strings.Repeat("0", 27)+"1 00000400 00000001 00000000 00000003 wan0")
	}},
	{"interface-down", "tun0 is not set up", func(h *host) { h.write(netDir+"tun0/flags", "0x1082") }},
	{"link-down", "tun0 has no carrier", func(h *host) { h.write(netDir+"tun0/carrier", "0") }},
	{"interface-address", "192.0.2.9/24 on lan0", func(h *host) {
		h.machine.addresses["lan0"] = []net.Addr{&net.IPNet{IP: net.IPv4(192, 0, 2, 9), Mask: net.CIDRMask(24, 32)},
			&net.IPNet{IP: net.ParseIP("fe80::1"), Mask: net.CIDRMask(64, 128)}}
	}},
	{"interface-ipv6", "on at lan0", func(h *host) { h.write("/proc/sys/net/ipv6/conf/lan0/disable_ipv6", "0") }},
	{"interface-arp", "ARP on wan0", func(h *host) { h.write(netDir+"wan0/flags", "0x1003") }},
	{"mtu-too-large", "lan0 is 1965", nil},
	{"mtu-differs", "are 1500 and 1400", func(h *host) { h.write(netDir+"wan0/mtu", "1400") }},
	{"receive-merging", "wan0 merges", func(h *host) {
		h.machine.offloads["wan0"] = Offloads{GRO: true}
		h.machine.offloads["tun0"] = Offloads{GRO: true, LRO: true} // only ARP and health checks come there
	}},
	{"send-offload", "on at tun0", func(h *host) { h.machine.offloads["tun0"] = Offloads{TSO: true, GSO: true} }},
	{"vlan-stripping", "lan0 takes", func(h *host) { h.machine.offloads["lan0"] = Offloads{RxVLAN: true} }},
	{"tun-absent", "port tap", func(h *host) { h.remove("/dev/net/tun") }},

	{"directory-absent", "[state]: the directory /nowhere of state.db", func(h *host) { h.change("[state]", "[state]\npath = \"/nowhere/state.db\"") }},
	{"disk-space", "[audit]: /var/log/mirrorgw has 300 MiB free", nil},
	{"state-open", "(mode 0644)", func(h *host) { h.must(os.Chmod(h.path("/var/lib/mirrorgw/state.db"), 0o644)) }},
	{"state-in-use", "process number 77 and the configuration /etc/other.toml", func(h *host) { h.gateway(77, "/etc/other.toml", "/var/lib/mirrorgw/state.db") }},
	{"keys-absent", "no file /etc/mirrorgw/keys.toml", func(h *host) { h.remove("/etc/mirrorgw/keys.toml") }},
	{"keys-open", "(mode 0640)", func(h *host) { h.must(os.Chmod(h.path("/etc/mirrorgw/keys.toml"), 0o640)) }},
	{"certificate-absent", "no such file", func(h *host) { h.remove("/etc/mirrorgw/tls.key") }},
	{"certificate-expired", "to 2026-02-28", func(h *host) { h.certificate(today.AddDate(-1, 0, 0), today.AddDate(0, 0, -1)) }},
	{"certificate-expires", "until 2026-03-30 only", func(h *host) { h.certificate(today.AddDate(-1, 0, 0), today.AddDate(0, 0, 29)) }},

	{"address-in-use", "[aws]: listen 127.0.0.1:8788", func(h *host) { h.machine.busy = netip.MustParseAddrPort("127.0.0.1:8788") }},
	{"time-sync", "not synchronised", func(h *host) { h.machine.unsynced = true }},
	{"unit-failed", "failed: watchdog", func(h *host) { h.machine.unit = Unit{Active: "failed", Result: "watchdog"} }},
	{"unit-restarts", "3 times", func(h *host) { h.machine.unit.Restarts = 3 }},
	{"unit-disabled", "at boot", func(h *host) { h.machine.unit.File = "disabled" }},
	{"leftovers", "left gw-0123456789ab in", func(h *host) { h.write("/run/dpdk/gw-0123456789ab/owner", "pid 5") }},
	{"dpdk-version", "DPDK 23.11.0", func(h *host) { h.machine.dpdk = "DPDK 23.11.0" }},
	{"dpdk-driver", "port tap: the library of the driver net_tap", func(h *host) {
		h.remove("/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_net_tap.so.23")
	}},
}

// alongside are the findings that cannot happen alone, with what comes with them.
var alongside = map[string]struct {
	change func(*host)
	want   []string
}{
	"worker-rcu-callbacks": {func(h *host) {
		h.remove(cpuDir + "/nohz_full")
		h.write("/proc/cmdline", "isolcpus=2-3")
	}, []string{"worker-ticks", "worker-rcu-callbacks"}},
	"memlock": {func(h *host) { h.machine.user, h.machine.memlock = true, 8<<20 }, []string{"not-root", "memlock"}},
	"mtu-too-large": {func(h *host) {
		h.write(netDir+"lan0/mtu", "1965")
		h.write(netDir+"wan0/mtu", "1965")
		h.write(netDir+"tun0/mtu", "9000") // copies are cut to what fits
	}, []string{"mtu-too-large", "mtu-too-large"}},
	"disk-space": {func(h *host) { h.machine.freeMB = 300 }, []string{"disk-space", "disk-space"}}, // history and audit log
}

func TestEachFinding(t *testing.T) {
	for _, p := range provocations {
		t.Run(p.id, func(t *testing.T) {
			h, want, change := healthy(t), []string{p.id}, p.change
			if with, ok := alongside[p.id]; ok {
				want, change = with.want, with.change
			}
			change(h)
			report := h.examine()
			if found := ids(report); !slices.Equal(found, want) {
				t.Fatalf("found %v, want %v", found, want)
			}
			i := slices.IndexFunc(report.Findings, func(f Finding) bool { return f.ID == p.id && strings.Contains(f.Text, p.text) })
			if i < 0 {
				t.Fatalf("no finding says %q: %+v", p.text, report.Findings)
			}
			f := report.Findings[i]
			if f.Remedy == "" || f.Level != kindOf(p.id).Level || strings.HasSuffix(f.Text, ".") || strings.Contains(f.String(), "%!") {
				t.Errorf("%+v is not a finding with its remedy", f)
			}
			if report.Healthy() != (f.Level != Fault) {
				t.Errorf("healthy %v with %s of level %s", report.Healthy(), p.id, f.Level)
			}
		})
	}
}

// TestEveryFindingIsProvoked: none is in the catalogue that nobody has seen.
func TestEveryFindingIsProvoked(t *testing.T) {
	var provoked []string
	for _, p := range provocations {
		provoked = append(provoked, p.id)
	}
	for i, kind := range Kinds() {
		if i >= len(provoked) || provoked[i] != kind.ID {
			t.Fatalf("the list of findings has %s where the provocations have %q; keep them in one order", kind.ID, provoked[min(i, len(provoked)-1)])
		}
	}
}

// TestRunningGateway: what a gateway with this configuration has taken is not missed.
func TestRunningGateway(t *testing.T) {
	h := healthy(t)
	h.gateway(77, h.path(configPath), "/var/lib/mirrorgw/state.db")
	h.write(nodeDir+"/node0/hugepages/hugepages-2048kB/free_hugepages", "0")
	h.write("/proc/meminfo", "MemAvailable: 102400 kB")
	h.machine.busy = netip.MustParseAddrPort("127.0.0.1:9464")
	report := h.examine()
	if found := ids(report); len(found) > 0 || !strings.Contains(report.Findings[0].Text, "a gateway runs with it") {
		t.Errorf("found %v in %+v", found, report.Findings)
	}
}

// TestOtherCommandsAreNoGateway: what a gateway would have taken is missed while another command looks at its
// configuration.
func TestOtherCommandsAreNoGateway(t *testing.T) {
	for _, line := range []string{"doctor --config ", "state check --config ", "--check-config --config "} {
		h := healthy(t)
		h.gateway(77, h.path(configPath), "")
		h.write("/proc/77/cmdline", "/usr/bin/mirrorgw\x00"+strings.ReplaceAll(line, " ", "\x00")+h.path(configPath))
		h.write("/proc/meminfo", "MemAvailable: 102400 kB")
		if found := ids(h.examine()); !slices.Equal(found, []string{"memory"}) {
			t.Errorf("%s: found %v", line, found)
		}
	}
}

// TestBootParameters: lists of CPUs as the kernel's command line may have them.
func TestBootParameters(t *testing.T) {
	for list, want := range map[string]string{"all": "[0 1 2 3]", "N": "[3]", "2-N": "[2 3]", "1,3": "[1 3]", "domain,managed_irq,2-3": "[2 3]", "": "[]"} {
		h := healthy(t)
		h.write("/proc/cmdline", "quiet rcu_nocbs="+list)
		if got := fmt.Sprint(tree(h.root).bootList("rcu_nocbs")); got != want {
			t.Errorf("rcu_nocbs=%s: CPUs %s, want %s", list, got, want)
		}
	}
}

// TestKeysOfTheService: those that the service manager hands over are as good as a file in /etc.
func TestKeysOfTheService(t *testing.T) {
	h := healthy(t)
	h.remove("/etc/mirrorgw/keys.toml")
	h.write("/run/credentials/mirrorgw.service/keys.toml", "")
	if found := ids(h.examine()); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

// TestPrint: one line a check for people, and the same for programs.
func TestPrint(t *testing.T) {
	h := healthy(t)
	h.machine.unsynced = true
	report := h.examine()
	var text, data bytes.Buffer
	if err := report.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ok       watchdog: the hard-lockup watchdog is off\n", "warning  time: the clock is not synchronised", "(time-sync)\n", "0 faults, 1 warnings, 0 notes\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	var back Report
	if err := report.PrintJSON(&data); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data.Bytes(), &back); err != nil || !slices.Equal(ids(&back), []string{"time-sync"}) || back.Counts[Warning] != 1 {
		t.Errorf("%v: %s", err, &data)
	}
}

// TestThisMachine: whatever it is, doctor gets through.
func TestThisMachine(t *testing.T) {
	before := time.Now()
	report, err := Examine(Options{Machine: Live{DPDKVersion: "DPDK 22.11.11"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Live{}).Offloads("lo"); err != nil {
		t.Errorf("offloads of the loopback interface: %v", err)
	}
	if addresses, err := (Live{}).Addresses("lo"); err != nil {
		t.Errorf("addresses of the loopback interface: %v, %v", addresses, err)
	}
	t.Logf("%d findings in %v: %v", len(report.Findings), time.Since(before), ids(report))
}
