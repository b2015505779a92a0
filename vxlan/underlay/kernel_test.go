package underlay

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wire is an AF_PACKET socket on one end of a veth pair whose other end the kernel has.
type wire struct{ fd int }

func (w wire) Send(_ int, frame []byte) bool { return unix.Send(w.fd, frame, 0) == nil }

func run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return string(out)
}

// openIn opens the socket in a network namespace. The thread that entered it ends with its goroutine.
func openIn(t *testing.T, namespace, link string) wire {
	t.Helper()
	type result struct {
		fd  int
		err error
	}
	opened := make(chan result)
	go func() {
		runtime.LockOSThread()
		file, err := os.Open("/run/netns/" + namespace)
		if err == nil {
			defer file.Close()
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
		}
		if err != nil {
			opened <- result{-1, err}
			return
		}
		const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, all)
		if device, e := net.InterfaceByName(link); e != nil {
			err = e
		} else if err == nil {
			err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: device.Index})
		}
		opened <- result{fd, err}
	}()
	r := <-opened
	if r.err != nil {
		t.Fatal(r.err)
	}
	t.Cleanup(func() { unix.Close(r.fd) })
	if err := unix.SetsockoptTimeval(r.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 10000}); err != nil {
		t.Fatal(err)
	}
	return wire{r.fd}
}

// TestKernelAsPeer lets Linux be the other host: we resolve it, it resolves us, both ping.
func TestKernelAsPeer(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to make network namespaces")
	}
	ours, theirs := fmt.Sprintf("ulo%d", os.Getpid()), fmt.Sprintf("ult%d", os.Getpid())
	for _, n := range []string{ours, theirs} {
		run(t, "ip", "netns", "add", n)
		t.Cleanup(func() { run(t, "ip", "netns", "del", n) })
	}
	run(t, "ip", "-n", ours, "link", "add", "o0", "type", "veth", "peer", "name", "t0", "netns", theirs)
	run(t, "ip", "netns", "exec", ours, "sysctl", "-qw", "net.ipv6.conf.o0.disable_ipv6=1")
	run(t, "ip", "-n", theirs, "addr", "add", "192.0.2.9/24", "dev", "t0")
	run(t, "ip", "-n", theirs, "addr", "add", "2001:db8::9/64", "dev", "t0", "nodad")
	run(t, "ip", "-n", ours, "link", "set", "o0", "up")
	run(t, "ip", "-n", theirs, "link", "set", "t0", "up")
	w := openIn(t, ours, "o0")
	h, err := New(Config{Ports: []Port{port1()}, Frames: w})
	if err != nil {
		t.Fatal(err)
	}
	h.Start(time.Now())
	pump := func(what string, until func() bool) {
		t.Helper()
		buffer := make([]byte, 2048)
		for end := time.Now().Add(20 * time.Second); !until(); {
			if time.Now().After(end) {
				t.Fatalf("%s did not happen within 20 s: %+v", what, h.Status())
			}
			if n, from, err := unix.Recvfrom(w.fd, buffer, 0); err == nil {
				if l, ok := from.(*unix.SockaddrLinklayer); ok && l.Pkttype != unix.PACKET_OUTGOING {
					h.Input(time.Now(), 3, buffer[:n])
				}
			}
			h.Tick(time.Now())
		}
	}
	for _, target := range []string{"192.0.2.9", "2001:db8::9"} {
		dst := netip.MustParseAddr(target)
		h.Watch(time.Now(), dst)
		pump("resolving "+target, func() bool { return h.NextHop(dst).Resolved })
		var got []EchoResult
		h.Echo(time.Now(), dst, 5*time.Second, func(r EchoResult) { got = append(got, r) })
		pump("echo", func() bool { return len(got) == 1 })
		if got[0].Outcome != EchoReplied {
			t.Fatalf("%s: %+v", target, got[0])
		}
	}
	for _, source := range []string{"192.0.2.1", "2001:db8::1"} {
		done := make(chan string, 1)
		go func() {
			out, err := exec.Command("ip", "netns", "exec", theirs, "ping", "-c", "3", "-i", "0.2", "-s", "1000", "-W", "5", source).CombinedOutput()
			if err != nil {
				done <- fmt.Sprintf("%v: %s", err, out)
			}
			close(done)
		}()
		answer, over := "", false
		pump("ping from the kernel", func() bool {
			select {
			case answer = <-done:
				over = true
			default:
			}
			return over
		})
		if answer != "" {
			t.Fatal(answer)
		}
	}
}
