package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"mirrorgw/testbed/daemon"
)

// refusal is a mistake of a new user: how the good files are changed, or with what arguments the
// daemon is called, and what it must answer.
type refusal struct {
	name     string
	gateway  string   // instead of the good gateway.toml
	old, new string   // replaced in gateway.toml
	resource string   // appended to resources.toml
	args     []string // instead of the usual ones
	exit     int
	want     string // regular expression for the last line of stderr
}

const goodGateway = `[eal]
lcores = "1"
memory_mb = 512

[[port]]
name = "wire0"
device = "net_pcap0,rx_pcap=in.pcap"
peer = "wire1"

[[port]]
name = "wire1"
device = "net_pcap1,tx_pcap=out.pcap"
peer = "wire0"

[[port]]
name = "tun0"
device = "net_pcap2,tx_pcap=mirror.pcap"
role = "tunnel"
addresses = ["192.0.2.1/24"]
`

const goodResources = `[[interface]]
name = "web-1"
port = "wire0"

[[target]]
name = "ids"
address = "192.0.2.10"

[[filter]]
name = "web"
`

const mixedFamilies = `[[filter.rule]]
direction = "egress"
number = 100
action = "accept"
source = "10.0.0.0/8"
destination = "2001:db8::/32"
`

// allCPUsTaken is a gateway that leaves no CPU for the main lcore; net_null has queues for all.
func allCPUsTaken() string {
	n := runtime.NumCPU()
	return fmt.Sprintf(`[eal]
lcores = "0-%[1]d"
[[port]]
name = "wire0"
device = "net_null0,no-rx=1"
peer = "wire1"
queues = %[2]d
[[port]]
name = "wire1"
device = "net_null1,no-rx=1"
peer = "wire0"
queues = %[2]d
`, n-1, n)
}

// littleMemory is less than the mbufs for so many descriptors need.
var littleMemory = strings.NewReplacer("memory_mb = 512", "memory_mb = 64",
	"peer = ", "rx_descriptors = 32768\npeer = ").Replace(goodGateway)

// manyPorts is a gateway of n tap ports.
func manyPorts(n int) string {
	var text strings.Builder
	text.WriteString("[eal]\nlcores = \"1\"\n")
	for i := range n {
		fmt.Fprintf(&text, "[[port]]\nname = \"tap%[1]d\"\ndevice = \"net_null%[1]d,no-rx=1\"\nrole = \"tap\"\n", i)
	}
	return text.String()
}

