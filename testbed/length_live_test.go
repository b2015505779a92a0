package testbed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"mirrorgw/testbed/daemon"
	"mirrorgw/testbed/traffic"
)

// lengthStranger is whom the frames of these tests are for: host b, by MAC, but with an address that
// is not b's, so that b answers nothing.
const lengthStranger = "10.1.0.99"

// vxlanHeaders is what a copy over IPv4 has in front of the original: Ethernet, IPv4, UDP, VXLAN.
const vxlanHeaders = 14 + 20 + 8 + 8

// TestLongMTURefused: net_af_packet would cut what a wire or tap receives over 1982 bytes, so an
// interface on which such frames can come is refused at the start.
func TestLongMTURefused(t *testing.T) {
	for _, c := range []struct {
		name, old, new string // replaced in the configuration
		mtu            int
	}{
		{name: "wire 9000", mtu: 9000},
		{name: "wire one too long", mtu: 1965},
		{name: "tap 9000", mtu: 9000, old: "peer = \"wire1\"", new: "role = \"tap\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := lengthLAN(t)
			l.setMTU("a", c.mtu)
			gateway := strings.Replace(liveGateway(l), c.old, c.new, 1)
			if c.new != "" { // a tap has no peer, and wire1 would be alone
				gateway = regexp.MustCompile(`(?s)\[\[port\]\]\nname = "wire1".*?(\[\[port\]\]\nname = "tun0")`).ReplaceAllString(gateway, "$1")
			}
			dir := lengthDir(t, gateway)
			result := daemon.StartIn(t, l.namespace("g"), dir, untilIdle...).Wait()
			if result.ExitCode != 1 || result.TimedOut {
				t.Errorf("exit code %d (timed out: %v), want 1", result.ExitCode, result.TimedOut)
			}
			checkSentence(t, result.Stderr, fmt.Sprintf(`^mirrorgw: .*port wire0: .*MTU %d\b.*; set the interface's MTU to 1964 or less$`, c.mtu))
		})
	}
}

// TestLongestFrames sends frames at and over what an interface can send. The others leave whole;
// the long ones are dropped and counted, for net_af_packet would lose them and call them sent. A veth
// takes at most its MTU + 18 bytes from the other end, so the interface where frames enter has the
// larger MTU.
func TestLongestFrames(t *testing.T) {
	for _, c := range []struct {
		mtu      int      // where frames leave, towards b
		pass     [][]byte // sent one by one, each followed by the frame at the same place of tooLong
		tooLong  [][]byte
		incoming int // MTU where frames enter, from a
	}{
		{mtu: 1500, incoming: 1600, pass: [][]byte{plainFrame(1514), taggedFrame(1518)}, tooLong: [][]byte{plainFrame(1515), taggedFrame(1519)}},
		// No more than 1982 bytes can come in here, so that none with a tag is too long.
		{mtu: 1964, incoming: 1964, pass: [][]byte{plainFrame(1978), taggedFrame(1982)}, tooLong: [][]byte{plainFrame(1979)}},
	} {
		t.Run(fmt.Sprintf("MTU %d", c.mtu), func(t *testing.T) {
			l := lengthLAN(t)
			l.setMTU("a", c.incoming)
			l.setMTU("b", c.mtu)
			a, atB := l.sender(), l.sniff("b", "eth0")
			last := plainFrame(64) // when it has come, all others have come or are lost
			want := append(c.pass[:len(c.pass):len(c.pass)], last)

			var got [][]byte
			report := l.throughGateway(lengthDir(t, liveGateway(l)), func() {
				for i, frame := range c.pass {
					a.send(frame)
					if i < len(c.tooLong) {
						a.send(c.tooLong[i])
					}
				}
				a.send(last)
				got = atB.whole(len(want), sentByA)
			})
			compareFrames(t, "b's interface", got, want)
			checkTooLong(t, report, len(want), c.tooLong)
		})
	}
}

