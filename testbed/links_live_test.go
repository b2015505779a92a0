package testbed

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/testbed/daemon"
)

// linkWait is how long a link may take to follow. It follows within the hold-down and some 10 ms; the
// kernel may tell of a change up to a second late. A busy machine may take as long as it likes: how
// long it took is logged.
const linkWait = 30 * time.Second

// linked is a gateway between two hosts whose cables the test unplugs.
type linked struct {
	*lan
	*steered
	dir string
}

// startLinked starts a gateway on kernel interfaces; keys go into the section of its first port.
func startLinked(t *testing.T, keys string) *linked {
	t.Helper()
	l, dir := storyLAN(t)
	path := filepath.Join(dir, "gateway.toml")
	writeFile(t, path, strings.Replace(readText(t, dir, "gateway.toml"), "[[port]]\n", "[[port]]\n"+keys+"\n", 1))
	return (&linked{lan: l, dir: dir}).start(t)
}

func (l *linked) start(t *testing.T) *linked {
	t.Helper()
	p := startStory(t, l.lan, l.dir)
	c := client.New(filepath.Join(l.dir, "ctl.sock"))
	t.Cleanup(c.Close)
	l.steered = &steered{Process: p, Client: c, t: t}
	return l
}

// plug puts a host's cable in or takes it out: the other end loses its carrier.
func (l *linked) plug(host string, in bool) {
	l.lan.t.Helper()
	l.run("ip", "-n", l.namespace(host), "link", "set", "eth0", map[bool]string{true: "up", false: "down"}[in])
}

// carrier is what a host sees of its cable.
func (l *linked) carrier(host string) bool {
	l.lan.t.Helper()
	said, err := exec.Command("ip", "netns", "exec", l.namespace(host), "cat", "/sys/class/net/eth0/carrier").CombinedOutput()
	if err != nil {
		l.lan.t.Fatalf("carrier of %s: %v\n%s", host, err, said)
	}
	return string(said) == "1\n"
}

// follows waits until a host sees a carrier, or none.
func (l *linked) follows(host string, carrier bool) time.Duration {
	l.lan.t.Helper()
	return sooner(l.lan.t, linkWait, fmt.Sprintf("host %s to see carrier %v", host, carrier), func() bool { return l.carrier(host) == carrier })
}

// link is what the gateway says of a port.
func (l *linked) link(name string) api.Link {
	l.lan.t.Helper()
	state, err := l.State(l.context())
	if err != nil {
		l.lan.t.Fatal(err)
	}
	for i := range state.Ports {
		if state.Ports[i].Name == name {
			return state.Ports[i].Link
		}
	}
	l.lan.t.Fatalf("there is no port %s", name)
	return api.Link{}
}

// settled waits until both links have been up for so long that both count as up.
func (l *linked) settled() {
	l.lan.t.Helper()
	sooner(l.lan.t, linkWait, "both links up", func() bool {
		w0, w1 := l.link("wire0"), l.link("wire1")
		return w0.Up && w1.Up && !w0.TakenDown && !w1.TakenDown
	})
	pingFromA(l.lan)
}