var refusals = []refusal{
	{name: "unknown key", old: "memory_mb", new: "memory_mib", exit: 1, want: `gateway\.toml:3: .*memory_mib.*memory_mb`},
	{name: "unknown section", old: "[eal]", new: "[eall]", exit: 1, want: `gateway\.toml:1: .*eall.*eal`},
	{name: "no peer", old: "peer = \"wire1\"\n", exit: 1, want: `gateway\.toml:\d+: port "wire0": .*peer.*; add peer = `},
	{name: "peer that is not there", old: `peer = "wire1"`, new: `peer = "wire9"`, exit: 1, want: `gateway\.toml:8: port "wire0": .*"wire9".*name one of: wire1`},
	{name: "kernel interface as device", old: "net_pcap0,rx_pcap=in.pcap", new: "eth0", exit: 1, want: `gateway\.toml:7: port "wire0": .*net_af_packet0,iface=eth0`},
	{name: "driver that does not exist", old: "net_pcap0,rx_pcap=in.pcap", new: "net_pcup0,rx_pcap=in.pcap", exit: 1, want: `^mirrorgw: gateway\.toml:7: port "wire0": device: DPDK has no driver net_pcup; did you mean net_pcap\?$`},
	{name: "capture that is not there", old: "in.pcap", new: "inn.pcap", exit: 1, want: `gateway\.toml:7: port "wire0": rx_pcap inn\.pcap does not exist; give the path`},
	{name: "truncated capture", old: "in.pcap", new: "cut.pcap", exit: 1, want: `gateway\.toml:7: port "wire0": rx_pcap cut\.pcap is a truncated pcap: frame 1 has \d+ of its \d+ bytes; repair it`},
	{name: "not a capture", old: "in.pcap", new: "gateway.toml", exit: 1, want: `gateway\.toml:7: .* is not a capture; give a pcap`},
	{name: "two ports of one name", old: `name = "wire1"`, new: `name = "wire0"`, exit: 1, want: `^mirrorgw: gateway\.toml:11: port "wire0": the name is taken by the port at line 6; choose another$`},
	{name: "af_packet on an interface that is not there", old: "net_pcap0,rx_pcap=in.pcap", new: "net_af_packet0,iface=nosuchif0", exit: 1, want: `^mirrorgw: gateway\.toml:7: port "wire0": device: there is no kernel interface "nosuchif0"; see "ip link" for those there are$`},
	{name: "af_packet without an interface", old: "net_pcap0,rx_pcap=in.pcap", new: "net_af_packet0", exit: 1, want: `gateway\.toml:7: port "wire0": device "net_af_packet0" names no kernel interface; add one`},
	{name: "frame that DPDK cannot hold", old: "in.pcap", new: "huge.pcap", exit: 1, want: `gateway\.toml:7: port "wire0": rx_pcap huge\.pcap has a frame of 80066 bytes \(frame 1\), but a DPDK frame has at most 65535; cut it, for example with "editcap -s 65535 huge\.pcap GOOD"$`},
	{name: "too many ports", gateway: manyPorts(33), args: []string{"--config", "gateway.toml"}, exit: 1, want: `gateway\.toml:3: 33 ports are configured, but Debian's DPDK 22\.11 has room for 32; remove some$`},
	{name: "memory too small", gateway: littleMemory, exit: 1, want: `^mirrorgw: gateway\.toml: \[eal\]: memory_mb = 64 is too small for 3 ports, whose mempools need \d+; raise it`},
	{name: "CPU that the machine lacks", old: `lcores = "1"`, new: `lcores = "127"`, exit: 1, want: `gateway\.toml:2: \[eal\]: .*127.*;`},
	{name: "all CPUs taken", gateway: allCPUsTaken(), args: []string{"--config", "gateway.toml"}, exit: 1, want: `gateway\.toml:2: \[eal\]: .*main lcore.*;`},
	{name: "more workers than queues", old: `lcores = "1"`, new: `lcores = "0,1"`, exit: 1, want: `gateway\.toml:2: \[eal\]: lcores names 2 workers .*; name fewer lcores`},
	{name: "lcores that are none", old: `lcores = "1"`, new: `lcores = "one"`, exit: 1, want: `gateway\.toml:2: \[eal\]: .*"one" is not an lcore; write`},
	{name: "not TOML", old: "[eal]", new: "[eal", exit: 1, want: `gateway\.toml:1: this is not valid TOML .*; write key = value`},
	{name: "mixed IP families in a rule", resource: mixedFamilies, exit: 1, want: `resources\.toml:\d+: filter "web" egress rule 100: .*10\.0\.0\.0/8.*2001:db8::/32.*; use two IPv4 or two IPv6 blocks`},
	{name: "unknown flag", args: []string{"--konfig", "gateway.toml"}, exit: 2, want: `^mirrorgw: there is no flag --konfig; see mirrorgw --help$`},
	{name: "no --config", args: []string{"--until-idle", "1s"}, exit: 2, want: `--config is missing: name the gateway configuration`},
	{name: "configuration that is not there", args: []string{"--config", "nothing.toml"}, exit: 1, want: `nothing\.toml: there is no such file; give the path`},
	{name: "resources that are not there", args: []string{"--config", "gateway.toml", "--apply", "nothing.toml"}, exit: 1, want: `nothing\.toml: there is no such file; give the path`},
	{name: "configuration that is a directory", args: []string{"--config", "."}, exit: 1, want: `^mirrorgw: \.: this is a directory; give the path of a file in it$`},
	{name: "resources that are a directory", args: []string{"--config", "gateway.toml", "--apply", "."}, exit: 1, want: `^mirrorgw: \.: this is a directory; give the path of a file in it$`},
	{name: "--check-config finds a fault", old: "memory_mb", new: "memory_mib", args: []string{"--config", "gateway.toml", "--check-config"}, exit: 1, want: `gateway\.toml:3: .*memory_mib`},
	{name: "report that cannot be written", args: []string{"--config", "gateway.toml", "--until-idle", "100ms", "--report", "nodir/report.json"}, exit: 1, want: `report.*nodir.*[;:]`},
	{name: "argument that is no flag", args: []string{"gateway.toml"}, exit: 2, want: `unexpected argument "gateway\.toml": every setting is a flag`},
	{name: "duration that is none", args: []string{"--config", "gateway.toml", "--until-idle", "soon"}, exit: 2, want: `^mirrorgw: --until-idle "soon" is not a duration; write one like 500ms or 2s(; see mirrorgw --help)?$`},
}