// checkTooLong asserts that exactly the long frames were dropped, where they came in.
func checkTooLong(t *testing.T, report *daemon.Report, passed int, tooLong [][]byte) {
	t.Helper()
	checkAccounts(t, report)
	long := uint64(len(tooLong))
	dropped := maps.Clone(report.Ports["wire0"].Dropped)
	maps.DeleteFunc(dropped, func(_ string, n uint64) bool { return n == 0 })
	if !maps.Equal(dropped, map[string]uint64{"too_long": long}) || report.Dropped() != long {
		t.Errorf("wire0 dropped %v, all ports %d; want too_long %d and nothing else", dropped, report.Dropped(), long)
	}
	if in, out := report.Ports["wire0"].RxPackets, report.Ports["wire1"].TxPackets; in != out+long || out != uint64(passed) {
		t.Errorf("wire0 received %d frames, wire1 sent %d; want %d sent, %d more received", in, out, passed, long)
	}
}

// TestTunnelTakesKernelMTU: where neither target nor port has an MTU, copies are as long as the
// tunnel's interface and its driver (1982 bytes) can send them.
func TestTunnelTakesKernelMTU(t *testing.T) {
	for _, c := range []struct{ mtu, sent, copied int }{
		{mtu: 1549, sent: 1514, copied: 1513},
		{mtu: 1550, sent: 1514, copied: 1514},
		{mtu: 1600, sent: 1514, copied: 1514},
		{mtu: 9000, sent: 1978, copied: 1982 - vxlanHeaders},
	} {
		t.Run(fmt.Sprintf("MTU %d", c.mtu), func(t *testing.T) {
			l := lengthLAN(t)
			l.setMTU("a", 1964)
			l.setMTU("b", 1964)
			l.setMTU("m", c.mtu)
			a, atB, atM := l.sender(), l.sniff("b", "eth0"), l.sniff("m", "eth0")
			sent := plainFrame(c.sent)

			var passed, copies [][]byte
			report := l.throughGateway(lengthDir(t, liveGateway(l)), func() {
				a.send(sent)
				passed, copies = atB.whole(1, sentByA), atM.whole(1, isCopy)
			})
			checkLaws(t, report)
			compareFrames(t, "b's interface", passed, [][]byte{sent})
			for i := range copies {
				copies[i] = copies[i][vxlanHeaders:]
			}
			compareFrames(t, "the monitor's interface", copies, [][]byte{sent[:c.copied]})
			checkTruncated(t, report, c.sent > c.copied)
		})
	}
}

func checkTruncated(t *testing.T, report *daemon.Report, cut bool) {
	t.Helper()
	want := uint64(0)
	if cut {
		want = 1
	}
	if got := report.Sessions["all"].Egress; got.MirroredPackets != 1 || got.TruncatedPackets != want {
		t.Errorf("mirrored %d, truncated %d; want 1 and %d", got.MirroredPackets, got.TruncatedPackets, want)
	}
}

// lengthLAN is the LAN of the live test; setMTU is still to be called.
func lengthLAN(t *testing.T) *lan {
	t.Helper()
	l := newLAN(t)
	l.host("a", addressA+"/24", macA, 1500)
	l.host("b", addressB+"/24", macB, 1500)
	l.host("m", "192.0.2.10/24", macM, 1500)
	return l
}

// setMTU sets the MTU of the gateway's end of a host's cable. The host's end has more, so that the
// host can send, and would see, frames that are too long.
func (l *lan) setMTU(host string, mtu int) {
	l.t.Helper()
	l.run("ip", "-n", l.namespace("g"), "link", "set", l.link(host), "mtu", fmt.Sprint(mtu))
	l.in(host, "ip", "link", "set", "eth0", "mtu", fmt.Sprint(mtu+100))
}

// lengthDir lays out the files: a session mirrors a's UDP.
func lengthDir(t *testing.T, gateway string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "gateway.toml"), gateway)
	resources := strings.NewReplacer("mtu = 1400", "mtu = 1500", `"tcp"`, `"udp"`).Replace(liveResources)
	writeFile(t, filepath.Join(dir, "resources.toml"), resources)
	return dir
}

