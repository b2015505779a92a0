package server

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// peer is the process at the other end of a connection, as the kernel knew it when it connected.
type peer struct {
	known    bool
	pid, uid int
	groups   []int // the primary one first
}

type peerKey struct{}

// withPeer is the http.Server's ConnContext: it asks once per connection.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	p, _ := peerOf(conn) // an unknown peer may do nothing
	return context.WithValue(ctx, peerKey{}, p)
}

func peerFrom(ctx context.Context) peer {
	p, _ := ctx.Value(peerKey{}).(peer)
	return p
}

// peerOf reads SO_PEERCRED and SO_PEERGROUPS (unix(7)).
func peerOf(conn net.Conn) (peer, error) {
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return peer{}, fmt.Errorf("%T is not a socket; serve a listener made by Listen", conn)
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return peer{}, err
	}
	var p peer
	var failed error
	err = control.Control(func(fd uintptr) { p, failed = credentials(int(fd)) })
	if err == nil {
		err = failed
	}
	return p, err
}

func credentials(fd int) (peer, error) {
	ucred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return peer{}, err
	}
	supplementary, err := peerGroups(fd)
	if err != nil {
		return peer{}, err
	}
	p := peer{known: true, pid: int(ucred.Pid), uid: int(ucred.Uid), groups: []int{int(ucred.Gid)}}
	for _, group := range supplementary {
		p.groups = append(p.groups, int(group))
	}
	return p, nil
}

// maxGroups is NGROUPS_MAX of the kernel.
const maxGroups = 65536

// peerGroups asks with room for a few groups first; the kernel says when they are more.
func peerGroups(fd int) ([]uint32, error) {
	for room := 64; ; room = maxGroups {
		groups := make([]uint32, room)
		size := uint32(room * 4)
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return groups[:size/4], nil
		case errno != unix.ERANGE || room == maxGroups:
			return nil, errno
		}
	}
}
