package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/testbed/traffic"
)

// network is the namespace of the demo's hosts: a thread that has it, and frames that it sends.
type network struct {
	tid    int // of the thread: /proc/TID/ns/net is the namespace
	work   chan func() error
	did    chan error
	failed chan error // why no more frames are sent
	ended  chan struct{}
}

// newNetwork starts a thread with a network namespace of its own. It has no name, so that nothing is
// left whatever ends the process.
func newNetwork() (*network, error) {
	n := &network{work: make(chan func() error), did: make(chan error), failed: make(chan error, 1), ended: make(chan struct{})}
	begun := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		n.tid = unix.Gettid()
		err := unix.Unshare(unix.CLONE_NEWNET)
		begun <- err
		if err != nil {
			return
		}
		for do := range n.work {
			n.did <- do()
		}
	}()
	if err := <-begun; err != nil {
		return nil, fmt.Errorf("this machine lets nobody make network namespaces: %w", err)
	}
	return n, nil
}

// do calls f on the thread of the namespace.
func (n *network) do(f func() error) error {
	n.work <- f
	return <-n.did
}

func (n *network) close() { close(n.ended) }

// keepThread calls f on a thread that lives as long as f runs.
func (n *network) keepThread(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f()
}

// cables are the hosts' ends of the cables to the gateway.
var cables = []string{"south", "north", "ids"}

// connect lays the cables: veth pairs whose ends here have the names of cables, the gateway's those
// with the tag before. They go with the namespace. Nobody but the hosts says anything on the wire,
// neither ARP nor IPv6 of a kernel; the appliance has its address.
func (n *network) connect(tag string) error {
	for _, name := range cables {
		own := tag + "-" + name
		for _, set := range []string{
			"link add " + own + " type veth peer name " + name + " netns " + fmt.Sprint(n.tid),
			"link set " + own + " addrgenmode none arp off up",
		} {
			if err := command("ip", strings.Fields(set)...); err != nil {
				return err
			}
		}
	}
	return n.do(func() error {
		for _, set := range []string{
			"link set south addrgenmode none arp off up", "link set north addrgenmode none arp off up",
			"link set ids addrgenmode none address 02:00:00:00:02:10 up", "address add 192.0.2.10/24 dev ids",
		} {
			if err := command("ip", strings.Fields(set)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// begin lets the hosts talk.
func (n *network) begin() error {
	var sockets [2]int
	err := n.do(func() (err error) {
		for i, name := range cables[:2] {
			if sockets[i], err = rawSocket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	frames, err := dayOfFrames(sockets)
	if err != nil {
		return err
	}
	go n.talk(frames)
	return nil
}

func command(name string, args ...string) error {
	if output, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(output))
	}
	return nil
}

// rawSocket sends whole frames out of an interface, and receives none.
func rawSocket(name string) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	ifreq, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifreq); err != nil {
		return 0, fmt.Errorf("interface %s: %w", name, err)
	}
	return fd, unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: int(ifreq.Uint32())})
}

// framesPerSecond is what a person can follow and tcpdump can print.
const framesPerSecond = 200

// longest leaves room for the tags that some frames have.
const longest = 1400

// sent is one frame of the day, and who sends it.
type sent struct {
	socket int
	frame  []byte
}

// dayOfFrames is the day of the other demo, the two sides in turn.
func dayOfFrames(sockets [2]int) ([]sent, error) {
	sides := [2][]sent{}
	for i, name := range []string{"in0.pcap", "in1.pcap"} {
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		frames, err := traffic.Decode(bufio.NewReader(bytes.NewReader(content)))
		if err != nil {
			return nil, err
		}
		for _, frame := range frames {
			if len(frame) <= longest {
				sides[i] = append(sides[i], sent{socket: sockets[i], frame: frame})
			}
		}
	}
	var all []sent
	for i := range max(len(sides[0]), len(sides[1])) {
		for _, side := range sides {
			if i < len(side) {
				all = append(all, side[i])
			}
		}
	}
	return all, nil
}

// talk repeats the day until the network is closed.
func (n *network) talk(frames []sent) {
	tick := time.NewTicker(time.Second / framesPerSecond)
	defer tick.Stop()
	for {
		for i := range frames {
			select {
			case <-n.ended:
				return
			case <-tick.C:
			}
			_, err := unix.Write(frames[i].socket, frames[i].frame)
			if err != nil && err != unix.ENOBUFS && err != unix.EAGAIN && err != unix.EINTR && err != unix.EMSGSIZE {
				n.failed <- fmt.Errorf("the hosts of the demo cannot send: %w", err)
				return
			}
		}
	}
}
