package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/rules"
)

// good is the gateway.toml of the user's guide; tests change one thing in it.
const good = `# gateway.toml
[eal]
lcores = "1"
memory_mb = 512

[[port]]
name = "wire0"
device = "net_pcap0,rx_pcap=in.pcap,tx_pcap=back.pcap"
peer = "wire1"
queues = 1

[[port]]
name = "wire1"
device = "net_pcap1,rx_pcap=in1.pcap,tx_pcap=out.pcap"
peer = "wire0"

[[port]]
name = "tun0"
device = "net_pcap2,tx_pcap=mirror.pcap"
role = "tunnel"
addresses = ["192.0.2.1/24", "2001:db8::1/64"]

[[neighbor]]
address = "192.0.2.10"
mac = "02:00:00:00:02:10"
`

// queued is a configuration whose drivers have several queues.
const queued = `[eal]
lcores = "1-2"
[[port]]
name = "wire0"
device = "0000:3b:00.0"
peer = "wire1"
queues = 2
[[port]]
name = "wire1"
device = "3b:00.1"
peer = "wire0"
queues = 2
[[port]]
name = "tun0"
device = "net_af_packet0,iface=eth0"
role = "tunnel"
addresses = ["192.0.2.1/24"]
`

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("gateway.toml", []byte(text))
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return c
}

// change replaces the only occurrence of old; it fails when there is not exactly one, so that a
// test cannot silently test the unchanged document.
func change(t *testing.T, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q occurs %d times in the document", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

func TestGoodDocument(t *testing.T) {
	c := parse(t, good)
	if c.File != "gateway.toml" || len(c.Ports) != 3 || len(c.Neighbors) != 1 {
		t.Fatalf("read %+v", c)
	}
	wire0, tun0 := c.Ports[0], c.Ports[2]
	if wire0.Role != rules.RoleWire || wire0.Peer != "wire1" || wire0.Queues != 1 || wire0.MTU != 0 ||
		wire0.RxDescriptors != 1024 || wire0.TxDescriptors != 1024 {
		t.Errorf("wire0 is %+v", wire0)
	}
	wantDevice := Device{Text: "net_pcap0,rx_pcap=in.pcap,tx_pcap=back.pcap", Name: "net_pcap0", Driver: "net_pcap",
		Args: []DeviceArg{{"rx_pcap", "in.pcap"}, {"tx_pcap", "back.pcap"}}}
	if diff := cmp.Diff(wantDevice, wire0.Device); diff != "" {
		t.Error(diff)
	}
	wantAddresses := []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")}
	if tun0.Role != rules.RoleTunnel || cmp.Diff(wantAddresses, tun0.Addresses, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })) != "" {
		t.Errorf("tun0 is %+v", tun0)
	}
	n := c.Neighbors[0]
	if n.Address != netip.MustParseAddr("192.0.2.10") || n.MAC != [6]byte{2, 0, 0, 0, 2, 0x10} || n.Port != "" {
		t.Errorf("neighbour is %+v", n)
	}
}

func TestDefaults(t *testing.T) {
	c := parse(t, `
[eal]
lcores = "1"
[[port]]
name = "tap0"
device = "net_null0"
role = "tap"
`)
	if c.EAL.MemoryMB != 512 || c.EAL.DataRoom != 2176 || c.EAL.Hugepages != HugepagesAuto || c.EAL.MainLcore != -1 || c.EAL.FilePrefix != "" {
		t.Errorf("[eal] defaults are %+v", c.EAL)
	}
	if c.Exclude != rules.ExcludeAll || c.OuterSource != OuterSourceInterface || c.LogLevel != "info" {
		t.Errorf("defaults are %+v", c)
	}
	want := Quotas{SessionsPerAccount: 10000, SessionsPerSource: 3, TargetsPerAccount: 10000, FiltersPerAccount: 10000,
		RulesPerFilter: 10, SourcesPerTarget: 10, SourcesPerTargetDedicated: 100}
	if c.Quotas != want {
		t.Errorf("quotas are %+v", c.Quotas)
	}
	if len(c.Resolvers) != 2 || c.Resolvers[0].String() != "169.254.169.253" || c.Resolvers[1].String() != "fd00:ec2::253" {
		t.Errorf("resolvers are %v", c.Resolvers)
	}
}