// TestLinkIsPassedOn: each host sees the other's cable, until the gateway ends, in whatever way.
func TestLinkIsPassedOn(t *testing.T) {
	l := startLinked(t, "")
	l.settled()
	for _, c := range []struct{ near, far, nearPort, farPort string }{{"b", "a", "wire1", "wire0"}, {"a", "b", "wire0", "wire1"}} {
		l.plug(c.near, false)
		down := l.follows(c.far, false)
		if far := l.link(c.farPort); !far.TakenDown || far.TimesTakenDown != 1 || far.TakenDownAt == "" || far.Propagation != "on" {
			t.Errorf("%s is %+v", c.farPort, far)
		}
		if near := l.link(c.nearPort); near.Up || near.TakenDown || near.Changes == 0 {
			t.Errorf("%s is %+v", c.nearPort, near)
		}
		l.AwaitLog(`msg="link taken down, because that of its peer is down" port=` + c.farPort)
		l.plug(c.near, true)
		t.Logf("%s followed %s: down in %v, up in %v", c.far, c.near, down, l.follows(c.far, true))
		l.settled()
	}
	l.plug("b", false)
	l.follows("a", false)
	l.Signal(syscall.SIGTERM)
	if result := l.Wait(); result.ExitCode != 0 {
		t.Errorf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
	if !l.carrier("a") {
		t.Error("the gateway has ended and left a link down")
	}
}

// TestLinkOfAKilledGateway: the next one takes up what it had taken down.
func TestLinkOfAKilledGateway(t *testing.T) {
	l := startLinked(t, "")
	l.settled()
	l.plug("b", false)
	l.follows("a", false)
	l.Signal(syscall.SIGKILL)
	l.Wait()
	l.plug("b", true)
	if l.carrier("a") {
		t.Error("the link of a killed gateway came up by itself, so that this test proves nothing")
	}
	l.start(t)
	l.settled()
	l.Signal(syscall.SIGTERM)
	l.Wait()
}

// TestFlapsAreHeldDown: what is shorter than hold_down is counted and not passed on. A wire can be told
// not to pass on anything.
func TestFlapsAreHeldDown(t *testing.T) {
	l := startLinked(t, `link_propagation = false`)
	text := readText(t, l.dir, "gateway.toml")
	l.Signal(unix.SIGTERM)
	l.Wait()
	const port1 = "name = \"wire1\"\n"
	writeFile(t, filepath.Join(l.dir, "gateway.toml"), strings.Replace(text, port1, port1+"hold_down = \"1m\"\n", 1))
	l.start(t)
	l.settled()
	for range 5 {
		before := l.link("wire1").Changes
		l.plug("b", false)
		sooner(t, linkWait, "the gateway to see the flap", func() bool { return l.link("wire1").Changes > before })
		l.plug("b", true)
		sooner(t, linkWait, "the gateway to see its end", func() bool { return l.link("wire1").Changes == before+2 })
	}
	l.plug("a", false)
	sooner(t, linkWait, "the gateway to see the link down", func() bool { return !l.link("wire0").Up })
	if w0, w1 := l.link("wire0"), l.link("wire1"); w0.TimesTakenDown != 0 || w1.TimesTakenDown != 0 || w0.Propagation != "off" || w1.Propagation != "on" {
		t.Errorf("wire0 is %+v, wire1 %+v", w0, w1)
	}
	l.Signal(unix.SIGTERM)
	l.Wait()
}

// TestLinkOfTaps: the kernel interface of net_tap is the host on the other side; it is set down, and the
// other port's with it.
func TestLinkOfTaps(t *testing.T) {
	l := newLAN(t)
	near, far := "n"+l.tag, "f"+l.tag
	dir := t.TempDir()
	gateway := strings.NewReplacer("net_pcap0,rx_pcap=in.pcap", "net_tap0,iface="+near, "net_pcap1,tx_pcap=out.pcap", "net_tap1,iface="+far,
		"net_pcap2,tx_pcap=mirror.pcap", "net_null0,no-rx=1").Replace(goodGateway)
	writeFile(t, filepath.Join(dir, "gateway.toml"), gateway)
	p := daemon.StartIn(t, l.namespace("g"), dir, "--config", "gateway.toml", "--report", "report.json")
	p.AwaitLog(daemon.Forwarding)
	up := func(link string) bool {
		said, err := exec.Command("ip", "-n", l.namespace("g"), "-oneline", "link", "show", "dev", link).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v", said, err)
		}
		return strings.Contains(string(said), "UP,LOWER_UP>")
	}
	sooner(t, linkWait, "both interfaces up", func() bool { return up(near) && up(far) })
	for _, pair := range [][2]string{{near, far}, {far, near}} {
		l.run("ip", "-n", l.namespace("g"), "link", "set", pair[0], "down")
		sooner(t, linkWait, "the other interface down", func() bool { return !up(pair[1]) })
		l.run("ip", "-n", l.namespace("g"), "link", "set", pair[0], "up")
		sooner(t, linkWait, "the other interface up", func() bool { return up(pair[1]) })
	}
	p.Signal(syscall.SIGTERM)
	if result := p.Wait(); result.ExitCode != 0 || strings.Count(result.Stderr, "link taken down") != 2 {
		t.Errorf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
}
