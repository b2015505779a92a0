package dpdk

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseCPUList(t *testing.T) {
	for _, c := range []struct {
		list string
		want []int
		err  string
	}{
		{list: "1", want: []int{1}},
		{list: "0-1,3", want: []int{0, 1, 3}},
		{list: " 5 , 2-3 ", want: []int{2, 3, 5}},
		{list: "", err: "is not a CPU number"},
		{list: "1,", err: "is not a CPU number"},
		{list: "a", err: "is not a CPU number"},
		{list: "-1", err: "is not a CPU number"},
		{list: "1-", err: "is not a CPU number"},
		{list: "1-2-3", err: "is not a CPU number"},
		{list: "1024", err: "is not a CPU number"},
		{list: "0-99999999999", err: "is not a CPU number"},
		{list: "3-1", err: "descends"},
		{list: "1,0-2", err: "named twice"},
		{list: "(0-1)@0", err: "not supported"},
		{list: "0@1", err: "not supported"},
	} {
		got, err := parseCPUList(c.list)
		if c.err == "" && (err != nil || !slices.Equal(got, c.want)) {
			t.Errorf("%q: %v, %v; want %v", c.list, got, err, c.want)
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: %v, want %q", c.list, err, c.err)
		}
	}
}

func TestFormatCPUsIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cpus := rapid.SliceOfNDistinct(rapid.IntRange(0, maxCPU-1), 1, 30, rapid.ID[int]).Draw(t, "cpus")
		slices.Sort(cpus)
		got, err := parseCPUList(FormatCPUs(cpus))
		if err != nil || !slices.Equal(got, cpus) {
			t.Fatalf("%v became %q, then %v, %v", cpus, FormatCPUs(cpus), got, err)
		}
	})
}

func TestParseLcoresOutsideAffinity(t *testing.T) {
	allowed, err := AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseLcores(FormatCPUs(allowed)); err != nil || !slices.Equal(got, allowed) {
		t.Errorf("all allowed CPUs: %v, %v", got, err)
	}
	outside := fmt.Sprint(allowed[len(allowed)-1] + 1)
	if _, err := ParseLcores(outside); err == nil || !strings.Contains(err.Error(), "may run on CPUs "+FormatCPUs(allowed)) {
		t.Errorf("CPU %s: %v", outside, err)
	}
}