// throughGateway calls f while a gateway forwards, ends it and returns its report.
func (l *lan) throughGateway(dir string, f func()) *daemon.Report {
	l.t.Helper()
	gateway := daemon.StartIn(l.t, l.namespace("g"), dir, running...)
	gateway.AwaitLog(daemon.Forwarding)
	f()
	gateway.Signal(unix.SIGTERM)
	result := gateway.Wait()
	if result.ExitCode != 0 || result.TimedOut || result.Report == nil {
		l.t.Fatalf("exit code %d (timed out: %v), stderr:\n%s", result.ExitCode, result.TimedOut, result.Stderr)
	}
	return result.Report
}

// plainFrame is an untagged UDP datagram from a, length bytes long with its Ethernet header.
func plainFrame(length int) []byte { return lengthFrame(length-14-20-8, lengthPacket()) }

// taggedFrame is plainFrame with an 0x8100 tag, which is part of the length.
func taggedFrame(length int) []byte { return lengthFrame(length-18-20-8, lengthPacket().VLAN(7)) }

func lengthPacket() traffic.Packet {
	return traffic.From(traffic.NewHost("a", macA, addressA, "2001:db8::a")).
		To(traffic.NewHost("b", macB, lengthStranger, "2001:db8::b"))
}

func lengthFrame(payload int, p traffic.Packet) []byte {
	return p.UDP(5000, 6000).Payload(traffic.Bytes(fmt.Sprint(payload), payload)).Frame()
}

// sender is a packet socket on a's interface. It is opened before a gateway is started: threads of
// inside end, and a gateway is killed with the thread that started it (Pdeathsig), which may be one.
type sender struct {
	t         *testing.T
	fd, index int
}

func (l *lan) sender() *sender {
	l.t.Helper()
	s := &sender{t: l.t, fd: -1}
	l.inside("a", func() error {
		link, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		s.index = link.Index
		s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		return err
	})
	l.t.Cleanup(func() { unix.Close(s.fd) })
	return s
}

// send sends a frame as it is.
func (s *sender) send(frame []byte) {
	s.t.Helper()
	if err := unix.Sendto(s.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: s.index}); err != nil {
		s.t.Fatalf("sending %d bytes: %v", len(frame), err)
	}
}

func sentByA(frame []byte) bool {
	from, _ := net.ParseMAC(macA)
	return len(frame) >= 14 && bytes.Equal(frame[6:12], from)
}

// isCopy recognises VXLAN over untagged IPv4 by its UDP port.
func isCopy(frame []byte) bool {
	return len(frame) > vxlanHeaders && binary.BigEndian.Uint16(frame[12:]) == unix.ETH_P_IP &&
		binary.BigEndian.Uint16(frame[36:]) == 4789
}

// whole is frames for those that are wanted only, and with the VLAN tag, which the kernel takes off
// before packet sockets see a frame.
func (s *sniffer) whole(want int, wanted func(frame []byte) bool) (frames [][]byte) {
	s.t.Helper()
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		s.t.Fatal(err)
	}
	buffer, control := make([]byte, 1<<16), make([]byte, 256)
	for end := time.Now().Add(10 * time.Second); ; {
		n, controlBytes, _, _, err := unix.Recvmsg(s.fd, buffer, control, 0)
		switch {
		case err == nil:
			if frame := s.retag(buffer[:n], control[:controlBytes]); wanted(frame) {
				frames = append(frames, frame)
			}
		case err == unix.EINTR:
		case err != unix.EAGAIN:
			s.t.Fatalf("packet socket: %v", err)
		case len(frames) >= want || time.Now().After(end):
			return frames
		}
	}
}

// retag returns a copy of a frame with the tag that packet(7) tells beside it.
func (s *sniffer) retag(frame, control []byte) []byte {
	s.t.Helper()
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_PACKET || m.Header.Type != unix.PACKET_AUXDATA {
			continue
		}
		beside := *(*unix.TpacketAuxdata)(unsafe.Pointer(&m.Data[0]))
		if beside.Status&unix.TP_STATUS_VLAN_VALID == 0 {
			break
		}
		tagged := binary.BigEndian.AppendUint16(bytes.Clone(frame[:12]), beside.Vlan_tpid)
		return append(binary.BigEndian.AppendUint16(tagged, beside.Vlan_tci), frame[12:]...)
	}
	return bytes.Clone(frame)
}
