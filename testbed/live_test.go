package testbed

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"golang.org/x/sys/unix"

	"mirrorgw/testbed/daemon"
)

// Hosts of the live test. The MTU leaves room for the outer headers on the monitor's link, so that
// no copy is truncated.
const (
	macA, macB, macM = "02:00:00:00:0a:0a", "02:00:00:00:0b:0b", "02:00:00:00:02:10"
	addressA         = "10.1.0.1"
	addressB         = "10.1.0.2"
	liveMTU          = 1400
	livePings        = 5
	liveBytes        = 200_000
)

const liveResources = `[[interface]]
name = "a"
port = "wire0"
mac = "02:00:00:00:0a:0a"
mtu = 1400
[[target]]
name = "ids"
address = "192.0.2.10"
[[filter]]
name = "icmp-and-tcp"
[[filter.rule]]
direction = "egress"
number = 1
action = "accept"
protocol = "icmp"
[[filter.rule]]
direction = "egress"
number = 2
action = "accept"
protocol = "tcp"
[[filter.rule]]
direction = "ingress"
number = 1
action = "accept"
protocol = "icmp"
[[filter.rule]]
direction = "ingress"
number = 2
action = "accept"
protocol = "tcp"
[[session]]
name = "all"
source = "a"
target = "ids"
filter = "icmp-and-tcp"
number = 1
vni = 100
`

// TestLive puts the gateway between two hosts that ping and talk TCP. Linux's own VXLAN device
// judges the copies: what it hands on must be what host a's interface sent and received.
func TestLive(t *testing.T) {
	l := newLAN(t)
	l.host("a", addressA+"/24", macA, liveMTU)
	l.host("b", addressB+"/24", macB, liveMTU)
	l.host("m", "192.0.2.10/24", macM, 1500)
	l.in("m", "ip", "link", "add", "vx0", "type", "vxlan", "id", "100", "dstport", "4789", "local", "192.0.2.10", "nolearning")
	l.in("m", "ip", "link", "set", "vx0", "up")
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "gateway.toml"), liveGateway(l))
	writeFile(t, filepath.Join(dir, "resources.toml"), liveResources)
	onWire, onMonitor := l.sniff("a", "eth0"), l.sniff("m", "vx0")

	gateway := daemon.StartIn(t, l.namespace("g"), dir, running...)
	gateway.AwaitLog(daemon.Forwarding)
	pingFromA(l)
	talkFromA(t, l)
	gateway.Signal(unix.SIGTERM)
	result := gateway.Wait()
	if result.ExitCode != 0 || result.Report == nil {
		t.Fatalf("exit code %d, stderr:\n%s", result.ExitCode, result.Stderr)
	}
	checkLaws(t, result.Report)
	checkLiveCopies(t, result.Report, onWire, onMonitor)
}

func liveGateway(l *lan) string {
	return fmt.Sprintf(`[eal]
lcores = "1"
memory_mb = 512
[[port]]
name = "wire0"
device = "net_af_packet0,iface=%s"
peer = "wire1"
[[port]]
name = "wire1"
device = "net_af_packet1,iface=%s"
peer = "wire0"
[[port]]
name = "tun0"
device = "net_af_packet2,iface=%s"
role = "tunnel"
addresses = ["192.0.2.1/24"]
[[neighbor]]
address = "192.0.2.10"
mac = "%s"
`, l.link("a"), l.link("b"), l.link("m"), macM)
}

// pingFromA sends echo requests from a to b and waits for each answer.
func pingFromA(l *lan) {
	l.t.Helper()
	l.inside("a", func() error {
		conn, err := net.DialIP("ip4:icmp", nil, &net.IPAddr{IP: net.ParseIP(addressB)})
		if err != nil {
			return err
		}
		defer conn.Close()
		for sequence := range livePings {
			if err := ping(conn, uint16(sequence)); err != nil {
				return fmt.Errorf("ping %d: %w", sequence, err)
			}
		}
		return nil
	})
}