func TestEveryKey(t *testing.T) {
	c := parse(t, `
dns_resolvers = ["10.0.0.2"]
[eal]
lcores = "1,3-4"
main_lcore = 0
memory_mb = 1024
data_room = 9344
hugepages = "require"
file_prefix = "gw-1"
[[port]]
name = "tap0"
device = "0000:3B:00.0,arg=1"
role = "tap"
queues = 3
mtu = 9000
rx_descriptors = 2048
tx_descriptors = 512
[[port]]
name = "tun0"
device = "net_null0"
role = "tunnel"
addresses = ["192.0.2.1/24"]
[[neighbor]]
address = "198.51.100.7"
mac = "02:00:00:00:02:10"
port = "tun0"
[tunnel]
outer_source = "tunnel"
[exclude]
arp = false
dhcp = false
metadata = false
ntp = false
windows_activation = false
[quotas]
sessions_per_account = 65536
sessions_per_source = 256
targets_per_account = 20000
filters_per_account = 20000
rules_per_filter = 10000
sources_per_target = 1000
sources_per_target_dedicated = 2000
[log]
level = "debug"
`)
	wantLcores := []Lcore{{1, 1}, {3, 3}, {4, 4}}
	if diff := cmp.Diff(wantLcores, c.EAL.Lcores); diff != "" {
		t.Error(diff)
	}
	if c.EAL.MainLcore != 0 || c.EAL.MemoryMB != 1024 || c.EAL.DataRoom != 9344 || c.EAL.Hugepages != HugepagesRequire || c.EAL.FilePrefix != "gw-1" {
		t.Errorf("[eal] is %+v", c.EAL)
	}
	tap := c.Ports[0]
	if tap.Role != rules.RoleTap || tap.Device.Driver != PCI || tap.Device.Name != "0000:3b:00.0" || tap.Queues != 3 ||
		tap.MTU != 9000 || tap.RxDescriptors != 2048 || tap.TxDescriptors != 512 {
		t.Errorf("tap0 is %+v", tap)
	}
	if c.Ports[1].Queues != 3 {
		t.Errorf("the tunnel port has %d queues by default, not those of the largest port", c.Ports[1].Queues)
	}
	if c.Neighbors[0].Port != "tun0" || c.OuterSource != OuterSourceTunnel || c.Exclude != (rules.Exclude{}) || c.LogLevel != "debug" {
		t.Errorf("read %+v", c)
	}
	if c.Quotas != (Quotas{65536, 256, 20000, 20000, 10000, 1000, 2000}) || len(c.Resolvers) != 1 {
		t.Errorf("quotas %+v, resolvers %v", c.Quotas, c.Resolvers)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "gateway.toml")
	if _, err := Load(path); err == nil || err.Error() != path+": there is no such file; give the path of a gateway.toml with --config" {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(dir); err == nil || err.Error() != dir+": this is a directory; give the path of a file in it" {
		t.Errorf("directory: %v", err)
	}
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path); err != nil || c.File != path {
		t.Errorf("Load = %v, %v", c, err)
	}
}

func TestParseLcores(t *testing.T) {
	for text, want := range map[string][]Lcore{
		"1": {{1, 1}}, "1-3": {{1, 1}, {2, 2}, {3, 3}}, "5,1": {{5, 5}, {1, 1}}, "1, 3": {{1, 1}, {3, 3}}, "1,2@1": {{1, 1}, {2, 1}},
	} {
		got, err := ParseLcores(text)
		if err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("ParseLcores(%q) = %v, %v", text, got, err)
		}
	}
}

