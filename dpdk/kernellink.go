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

	mu     sync.Mutex
	links  map[int32]namedLink // by interface index
	round  uint64              // how often it was asked for all of them
	asking bool                // the answer to that has not ended
	again  bool                // what it began with may not be so any more
}

type namedLink struct {
	name string
	KernelLink
	round uint64 // when it was last told of
}

// allLinks is the sequence number of what askForAll sends; single interfaces are asked for with 0.
const allLinks = 1

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

// askForAll makes the kernel tell of all interfaces there are. It answers one such question at a time.
func (w *KernelLinks) askForAll() error {
	w.mu.Lock()
	under := w.asking
	w.asking, w.again = true, under
	if !under {
		w.round++
	}
	w.mu.Unlock()
	if under {
		return nil
	}
	err := w.ask(0, unix.NLM_F_DUMP, allLinks)
	if err != nil {
		w.unanswered()
	}
	return err
}

// unanswered notes that there will be no answer to askForAll.
func (w *KernelLinks) unanswered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asking, w.again = false, true
}

// answered is the end of the answer to askForAll: interfaces that are not in it are gone. It returns
// false when it has to be asked once more, because something has changed meanwhile.
func (w *KernelLinks) answered(whole bool) (done bool, err error) {
	w.mu.Lock()
	w.asking = false
	if !whole || w.again {
		w.mu.Unlock()
		return false, w.askForAll()
	}
	defer w.mu.Unlock()
	for index, link := range w.links {
		if link.round != w.round {
			delete(w.links, index)
			w.tell()
		}
	}
	return true, nil
}

// tell says that something has changed.
func (w *KernelLinks) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// ask makes the kernel tell of one interface, or of all.
func (w *KernelLinks) ask(index int32, flags uint16, sequence uint32) error {
	request := make([]byte, unix.NLMSG_HDRLEN+unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], unix.RTM_GETLINK)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|flags)
	binary.NativeEndian.PutUint32(request[8:], sequence)
	binary.NativeEndian.PutUint32(request[unix.NLMSG_HDRLEN+4:], uint32(index))
	_, err := w.socket.Write(request)
	return err
}

// run takes what the kernel tells until Close.
func (w *KernelLinks) run(buffer []byte) {
	defer close(w.ended)
	for {
		_, err := w.receive(buffer)
		if errors.Is(err, unix.ENOBUFS) { // it told more than there was room for: until it is asked, what was known is as good as anything
			err = w.askForAll()
		}
		if errors.Is(err, errRefused) { // Refresh asks again
			err = nil
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
		case unix.NLMSG_DONE:
			if done, err = w.answered(m.Header.Flags&unix.NLM_F_DUMP_INTR == 0); err != nil {
				return false, err
			}
		case unix.NLMSG_ERROR: // of one interface: it is gone, and the kernel has told that
			if m.Header.Seq == allLinks {
				return false, w.refused(m)
			}
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
	w.mu.Lock()
	defer w.mu.Unlock()
	link := namedLink{nameIn(m), KernelLink{Present: true, Up: flags&up == up}, w.round}
	was := w.links[index]
	switch {
	case m.Header.Type == unix.RTM_DELLINK:
		delete(w.links, index)
	case link.name == "":
		return
	default:
		w.links[index] = link
		if was.name == link.name && was.KernelLink == link.KernelLink {
			return
		}
	}
	w.tell()
}

var errRefused = errors.New("it refused to tell of all")

// refused is why the kernel does not tell of all interfaces.
func (w *KernelLinks) refused(m *syscall.NetlinkMessage) error {
	w.unanswered()
	if len(m.Data) < 4 {
		return errRefused
	}
	return fmt.Errorf("%w: %w", errRefused, unix.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))) // a negative error number comes first
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
	w.mu.Lock()
	owing := w.again && !w.asking
	w.mu.Unlock()
	if owing {
		_ = w.askForAll()
	}
	if index, link := w.find(name); link.Present {
		_ = w.ask(index, 0, 0) // on a closed watch, or one whose socket is full of answers: nothing is lost
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