func ping(conn *net.IPConn, sequence uint16) error {
	request := gopacket.NewSerializeBuffer()
	echo := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: 7, Seq: sequence}
	payload := bytes.Repeat([]byte{byte(sequence)}, 56)
	if err := gopacket.SerializeLayers(request, gopacket.SerializeOptions{ComputeChecksums: true}, echo, gopacket.Payload(payload)); err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Now().Add(streamWait)); err != nil {
		return err
	}
	if _, err := conn.Write(request.Bytes()); err != nil {
		return err
	}
	answer := make([]byte, 1500)
	n, _, err := conn.ReadFromIP(answer) // without the IP header
	if err != nil {
		return err
	}
	if n != 8+len(payload) || answer[0] != layers.ICMPv4TypeEchoReply || !bytes.Equal(answer[8:n], payload) {
		return fmt.Errorf("the answer is % x", answer[:n])
	}
	return nil
}

// talkFromA sends bytes over TCP from a to b, which sends them back.
func talkFromA(t *testing.T, l *lan) {
	t.Helper()
	var listener net.Listener
	l.inside("b", func() (err error) {
		listener, err = net.Listen("tcp4", addressB+":8080")
		return err
	})
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return // the test has ended early
		}
		defer conn.Close()
		_, _ = io.Copy(conn, conn) // what is missing is missed by the other side
	}()
	l.inside("a", func() error {
		conn, err := net.DialTimeout("tcp4", addressB+":8080", 5*time.Second)
		if err != nil {
			return err
		}
		defer conn.Close()
		return echo(conn.(*net.TCPConn))
	})
}

func echo(conn *net.TCPConn) error {
	sent := bytes.Repeat([]byte("mirrored"), liveBytes/8)
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(sent)
		if err == nil {
			err = conn.CloseWrite()
		}
		written <- err
	}()
	got, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, sent) {
		return fmt.Errorf("%d bytes came back, not the %d that were sent", len(got), len(sent))
	}
	return <-written
}

// checkLiveCopies compares, direction by direction and in order, what passed a's interface with what
// the monitor's VXLAN device handed on. Frames that a sent after the gateway had stopped are not
// asked for.
func checkLiveCopies(t *testing.T, report *daemon.Report, onWire, onMonitor *sniffer) {
	t.Helper()
	session := report.Sessions["all"]
	want := int(session.Egress.MirroredPackets + session.Ingress.MirroredPackets)
	if session.Egress.TruncatedPackets+session.Ingress.TruncatedPackets != 0 {
		t.Errorf("copies were truncated: %+v", session)
	}
	if want < 2*livePings+2*liveBytes/liveMTU {
		t.Errorf("%d copies are too few for %d pings and twice %d bytes", want, livePings, liveBytes)
	}
	wire, copies := onWire.frames(want), onMonitor.frames(want)
	for _, d := range []struct {
		name, mac string
		mirrored  uint64
	}{{"egress", macA, session.Egress.MirroredPackets}, {"ingress", macB, session.Ingress.MirroredPackets}} {
		passed := selected(wire, d.mac)
		compareFrames(t, d.name+" copies", selected(copies, d.mac), passed[:min(len(passed), int(d.mirrored))])
	}
	if len(copies) != want {
		t.Errorf("the VXLAN device handed on %d frames, the gateway reports %d copies", len(copies), want)
	}
}

// selected returns the ICMP and TCP frames that a host sent.
func selected(frames [][]byte, mac string) (kept [][]byte) {
	from, _ := net.ParseMAC(mac)
	for _, frame := range frames {
		if len(frame) < 34 || !bytes.Equal(frame[6:12], from) || frame[12] != 8 || frame[13] != 0 {
			continue
		}
		if protocol := layers.IPProtocol(frame[23]); protocol == layers.IPProtocolICMPv4 || protocol == layers.IPProtocolTCP {
			kept = append(kept, frame)
		}
	}
	return kept
}