func TestCheckCPUs(t *testing.T) {
	withMain := func(lcores, main string) *Config {
		return parse(t, change(t, queued, `lcores = "1-2"`, `lcores = "`+lcores+`"`+main))
	}
	for _, test := range []struct {
		c       *Config
		allowed []int
		lcores  []int // and isolated ones; nil: none is
		main    int
		err     string
	}{
		{withMain("1-2", ""), []int{0, 1, 2, 3}, nil, 0, ""},
		{withMain("0-1", ""), []int{0, 1, 2, 3}, nil, 2, ""},
		{withMain("1,3@2", ""), []int{0, 1, 2}, nil, 0, ""},
		{withMain("1,2@1", ""), []int{0, 1}, nil, 0,
			"gateway.toml:2: [eal]: lcores 1 and 2 both run on CPU 1, and a worker never sleeps; give each a CPU of its own"},
		{withMain("1-2", "\nmirror_lcores = \"3\""), []int{0, 1, 2, 3}, nil, 0, ""},
		{withMain("1-2", "\nmirror_lcores = \"2\""), []int{0, 1, 2, 3}, nil, 0,
			"gateway.toml:2: [eal]: lcores 2 and 2 both run on CPU 2, and a worker never sleeps; give each a CPU of its own"},
		{withMain("0-1", "\nmain_lcore = 3"), []int{0, 1, 2, 3}, nil, 3, ""},
		{withMain("0-1", ""), []int{0, 1}, nil, 0,
			"gateway.toml:2: [eal]: the workers take every CPU of this process (0-1) and none is left for the main lcore; take one out of lcores"},
		{withMain("1,64", ""), []int{0, 1, 3}, nil, 0,
			"gateway.toml:2: [eal]: lcore 64 needs CPU 64, which this process may not use or the machine does not have; name some of: 0-1,3"},
		{withMain("2-3", ""), []int{0, 1}, []int{0, 1, 2, 3}, 0, ""},
		{withMain("0,2", ""), []int{0}, []int{0, 2}, 0,
			"gateway.toml:2: [eal]: the workers take every CPU of this process (0) and none is left for the main lcore; take one out of lcores"},
		{withMain("2,4", ""), []int{0, 1}, []int{0, 1, 2, 3}, 0,
			"gateway.toml:2: [eal]: lcore 4 needs CPU 4, which this process may not use or the machine does not have; name some of: 0-3"},
		{withMain("0-1", "\nmain_lcore = 9"), []int{0, 1, 2}, nil, 0,
			"gateway.toml:3: [eal]: main_lcore 9 is a CPU that this process may not use or the machine does not have; name one of: 0-2"},
	} {
		lcores := test.lcores
		if lcores == nil {
			lcores = test.allowed
		}
		main, err := CheckCPUs(test.c, test.allowed, lcores)
		if got := message(err); got != test.err || (err == nil && main != test.main) {
			t.Errorf("%v of %v: main %d, %q; want %d, %q", test.c.EAL.Lcores, test.allowed, main, got, test.main, test.err)
		}
	}
}

// TestMirrorLcores: tunnel ports have a queue for each, whatever the workers need.
func TestMirrorLcores(t *testing.T) {
	c := parse(t, change(t, queued, `lcores = "1-2"`, "lcores = \"1-2\"\nmirror_lcores = \"3@5\""))
	if want := []Lcore{{3, 5}}; cmp.Diff(want, c.EAL.MirrorLcores) != "" || len(c.EAL.All()) != 3 {
		t.Errorf("%+v, want %v", c.EAL, want)
	}
	for i := range c.Ports {
		want := 2
		if c.Ports[i].Role == rules.RoleTunnel {
			want = 1
		}
		if c.Ports[i].Queues != want {
			t.Errorf("port %s has %d queues, want %d", c.Ports[i].Name, c.Ports[i].Queues, want)
		}
	}
	var text strings.Builder
	if err := c.Plan().Print(&text); err != nil || !strings.Contains(text.String(), "\nmirror lcores  lcore 3@5\n") {
		t.Errorf("%v, the plan says:\n%s", err, text.String())
	}
}

func TestAllowedCPUs(t *testing.T) {
	cpus, err := AllowedCPUs()
	if err != nil || len(cpus) == 0 {
		t.Errorf("AllowedCPUs = %v, %v", cpus, err)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestPlan(t *testing.T) {
	var out strings.Builder
	if err := parse(t, good).Plan().Print(&out); err != nil {
		t.Fatal(err)
	}
	want := `configuration  gateway.toml
workers        lcore 1
main lcore     lowest free CPU
memory         512 MiB, hugepages auto
socket         none: resources cannot be changed while the gateway runs
state          memory only
congestion     receive (auto, 100us), transmit, tunnel, mempool; recovery 2ms

PORT   ROLE    PEER   QUEUES  RX DESC  TX DESC  MTU       ADDRESSES                    DEVICE
wire0  wire    wire1  1       1024     1024     driver's  -                            net_pcap0,rx_pcap=in.pcap,tx_pcap=back.pcap
wire1  wire    wire0  1       1024     1024     driver's  -                            net_pcap1,rx_pcap=in1.pcap,tx_pcap=out.pcap
tun0   tunnel  -      1       1024     1024     driver's  192.0.2.1/24 2001:db8::1/64  net_pcap2,tx_pcap=mirror.pcap
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNotices(t *testing.T) {
	rxOnly := change(t, good, ",tx_pcap=back.pcap", "")
	want := []string{`gateway.toml:8: port "wire0": the device has no tx_pcap, so net_pcap throws away what is sent there and counts it as sent; add tx_pcap=FILE to keep it`}
	if diff := cmp.Diff(want, parse(t, rxOnly).Notices()); diff != "" {
		t.Error(diff)
	}
	oneWay := change(t, rxOnly, "rx_pcap=in1.pcap,", "")
	if notices := parse(t, oneWay).Notices(); len(notices) != 0 {
		t.Errorf("nothing is sent to wire0, yet: %v", notices)
	}
}