func TestDecideHugepages(t *testing.T) {
	const twoMB, oneGB = 2048, 1 << 20
	pools := []hugePool{{twoMB, 100}, {oneGB, 0}}
	mounted := []hugeMount{{"/dev/hugepages", twoMB}}
	for _, c := range []struct {
		name   string
		mode   string
		needMB int
		pools  []hugePool
		mounts []hugeMount
		root   bool
		want   hugePlan // reason is matched as a part
		err    string
	}{
		{"enough", "auto", 200, pools, mounted, false, hugePlan{use: true, pageKB: twoMB, dir: "/dev/hugepages", reason: "100 pages of 2048 kB"}, ""},
		{"one MB short", "auto", 201, pools, mounted, true, hugePlan{reason: "100 of 2048 kB"}, ""},
		{"required but short", "require", 201, pools, mounted, true, hugePlan{}, "201 MB are needed"},
		{"never", "never", 1, pools, mounted, true, hugePlan{reason: "never"}, ""},
		{"root mounts", "auto", 10, pools, nil, true, hugePlan{use: true, pageKB: twoMB, mount: true}, ""},
		{"others cannot", "auto", 10, pools, nil, false, hugePlan{reason: "only root may mount"}, ""},
		{"mount of the default size", "", 10, pools, []hugeMount{{"/h", 0}}, false, hugePlan{use: true, pageKB: twoMB, dir: "/h"}, ""},
		{"mount of another size", "auto", 10, pools, []hugeMount{{"/h", oneGB}}, true, hugePlan{use: true, pageKB: twoMB, mount: true}, ""},
		{"largest first", "auto", 10, []hugePool{{twoMB, 100}, {oneGB, 1}}, []hugeMount{{"/h", oneGB}}, false, hugePlan{use: true, pageKB: oneGB, dir: "/h"}, ""},
		{"root uses any", "auto", 10, pools, mounted, true, hugePlan{use: true, pageKB: twoMB}, ""},
		{"none in the kernel", "auto", 10, nil, nil, true, hugePlan{reason: "no hugepages"}, ""},
		{"unknown mode", "always", 10, pools, mounted, true, hugePlan{}, "write auto, require or never"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := decideHugepages(c.mode, c.needMB, c.pools, c.mounts, twoMB, c.root)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil || !strings.Contains(got.reason, c.want.reason) {
				t.Errorf("%+v, %v; want reason %q", got, err, c.want.reason)
			}
			got.reason, c.want.reason = "", ""
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestParseHugeMounts(t *testing.T) {
	const text = "proc /proc proc rw 0 0\n" +
		"hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0\n" +
		"nodev /mnt/huge hugetlbfs rw,pagesize=1024M 0 0\nnodev /h hugetlbfs rw 0 0\n"
	want := []hugeMount{{"/dev/hugepages", 2048}, {"/mnt/huge", 1 << 20}, {"/h", 0}}
	if got := parseHugeMounts(text); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := defaultHugeKB("MemTotal: 1 kB\nHugepagesize:       2048 kB\n"); got != 2048 {
		t.Errorf("default page %d kB, want 2048", got)
	}
}

func TestPoolBytesAgainstDPDK(t *testing.T) {
	for _, c := range []struct{ n, cache, priv, room int }{
		{63, 0, 0, DataRoom}, {8191, 256, 0, DataRoom}, {16383, 512, 64, 384}, {20000, 0, 8, 0}, {1000, 32, 0, 9216},
	} {
		pool, err := NewPktmbufPool("bytes", c.n, c.cache, c.priv, c.room, AnyNode)
		if err != nil {
			t.Fatal(err)
		}
		real, estimate := pool.bytes(), PktmbufPoolBytes(c.n, c.cache, c.priv, c.room, PageSizeNoHuge)
		pool.Free()
		t.Logf("%+v: %d bytes, estimate %d", c, real, estimate)
		if estimate < real || estimate > real*5/4+16<<10 {
			t.Errorf("%+v: estimate %d, real %d", c, estimate, real)
		}
	}
}

func TestVdev(t *testing.T) {
	const device = "net_af_packet0,iface=eth1,blocksz=4096"
	if VdevName(device) != "net_af_packet0" || !IsVdev(device) || IsVdev("0000:00:03.0") {
		t.Error("name or kind of a vdev")
	}
	if v, ok := VdevArg(device, "iface"); v != "eth1" || !ok {
		t.Errorf("iface is %q, %v", v, ok)
	}
	if _, ok := VdevArg(device, "net_af_packet0"); ok {
		t.Error("the name was taken for an argument")
	}
	if DriverOf("net_pcap3").Name != "net_pcap" || DriverOf("net_qede") != (Driver{Name: "net_qede"}) {
		t.Error("DriverOf")
	}
	if DriverOf("net_ixgbe_vf") != (Driver{Name: "net_ixgbe_vf", LeavesSent: true}) {
		t.Error("DriverOf: a card that leaves what was sent")
	}
}

// TestLeavesSent: some drivers change mbufs that others refer to, or the array they are sent from, or free them too
// early, and of others nobody knows. Not one of these may be read from afterwards.
func TestLeavesSent(t *testing.T) {
	for _, name := range []string{"net_ring", "net_bonding", "net_failsafe", "net_softnic", "net_vhost", "net_bnxt", "net_hns3", "net_hns3_vf", "net_ark", "net_cn9k", "net_cn10k", "net_octeontx", "net_netvsc", "net_unheard_of"} {
		if DriverOf(name).LeavesSent {
			t.Errorf("%s is believed to leave what was sent as it is", name)
		}
	}
	for _, name := range []string{"net_pcap", "net_null", "net_memif", "net_af_packet", "net_tap", "net_af_xdp", "net_virtio", "net_virtio_user", "net_e1000_em", "net_e1000_igb_vf", "net_i40e", "mlx5_pci"} {
		if !DriverOf(name).LeavesSent {
			t.Errorf("%s is not believed to leave what was sent as it is", name)
		}
	}
}

func TestKernelMTU(t *testing.T) {
	if mtu, ok, err := KernelMTU("net_af_packet0,iface=lo"); err != nil || !ok || mtu < 1500 {
		t.Errorf("lo: %d, %v, %v", mtu, ok, err)
	}
	if _, ok, err := KernelMTU("net_null0"); ok || err != nil {
		t.Errorf("net_null: %v, %v", ok, err)
	}
	if _, _, err := KernelMTU("net_af_packet0,iface=none77"); err == nil {
		t.Error("a missing interface is no error")
	}
	if _, ok, err := KernelMTU("net_tap0,iface=none77"); ok || err != nil {
		t.Errorf("tap whose interface is yet to be made: %v, %v", ok, err)
	}
}

func TestSharesMbufs(t *testing.T) {
	for device, want := range map[string]bool{
		"net_ring0": true,
		"net_memif0,role=client,zero-copy=yes,socket=/s": true,
		"net_memif0,role=server,socket=/s":               false,
		"net_memif0,zero-copy=no":                        false,
		"net_null0":                                      false,
		"0000:3b:00.0":                                   false,
	} {
		if got := SharesMbufs(device); got != want {
			t.Errorf("%s: %v, want %v", device, got, want)
		}
	}
}
