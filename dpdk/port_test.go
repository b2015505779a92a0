package dpdk_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
)

func frameOf(length int) []byte {
	f := make([]byte, length)
	for i := range f {
		f[i] = byte(i * 7)
	}
	return f
}

func oneQueue(pool *dpdk.Mempool) dpdk.PortConfig {
	return dpdk.PortConfig{
		RxQueues: 1, TxQueues: 1, RxDesc: 64, TxDesc: 64, RxPools: []*dpdk.Mempool{pool},
		RSSSymmetric: true, TxIPv4Cksum: true, TxUDPCksum: true, TxMultiSeg: true, Promiscuous: true,
	}
}

func TestLookupPort(t *testing.T) {
	for _, c := range []struct{ name, device, want string }{
		{"broken vdev", brokenVdev + ",rx_pcap=/nonexistent/in.pcap", "check that the vdev's captures exist"},
		{"unknown vdev", "net_null77", "check the vdev's name"},
		{"af_packet", "net_af_packet9,iface=none", "iface= exists"},
		{"tap", "net_tap9", "/dev/net/tun"},
		{"PCI", "0000:7f:1f.7", "bound to vfio-pci"},
		{"kernel name", "eth0", "write a PCI address"},
		{"empty", "", "write a PCI address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := dpdk.LookupPort(c.device); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, err := dpdk.LookupPort("7f:1f.7"); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("%v, want ENODEV", err)
	}
}

func TestEveryCallRefusesAnUnknownPort(t *testing.T) {
	const none = dpdk.PortID(31)
	_, infoErr := dpdk.Info(none)
	_, configureErr := dpdk.Configure(none, dpdk.PortConfig{RxQueues: 1})
	_, linkErr := dpdk.GetLink(none)
	_, statsErr := dpdk.GetStats(none)
	_, xstatsErr := dpdk.Xstats(none)
	_, _, offloadsErr := dpdk.Offloads(none)
	for i, err := range []error{infoErr, configureErr, linkErr, statsErr, xstatsErr, offloadsErr, dpdk.ResetStats(none),
		dpdk.Start(none), dpdk.Stop(none), dpdk.Close(none), dpdk.SetLinkUp(none), dpdk.SetLinkDown(none), dpdk.RemoveDevice(none)} {
		var failed *dpdk.Error
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), "port 31: rte_") {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

func TestConfigureNeverEnablesFastFree(t *testing.T) {
	pool := dpdktest.Pool(t, 1023, dpdk.DataRoom)
	for _, c := range []struct{ driver, args string }{
		{"net_null", ""}, {"net_ring", ""},
		{"net_pcap", "rx_pcap=" + dpdktest.WritePcap(t, frameOf(60))},
	} {
		t.Run(c.driver, func(t *testing.T) {
			port := dpdktest.Device(t, c.driver, c.args)
			granted := dpdktest.Started(t, port, oneQueue(pool))
			_, tx, err := dpdk.Offloads(port)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(tx, "MBUF_FAST_FREE") {
				t.Errorf("tx offloads in force: %v", tx)
			}
			if !granted.TxMultiSeg {
				t.Errorf("multi-segment tx is not granted: %v", granted.Refused)
			}
			t.Logf("tx offloads %v, granted %+v", tx, granted)
		})
	}
}

func TestInfo(t *testing.T) {
	port := dpdktest.Device(t, "net_null", "")
	info, err := dpdk.Info(port)
	if err != nil {
		t.Fatal(err)
	}
	if info.Driver != "net_null" || info.Device != port.String() || len(info.MAC) != 6 || info.MTU != dpdk.DefaultMTU || info.MaxRxQueues < 1 {
		t.Errorf("%+v", info)
	}
	mac, err := dpdk.MAC(port)
	if err != nil || !bytes.Equal(mac, info.MAC) {
		t.Errorf("MAC %v, %v; want %v", mac, err, info.MAC)
	}
}

func TestLinkAndStats(t *testing.T) {
	pool := dpdktest.Pool(t, 255, dpdk.DataRoom)
	port := dpdktest.Device(t, "net_null", "size=100")
	dpdktest.Started(t, port, oneQueue(pool))
	if link, err := dpdk.GetLink(port); err != nil || !link.Up || !link.FullDuplex {
		t.Errorf("link %+v, %v", link, err)
	}
	dpdktest.Receive(t, port, 0, 5)
	dpdktest.Send(t, port, 0, pool, frameOf(60), frameOf(60), frameOf(60))
	stats, err := dpdk.GetStats(port)
	if err != nil {
		t.Fatal(err)
	}
	if stats.IPackets != 5 || stats.OPackets != 3 || stats.OErrors != 0 || stats.RxNombuf != 0 {
		t.Errorf("%+v, want 5 received, 3 sent", stats)
	}
	xstats, err := dpdk.Xstats(port)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(xstats, func(a, b dpdk.Xstat) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("not sorted: %v", xstats)
	}
	if !slices.Contains(xstats, dpdk.Xstat{Name: "rx_good_packets", Value: 5}) {
		t.Errorf("rx_good_packets is not 5: %v", xstats)
	}
	if err := dpdk.ResetStats(port); err != nil {
		t.Fatal(err)
	}
	if stats, _ := dpdk.GetStats(port); stats.IPackets != 0 {
		t.Errorf("after reset %+v", stats)
	}
}

func TestPcapSegments(t *testing.T) {
	frames := [][]byte{frameOf(60), frameOf(1514), frameOf(9000)}
	out := filepath.Join(t.TempDir(), "out.pcap")
	pool := dpdktest.Pool(t, 255, dpdk.DataRoom)
	t.Run("port", func(t *testing.T) {
		port := dpdktest.Device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, frames...)+",tx_pcap="+out)
		cfg := oneQueue(pool)
		cfg.MTU = 9000
		if granted := dpdktest.Started(t, port, cfg); !granted.RxScatter || granted.MTU != 9000 {
			t.Errorf("granted %+v", granted)
		}
		got := dpdktest.Receive(t, port, 0, 10)
		if len(got) != len(frames) {
			t.Fatalf("%d frames received, want %d", len(got), len(frames))
		}
		for i, want := range []int{1, 1, 5} {
			if !bytes.Equal(got[i].Frame, frames[i]) || got[i].Segments != want {
				t.Errorf("frame %d: %d bytes in %d mbufs, want %d in %d", i, len(got[i].Frame), got[i].Segments, len(frames[i]), want)
			}
		}
		if n := dpdktest.SendSegments(t, port, 0, pool, 500, frames...); n != len(frames) {
			t.Errorf("%d frames sent, want %d", n, len(frames))
		}
	})
	if written := dpdktest.ReadPcap(t, out); !slices.EqualFunc(written, frames, bytes.Equal) {
		t.Errorf("%d frames written, they differ from what was sent", len(written))
	}
}

