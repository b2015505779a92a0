package dpdk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// KernelLink is a kernel interface as its network namespace sees it.
type KernelLink struct {
	Present bool // it is in this namespace
	Up      bool // set up, and with a carrier (IFF_UP and IFF_LOWER_UP of netdevice(7))
}

// KernelLinks follows the kernel interfaces of the network namespace that it was opened in, by what
// the kernel tells of them (rtnetlink(7)). Any goroutine may call the methods.
type KernelLinks struct {
	socket  *os.File
	changed chan struct{} // holds one: something has changed since it was emptied
	ended   chan struct{}

	mu    sync.Mutex
	links map[int32]namedLink // by interface index
}

type namedLink struct {
	name string
	KernelLink
}

// linkBuffer is room for one read of the socket; the kernel's messages have 32 KiB at most.
const linkBuffer = 64 << 10

// WatchKernelLinks returns once every interface is known.
func WatchKernelLinks() (*KernelLinks, error) {
	socket, err := openLinkSocket()
	if err != nil {
		return nil, fmt.Errorf("the kernel does not tell of its interfaces: %w", err)
	}
	w := &KernelLinks{socket: socket, links: map[int32]namedLink{}, changed: make(chan struct{}, 1), ended: make(chan struct{})}
	buffer := make([]byte, linkBuffer)
	err = w.askForAll()
	for done := false; err == nil && !done; {
		done, err = w.receive(buffer)
	}
	if err != nil {
		socket.Close()
		return nil, fmt.Errorf("the kernel does not tell of its interfaces: %w", err)
	}
	go w.run(buffer)
	return w, nil
}

func openLinkSocket() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), "rtnetlink"), nil // non-blocking: Close ends a Read
}

// askForAll makes the kernel tell of all interfaces there are.
func (w *KernelLinks) askForAll() error { return w.ask(0, unix.NLM_F_DUMP) }

// ask makes the kernel tell of one interface, or of all.
func (w *KernelLinks) ask(index int32, flags uint16) error {
	request := make([]byte, unix.NLMSG_HDRLEN+unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], unix.RTM_GETLINK)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|flags)
	binary.NativeEndian.PutUint32(request[unix.NLMSG_HDRLEN+4:], uint32(index))
	_, err := w.socket.Write(request)
	return err
}

// run takes what the kernel tells until Close.
func (w *KernelLinks) run(buffer []byte) {
	defer close(w.ended)
	for {
		_, err := w.receive(buffer)
		if errors.Is(err, unix.ENOBUFS) { // it told more than there was room for: nothing is known any more
			w.mu.Lock()
			clear(w.links)
			w.mu.Unlock()
			err = w.askForAll()
		}
		if err != nil {
			return
		}
	}
}

// receive takes in what one read returns; done: that was the end of what askForAll asked for.
func (w *KernelLinks) receive(buffer []byte) (done bool, err error) {
	n, err := w.socket.Read(buffer)
	if err != nil {
		return false, err
	}
	messages, err := syscall.ParseNetlinkMessage(buffer[:n])
	if err != nil {
		return false, err
	}
	for i := range messages {
		m := &messages[i]
		switch m.Header.Type {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			done = true
		case unix.RTM_NEWLINK, unix.RTM_DELLINK:
			w.take(m)
		}
	}
	return done, nil
}

// take takes in one message. Those of a bridge about its ports are not about the interface.
func (w *KernelLinks) take(m *syscall.NetlinkMessage) {
	if len(m.Data) < unix.SizeofIfInfomsg || m.Data[0] != unix.AF_UNSPEC {
		return
	}
	index := int32(binary.NativeEndian.Uint32(m.Data[4:]))
	flags := binary.NativeEndian.Uint32(m.Data[8:])
	const up = unix.IFF_UP | unix.IFF_LOWER_UP
	link := namedLink{nameIn(m), KernelLink{Present: true, Up: flags&up == up}}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch was, known := w.links[index]; {
	case m.Header.Type == unix.RTM_DELLINK:
		delete(w.links, index)
	case link.name == "" || known && was == link:
		return
	default:
		w.links[index] = link
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// nameIn is the name that a message gives its interface.
func nameIn(m *syscall.NetlinkMessage) string {
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return ""
	}
	for i := range attributes {
		if a := &attributes[i]; a.Attr.Type == unix.IFLA_IFNAME {
			return unix.ByteSliceToString(a.Value)
		}
	}
	return ""
}

// Link returns what is known of an interface.
func (w *KernelLinks) Link(name string) KernelLink {
	_, link := w.find(name)
	return link
}

func (w *KernelLinks) find(name string) (index int32, link KernelLink) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for index, link := range w.links {
		if link.name == name {
			return index, link.KernelLink
		}
	}
	return 0, KernelLink{}
}

// Refresh asks for an interface now: of a carrier the kernel tells by itself at most once a second.
// What it answers comes as any change does.
func (w *KernelLinks) Refresh(name string) {
	if index, link := w.find(name); link.Present {
		_ = w.ask(index, 0) // on a closed watch, or one whose socket is full of answers: nothing is lost
	}
}

// Changed returns a channel that holds a value when some interface has changed since the last one
// was taken from it.
func (w *KernelLinks) Changed() <-chan struct{} { return w.changed }

// Close ends the watch. What was known stays readable.
func (w *KernelLinks) Close() error {
	err := w.socket.Close()
	<-w.ended
	return err
}

// SetKernelLink sets a kernel interface up or down, as "ip link set NAME up" does.
func SetKernelLink(name string, up bool) error {
	if err := setKernelLink(name, up); err != nil {
		return fmt.Errorf("kernel interface %s: %w", name, err)
	}
	return nil
}

func setKernelLink(name string, up bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return os.NewSyscallError("SIOCGIFFLAGS", err)
	}
	flags := request.Uint16() &^ unix.IFF_UP
	if up {
		flags |= unix.IFF_UP
	}
	request.SetUint16(flags)
	return os.NewSyscallError("SIOCSIFFLAGS", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request))
}
