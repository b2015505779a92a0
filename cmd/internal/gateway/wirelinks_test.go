package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/cmd/internal/wirelink"
	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
	"mirrorgw/rules"
)

// fakeLinks are two ports of a wire and a tunnel port, whose links are the test's.
type fakeLinks struct {
	up     [3]bool
	set    []string
	broken error // of SetLink
}

func (f *fakeLinks) Links() (links []lcore.Link) {
	for i := range f.up {
		links = append(links, lcore.Link{Known: true, Up: f.up[i]})
	}
	return links
}

func (f *fakeLinks) LinksChanged() <-chan struct{} { return nil }

func (f *fakeLinks) RefreshLinks() {}

func (f *fakeLinks) SetLink(port int, up bool) error {
	if f.broken != nil {
		return f.broken
	}
	f.set = append(f.set, fmt.Sprint(port, " ", up))
	return nil
}

// linked is wireLinks over fake links.
type linked struct {
	*wireLinks
	*fakeLinks
	text bytes.Buffer
	now  time.Time
}

func newLinked(t *testing.T, device string) *linked {
	t.Helper()
	cfg := &config.Config{Ports: []config.Port{{Propagate: true}, {Propagate: true}, {}}}
	l := &linked{fakeLinks: &fakeLinks{up: [3]bool{true, true, true}}, now: time.Now()}
	var ports []*lcore.Port
	for i, name := range []string{"wire0", "wire1", "tun0"} {
		ports = append(ports, &lcore.Port{Driver: dpdk.DriverOf(device), PortSpec: lcore.PortSpec{
			Name: name, Device: fmt.Sprintf("%s%d,iface=x%d", device, i, i), Peer: []int{1, 0, rules.NoPeer}[i],
			Role: []rules.Role{rules.RoleWire, rules.RoleWire, rules.RoleTunnel}[i],
		}})
	}
	l.wireLinks = newWireLinks(l.fakeLinks, ports, cfg, &ctl.StateEvents{}, slog.New(slog.NewTextHandler(&l.text, nil)))
	l.marks.dir = t.TempDir()
	l.next()
	return l
}

// next is the next look; without hold-down it takes two for a change and what follows from it.
func (l *linked) next() {
	for range 2 {
		l.now = l.now.Add(linkEvery)
		l.look(l.now)
	}
}

// told lists the changes of state so far.
func (l *linked) told() string {
	var list []string
	changes, _, _ := l.states.After(0)
	for _, c := range changes {
		list = append(list, strings.TrimSpace(c.Link.Port+" "+c.Link.State+" "+c.Link.Reason))
	}
	return strings.Join(list, "; ")
}

func TestWireLinksFollowEachOther(t *testing.T) {
	l := newLinked(t, "net_af_packet")
	l.up[0] = false
	l.next()
	if s := l.wire(1); !s.TakenDown || s.Taken != 1 || s.Propagation != ctl.PropagationOn || !l.marks.has(l.ports[1].Device) {
		t.Errorf("taken down: %+v", s)
	}
	l.up[0] = true
	l.next()
	if s := l.wire(1); s.TakenDown || l.marks.has(l.ports[1].Device) || l.wire(0).Changes != 2 || l.wire(2) != nil {
		t.Errorf("let go: %+v, %+v", s, l.wire(0))
	}
	l.up[2] = false // a tunnel port takes nobody down
	l.next()
	if got := strings.Join(l.set, ", "); got != "1 false, 1 true" {
		t.Errorf("switched: %s", got)
	}
	const want = "wire0 up; wire1 up; tun0 up; wire0 down; wire1 taken-down the link of wire0 is down; wire0 up; wire1 coming-up; wire1 up"
	if got := l.told(); !strings.HasPrefix(got, want) {
		t.Errorf("told %s\nwant %s", got, want)
	}
	if got := l.text.String(); strings.Count(got, "\n") != 5 || !strings.Contains(got, `level=WARN msg="link taken down, because that of its peer is down" port=wire1 peer=wire0`) {
		t.Errorf("log:\n%s", got)
	}
}

// TestStopLetsGo: what was taken down is not left behind.
func TestStopLetsGo(t *testing.T) {
	l := newLinked(t, "net_af_packet")
	l.start()
	l.stop()
	l.stop()
	l.next()
	l.up[1] = false
	l.next()
	l.ending, l.ended = make(chan struct{}), make(chan struct{})
	go l.run()
	l.stop()
	if got := strings.Join(l.set, ", "); got != "0 false, 0 true" || l.marks.has(l.ports[0].Device) {
		t.Errorf("switched: %s", got)
	}
}

// TestKilledGatewayIsRestored: the next one finds the marks.
func TestKilledGatewayIsRestored(t *testing.T) {
	l := newLinked(t, "net_af_packet")
	l.restore()
	if err := l.marks.make(l.ports[1].Device); err != nil {
		t.Fatal(err)
	}
	l.restore()
	l.restore()
	if got := strings.Join(l.set, ", "); got != "1 true" {
		t.Errorf("switched: %s", got)
	}
}

func TestLinksThatCannotBeSwitched(t *testing.T) {
	for _, c := range []struct {
		err  error
		word string
		log  string
	}{
		{syscall.ENOTSUP, ctl.PropagationImpossible, "the driver cannot take a link down"},
		{errors.New("broken"), ctl.PropagationOn, "level=ERROR msg=\"a link cannot be switched"},
	} {
		l := newLinked(t, "net_af_packet")
		l.broken, l.up[0] = c.err, false
		for range 100 {
			l.next()
		}
		if s := l.wire(0); s.Propagation != c.word || l.wire(1).TakenDown || l.marks.has(l.ports[1].Device) {
			t.Errorf("%v: %+v", c.err, s)
		}
		if strings.Count(l.text.String(), c.log) != 1 {
			t.Errorf("%v: log:\n%s", c.err, &l.text)
		}
	}
}

// TestDriversWithoutLinks: nothing is asked of them.
func TestDriversWithoutLinks(t *testing.T) {
	l := newLinked(t, "net_null")
	l.up[0] = false
	l.next()
	if s := l.wire(0); s.Propagation != ctl.PropagationImpossible || l.set != nil {
		t.Errorf("%+v, switched %v", s, l.set)
	}
	if s := l.wires.State(0); s.Level != wirelink.Unknown && s.Level != wirelink.Down {
		t.Errorf("%+v", s)
	}
}
