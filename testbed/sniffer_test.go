package testbed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sniffer is a packet socket on one interface; the kernel queues every frame that passes there, in
// both directions, from the moment it was opened.
type sniffer struct {
	t  *testing.T
	fd int
}

func (l *lan) sniff(host, device string) *sniffer {
	l.t.Helper()
	s := &sniffer{t: l.t, fd: -1}
	l.inside(host, func() (err error) {
		s.fd, err = openSniffer(device)
		return err
	})
	l.t.Cleanup(func() { unix.Close(s.fd) })
	return s
}

func openSniffer(device string) (int, error) {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return -1, err
	}
	all := int(binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL)))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all)
	if err != nil {
		return -1, err
	}
	wait := unix.NsecToTimeval(int64(50 * time.Millisecond))
	return fd, errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: uint16(all), Ifindex: link.Index}))
}

// frames returns what was queued: it waits up to ten seconds for the wanted number, and then takes
// whatever is there beyond it.
func (s *sniffer) frames(want int) (frames [][]byte) {
	s.t.Helper()
	buffer := make([]byte, 1<<16)
	for end := time.Now().Add(10 * time.Second); ; {
		n, _, err := unix.Recvfrom(s.fd, buffer, 0)
		switch {
		case err == nil:
			frames = append(frames, bytes.Clone(buffer[:n]))
		case err == unix.EINTR:
		case err != unix.EAGAIN:
			s.t.Fatalf("packet socket: %v", err)
		case len(frames) >= want || time.Now().After(end):
			return frames
		}
	}
}