func TestTruncatedPcap(t *testing.T) {
	whole, err := os.ReadFile(dpdktest.WritePcap(t, frameOf(60), frameOf(61)))
	if err != nil {
		t.Fatal(err)
	}
	write := func(size int) string {
		path := filepath.Join(t.TempDir(), "cut.pcap")
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("in its header", func(t *testing.T) {
		device := dpdktest.Name("net_pcap") + ",rx_pcap=" + write(10)
		if err := dpdk.ProbeDevice(device); err == nil {
			t.Error("the device was made")
		}
		if _, err := dpdk.LookupPort(device); !errors.Is(err, syscall.ENODEV) {
			t.Errorf("%v, want ENODEV", err)
		}
	})
	t.Run("in a frame", func(t *testing.T) {
		pool := dpdktest.Pool(t, 63, dpdk.DataRoom)
		port := dpdktest.Device(t, "net_pcap", "rx_pcap="+write(len(whole)-1))
		dpdktest.Started(t, port, oneQueue(pool))
		if n := len(dpdktest.Receive(t, port, 0, 10)); n != 1 {
			t.Errorf("%d frames received, want the whole one", n)
		}
		if stats, err := dpdk.GetStats(port); err != nil || stats.IErrors != 1 {
			t.Errorf("%+v, %v; want 1 rx error", stats, err)
		}
	})
}

func TestConfigureNamesPortAndReason(t *testing.T) {
	pool := dpdktest.Pool(t, 63, dpdk.DataRoom)
	port := dpdktest.Device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, frameOf(60)))
	cfg := oneQueue(pool)
	cfg.RxQueues = 2
	_, err := dpdk.Configure(port, cfg)
	want := "port " + port.String() + ": 2 rx queues: the driver net_pcap has at most 1"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestConfigureSetsMTU(t *testing.T) {
	pool := dpdktest.Pool(t, 1023, dpdk.DataRoom)
	port := dpdktest.Device(t, "net_null", "")
	cfg := oneQueue(pool)
	cfg.MTU = 9000
	granted := dpdktest.Started(t, port, cfg)
	info, err := dpdk.Info(port)
	if err != nil {
		t.Fatal(err)
	}
	if granted.MTU != 9000 || info.MTU != 9000 {
		t.Errorf("granted %d, in force %d, want 9000", granted.MTU, info.MTU)
	}
}
