package testbed

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tagger is a VLAN device: what the host sends on it leaves eth0 with a tag, what comes to eth0 with
// that tag is received on it. It is one of our own, a tap device and a pump, because not every kernel
// has the 8021q module. Its end is the test's.
type tagger struct {
	tap   *os.File
	wire  *os.File
	fd    int // of wire
	mac   net.HardwareAddr
	tpid  uint16
	vid   uint16
	pumps sync.WaitGroup
}

// vlan adds a VLAN device to a host, with eth0's MAC and with addresses.
func (s *site) vlan(host, device string, vid uint16, mtu int, addresses ...string) {
	s.t.Helper()
	v := &tagger{tpid: 0x8100, vid: vid}
	s.inside(host, func() error { return v.open(device) })
	s.in(host, "ip", "link", "set", device, "address", v.mac.String(), "mtu", fmt.Sprint(mtu), "up")
	s.address(host, device, addresses...)
	v.pumps.Add(2)
	go v.out()
	go v.in()
	s.t.Cleanup(v.stop)
}

func (v *tagger) open(device string) error {
	tun, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	request, err := unix.NewIfreq(device)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(tun, unix.TUNSETIFF, request); err != nil {
		return err
	}
	if v.fd, err = openSniffer("eth0"); err != nil {
		return err
	}
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	v.mac = link.HardwareAddr
	if err := unix.SetsockoptInt(v.fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		return err
	}
	if err := unix.SetNonblock(v.fd, true); err != nil {
		return err
	}
	v.tap, v.wire = os.NewFile(uintptr(tun), device), os.NewFile(uintptr(v.fd), "eth0")
	return nil
}

func (v *tagger) stop() {
	v.tap.Close()
	v.wire.Close()
	v.pumps.Wait()
}

// out tags what the host sends.
func (v *tagger) out() {
	defer v.pumps.Done()
	buffer := make([]byte, 1<<16)
	for {
		n, err := v.tap.Read(buffer)
		if err != nil {
			return // closed with the test
		}
		tagged := binary.BigEndian.AppendUint16(append([]byte{}, buffer[:12]...), v.tpid)
		tagged = append(binary.BigEndian.AppendUint16(tagged, v.vid), buffer[12:n]...)
		_, _ = v.wire.Write(tagged) // a lost frame is missed by the host that waits for it
	}
}

// in hands on what comes with the tag. The kernel keeps the tag beside the frame, and marks what the
// host itself sent.
func (v *tagger) in() {
	defer v.pumps.Done()
	raw, err := v.wire.SyscallConn()
	if err != nil {
		return
	}
	buffer, control := make([]byte, 1<<16), make([]byte, 256)
	for {
		var n, controls int
		var from unix.Sockaddr
		var fault error
		err := raw.Read(func(fd uintptr) bool {
			n, controls, _, from, fault = unix.Recvmsg(int(fd), buffer, control, 0)
			return fault != unix.EAGAIN
		})
		if err != nil {
			return // closed with the test
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		if fault == nil && ok && link.Pkttype != unix.PACKET_OUTGOING && v.mine(control[:controls]) {
			_, _ = v.tap.Write(buffer[:n])
		}
	}
}

// mine reports whether the tag beside a frame is the device's.
func (v *tagger) mine(control []byte) bool {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_PACKET && m.Header.Type == unix.PACKET_AUXDATA {
			beside := *(*unix.TpacketAuxdata)(unsafe.Pointer(&m.Data[0]))
			return beside.Status&unix.TP_STATUS_VLAN_VALID != 0 && beside.Vlan_tci&0xfff == v.vid
		}
	}
	return false
}