// TestRefusals starts the daemon as a new user might, with one mistake each: it must end at once,
// with an exit code and a sentence that tells what and where and what would be right.
func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			dir := refusalDir(t, c)
			args := c.args
			if args == nil {
				args = []string{"--config", "gateway.toml", "--apply", "resources.toml", "--until-idle", "100ms"}
			}
			result := daemon.Run(t, dir, args...)
			if result.ExitCode != c.exit || result.TimedOut {
				t.Errorf("exit code %d (timed out: %v), want %d", result.ExitCode, result.TimedOut, c.exit)
			}
			checkSentence(t, result.Stderr, c.want)
		})
	}
}

// refusalDir lays out good files and changes them as c says.
func refusalDir(t *testing.T, c refusal) string {
	t.Helper()
	dir := t.TempDir()
	gateway := strings.Replace(goodGateway, c.old, c.new, 1)
	if c.old != "" && gateway == goodGateway {
		t.Fatalf("%q is not in the good configuration", c.old)
	}
	if c.gateway != "" {
		gateway = c.gateway
	}
	writeFile(t, filepath.Join(dir, "gateway.toml"), gateway)
	writeFile(t, filepath.Join(dir, "resources.toml"), goodResources+c.resource)
	one := writeCapture(t, filepath.Join(dir, "in.pcap"), plainDay()[:1])
	writeFile(t, filepath.Join(dir, "cut.pcap"), string(one[:len(one)-5]))
	writeCapture(t, filepath.Join(dir, "huge.pcap"), [][]byte{make([]byte, 80066)})
	return dir
}

// noise is what a user must never see. DPDK's own lines may come first; the last line must be
// enough without them.
var noise = regexp.MustCompile(`goroutine|panic|runtime error|SIG[A-Z]{3,}|rte_eal_init`)

func checkSentence(t *testing.T, stderr, want string) {
	t.Helper()
	if found := noise.FindString(stderr); found != "" {
		t.Errorf("stderr has %q:\n%s", found, stderr)
	}
	last := tail(stderr, 1)
	t.Log(last)
	if strings.HasPrefix(last, "time=") || !regexp.MustCompile(want).MatchString(last) {
		t.Errorf("the last line of stderr is\n%s\nwant a match of %s; all of it:\n%s", last, want, stderr)
	}
}

// TestCheckConfig shows the plan of a good configuration and touches no file.
func TestCheckConfig(t *testing.T) {
	dir := refusalDir(t, refusal{})
	result := daemon.Run(t, dir, "--config", "gateway.toml", "--apply", "resources.toml", "--check-config")
	if result.ExitCode != 0 || result.Stderr != "" {
		t.Errorf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
	for _, word := range []string{"wire0", "wire1", "tun0", "main lcore", "mempools", "net_pcap1"} {
		if !strings.Contains(result.Stdout, word) {
			t.Errorf("the plan does not mention %q:\n%s", word, result.Stdout)
		}
	}
	for _, name := range []string{"out.pcap", "mirror.pcap"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s was made (%v)", name, err)
		}
	}
}
