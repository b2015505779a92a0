package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"mirrorgw/ctl/config"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
	"mirrorgw/rules"
)

// capture writes a pcap file of n frames.
func capture(t *testing.T, n int) string {
	t.Helper()
	var file bytes.Buffer
	w := pcapgo.NewWriter(&file)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: 60, Length: 60}, make([]byte, 60)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("gateway.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func gatewayText(in string) string {
	return fmt.Sprintf(`
[eal]
lcores = "1"
memory_mb = 300
hugepages = "never"
file_prefix = "unit"
[[port]]
name = "wire0"
device = "net_pcap0,infinite_rx=1,rx_pcap=%s"
peer = "wire1"
rx_descriptors = 128
[[port]]
name = "wire1"
device = "net_null1"
peer = "wire0"
mtu = 9000
[[port]]
name = "tun0"
device = "0000:3b:00.0"
role = "tunnel"
addresses = ["192.0.2.1/24"]
tx_descriptors = 512
`, in)
}

func TestSpecOf(t *testing.T) {
	in := capture(t, 7)
	spec, err := specOf(parse(t, gatewayText(in)))
	if err != nil {
		t.Fatal(err)
	}
	want := []lcore.PortSpec{
		{Name: "wire0", Device: "net_pcap0,infinite_rx=1,rx_pcap=" + in, Role: rules.RoleWire, Peer: 1, Queues: 1, RxDesc: 128, TxDesc: 1024, ExtraRxMbufs: 7, Lossless: true},
		{Name: "wire1", Device: "net_null1", Role: rules.RoleWire, Peer: 0, Queues: 1, RxDesc: 1024, TxDesc: 1024, MTU: 9000, Lossless: true},
		{Name: "tun0", Device: "0000:3b:00.0", Role: rules.RoleTunnel, Peer: rules.NoPeer, Queues: 1, RxDesc: 1024, TxDesc: 512,
			Tunnel: true, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}},
	}
	if !reflect.DeepEqual(spec.Ports, want) {
		t.Errorf("ports\n%+v, want\n%+v", spec.Ports, want)
	}
	if spec.Congestion != (lcore.Congestion{Heeded: lcore.AllSigns, Backlog: config.DefaultBacklog, Recovery: config.DefaultRecovery}) {
		t.Errorf("congestion %+v", spec.Congestion)
	}
	if !slices.Equal(spec.Workers, []int{1}) || spec.Capacity != lcore.DefaultCapacity {
		t.Errorf("workers %v, capacity %+v", spec.Workers, spec.Capacity)
	}
}

func TestSpecOfNamesThePort(t *testing.T) {
	for name, in := range map[string]string{"no file": "/nonexistent/in.pcap", "no capture": os.Args[0]} {
		if _, err := specOf(parse(t, gatewayText(in))); err == nil || !strings.HasPrefix(err.Error(), "port wire0: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPreloaded(t *testing.T) {
	in := capture(t, 5)
	cut, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), "cut.pcap")
	if err := os.WriteFile(short, cut[:len(cut)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		device string
		want   int
	}{
		{"net_pcap0,infinite_rx=1,rx_pcap=" + in, 5},
		{"net_pcap0,infinite_rx=0,rx_pcap=" + in, 0},
		{"net_pcap0,rx_pcap=" + in, 0},
		{"net_null0", 0},
	} {
		device := mustDevice(t, c.device)
		if n, err := preloaded(&device); n != c.want || err != nil {
			t.Errorf("%s: %d, %v; want %d", c.device, n, err, c.want)
		}
	}
	device := mustDevice(t, "net_pcap0,infinite_rx=1,rx_pcap="+short)
	if n, err := preloaded(&device); err == nil {
		t.Errorf("a cut-off capture: %d frames and no error", n)
	}
}

func TestEALOptions(t *testing.T) {
	in := capture(t, 1)
	cfg := parse(t, gatewayText(in))
	spec, err := specOf(cfg)
	if err != nil {
		t.Fatal(err)
	}
	o := ealOptions(cfg, &spec, 3)
	if !slices.Equal(o.Lcores, []int{1}) || o.MainLcore != 3 || o.MemoryMB != 300 || o.Hugepages != dpdk.HugepagesNever || o.FilePrefix != "unit" {
		t.Errorf("%+v", o)
	}
	if o.NoPCI || !slices.Equal(o.AllowPCI, []string{"0000:3b:00.0"}) || !slices.Equal(o.Vdevs, []string{cfg.Ports[0].Device.Text, "net_null1"}) {
		t.Errorf("devices: %+v", o)
	}
	cfg.Ports = cfg.Ports[:2]
	if o := ealOptions(cfg, &spec, 3); !o.NoPCI || len(o.AllowPCI) != 0 {
		t.Errorf("without a PCI port the bus is looked at: %+v", o)
	}
}

func TestControlCPUs(t *testing.T) {
	allowed, err := dpdk.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		main    int
		workers []int
		want    []int
	}{
		{"no worker", allowed[0], nil, allowed},
		{"one worker", allowed[0], allowed[1:min(2, len(allowed))], slices.Concat(allowed[:1], allowed[min(2, len(allowed)):])},
		{"workers everywhere else", allowed[0], allowed[1:], allowed[:1]},
	} {
		p := &prepared{mainCPU: c.main, spec: lcore.Spec{Workers: c.workers}}
		if got := controlCPUs(p); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOptionsCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"good", Options{Config: "gateway.toml"}, ""},
		{"all", Options{Config: "gateway.toml", Apply: "resources.toml", UntilIdle: time.Second, Report: "-"}, ""},
		{"no config", Options{Apply: "resources.toml"}, "--config is missing"},
		{"negative idle", Options{Config: "gateway.toml", UntilIdle: -time.Second}, "--until-idle -1s is negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.o.Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestWaitForEnd uses a group that never received a frame: one that was not opened.
func TestWaitForEnd(t *testing.T) {
	group := &lcore.Group{}
	begin := time.Now()
	if reason := waitForEnd(context.Background(), 30*time.Millisecond, group); reason != "no frame for 30ms" || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("%q after %v", reason, time.Since(begin))
	}
	for _, untilIdle := range []time.Duration{0, time.Hour} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errors.New("terminated"))
		if reason := waitForEnd(ctx, untilIdle, group); reason != "terminated" {
			t.Errorf("until idle %v: %q", untilIdle, reason)
		}
	}
}

// TestRunRefusesBeforeItTouchesDevices: nothing of this needs EAL.
func TestRunRefusesBeforeItTouchesDevices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.toml")
	if err := os.WriteFile(path, []byte("[eal]\nlcores = \"1\"\nlcoers = 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"options": {}, "no such file": {Config: path + ".absent"}, "bad file": {Config: path},
	} {
		o.Log = slog.New(slog.DiscardHandler)
		if err := Run(context.Background(), o); err == nil || strings.Contains(err.Error(), "\ngoroutine") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
