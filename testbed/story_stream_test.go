package testbed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Numbered traffic: frame 1, 2, 3 ... through a gateway, some from host a, some from host b. Each
// carries its number, so that each can be asked for on the other side and in the copies.

const (
	numberMagic  = "mirrorgw" // in front of the number, 8 bytes each
	streamWindow = 32         // frames on their way at once; the rings of net_af_packet hold 512
	streamBurst  = 4          // frames a streamTick
	streamTick   = time.Millisecond
	streamWait   = 15 * time.Second // for a frame to come out, at most
)

// maker makes the frame of a number, always the same bytes, and says which host sends it.
type maker func(n uint64) (fromA bool, frame []byte)

// stream sends numbered frames, one after the other, and notes what comes out, where. What it
// reads of production it compares at once, byte for byte.
type stream struct {
	t    *testing.T
	make maker
	a, b *sender

	mu      sync.Mutex
	sent    uint64                // frames up to this one may be on their way
	through uint64                // all frames up to this one have come out
	early   map[uint64]bool       // later ones that have come out
	last    map[*sniffer]uint64   // the last one seen there
	copies  map[uint64][]copyFact // by number
	copied  int
	faults  []error
	changed chan struct{} // closed and replaced whenever something above changes

	pause   chan struct{} // closed to stop the pump
	paused  sync.WaitGroup
	files   []*os.File // closed to stop the readers
	readers sync.WaitGroup
}

// copyFact is what there is to say of a copy whose bytes are those of its frame.
type copyFact struct {
	dst    string // outer
	vni    uint32
	length int // bytes of the inner frame
}

// newStream opens the sockets; the namespaces of hosts a, b and m must be there. It is called
// before a daemon is started: threads of lan.inside end, and a daemon ends with its thread.
func newStream(t *testing.T, l *lan, make maker) *stream {
	t.Helper()
	s := &stream{t: t, make: make, a: l.senderAt("a"), b: l.senderAt("b"), early: map[uint64]bool{}, last: map[*sniffer]uint64{},
		copies: map[uint64][]copyFact{}, changed: newSignal()}
	atA, atB, atM := l.sniff("a", "eth0"), l.sniff("b", "eth0"), l.sniff("m", "eth0")
	s.read(atA, func(frame []byte) error { return s.production(atA, false, frame) })
	s.read(atB, func(frame []byte) error { return s.production(atB, true, frame) })
	s.read(atM, s.copy)
	t.Cleanup(s.stop)
	return s
}

func newSignal() chan struct{} { return make(chan struct{}) }

// senderAt is lan.sender for any host.
func (l *lan) senderAt(host string) *sender {
	l.t.Helper()
	s := &sender{t: l.t, fd: -1}
	l.inside(host, func() error {
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

// read hands every frame of a sniffer to take until the stream ends. It waits in Go's poller, not
// in the system call, so that nobody else waits for its thread.
func (s *stream) read(from *sniffer, take func(frame []byte) error) {
	s.t.Helper()
	fd, err := unix.FcntlInt(uintptr(from.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "packet socket")
	s.files = append(s.files, file)
	s.readers.Add(1)
	go func() {
		defer s.readers.Done()
		buffer := make([]byte, 1<<16)
		for {
			n, err := file.Read(buffer)
			if err == nil {
				err = take(buffer[:n])
			}
			if errors.Is(err, os.ErrClosed) {
				return
			}
			if err != nil {
				s.note(func() { s.faults = append(s.faults, err) })
			}
		}
	}()
}

// note changes the notes under the lock and tells those who wait.
func (s *stream) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = newSignal()
}

// numberOf finds the number in a frame; frames of others have none.
func numberOf(frame []byte) (n uint64, numbered bool) {
	at := bytes.Index(frame, []byte(numberMagic))
	if at < 0 || at+16 > len(frame) {
		return 0, false
	}
	return binary.BigEndian.Uint64(frame[at+8:]), true
}

// numbered is a payload with a number, at least 16 bytes long.
func numbered(n uint64, length int) []byte {
	payload := make([]byte, max(length, 16))
	copy(payload, numberMagic)
	binary.BigEndian.PutUint64(payload[8:], n)
	return payload
}

// production takes a frame at one end; those that the host itself sends pass there too.
func (s *stream) production(at *sniffer, fromA bool, frame []byte) error {
	n, ok := numberOf(frame)
	if !ok {
		return nil
	}
	origin, want := s.make(n)
	if origin != fromA {
		return nil
	}
	if !bytes.Equal(frame, want) {
		return fmt.Errorf("production frame %d was changed:\n%s", n, difference(frame, want))
	}
	var err error
	s.note(func() {
		if n <= s.last[at] {
			err = fmt.Errorf("production frame %d came after %d: twice or out of order", n, s.last[at])
		}
		s.last[at], s.early[n] = n, true
		for s.early[s.through+1] {
			s.through++
			delete(s.early, s.through)
		}
	})
	return err
}

// copy takes a frame at the monitor.
func (s *stream) copy(frame []byte) error {
	if !isCopy(frame) {
		return nil
	}
	c, err := decapsulate(frame)
	if err != nil {
		return err
	}
	n, ok := numberOf(c.inner)
	if !ok {
		return errors.New("a copy has no number: " + summary(frame))
	}
	if _, whole := s.make(n); len(c.inner) > len(whole) || !bytes.Equal(c.inner, whole[:len(c.inner)]) {
		return fmt.Errorf("the copy of frame %d is not its beginning:\n%s", n, difference(c.inner, whole))
	}
	s.note(func() {
		s.copies[n] = append(s.copies[n], copyFact{c.dst.String(), c.vni, len(c.inner)})
		s.copied++
	})
	return nil
}

// flow sends until hold is called.
func (s *stream) flow() {
	s.pause = newSignal()
	s.paused.Add(1)
	go func(pause chan struct{}) {
		defer s.paused.Done()
		tick := time.NewTicker(streamTick)
		defer tick.Stop()
		for {
			select {
			case <-pause:
				return
			case <-tick.C:
				s.burst(streamBurst)
			}
		}
	}(s.pause)
}

// burst sends some frames, fewer when too many are on their way.
func (s *stream) burst(most int) {
	for range most {
		var n uint64
		s.note(func() {
			if s.sent < s.through+streamWindow {
				s.sent++
				n = s.sent
			}
		})
		if n == 0 {
			return
		}
		fromA, frame := s.make(n)
		from := s.b
		if fromA {
			from = s.a
		}
		if err := unix.Sendto(from.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: from.index}); err != nil {
			s.note(func() { s.faults = append(s.faults, fmt.Errorf("sending frame %d: %w", n, err)) })
		}
	}
}

// hold stops the flow and waits until all frames are through.
func (s *stream) hold() {
	s.t.Helper()
	s.halt()
	s.await(s.lastSent())
}

func (s *stream) halt() {
	if s.pause != nil {
		close(s.pause)
		s.pause = nil
		s.paused.Wait()
	}
}

// stop ends everything, also of a test that failed.
func (s *stream) stop() {
	s.halt()
	for _, file := range s.files {
		file.Close()
	}
	s.files = nil
	s.readers.Wait()
}

// send sends exactly n more frames, while the flow is held, and waits for all of them.
func (s *stream) send(n uint64) {
	s.t.Helper()
	for last := s.lastSent() + n; s.lastSent() < last; {
		s.burst(int(min(last-s.lastSent(), streamWindow)))
		s.await(s.lastSent())
	}
}

func (s *stream) lastSent() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

func (s *stream) lastThrough() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.through
}

func (s *stream) lastCopied() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copied
}

// await waits until all frames up to n are through.
func (s *stream) await(n uint64) {
	s.t.Helper()
	s.waitFor(fmt.Sprintf("frame %d to come out", n), func() bool { return s.through >= n })
}

// awaitCopies waits until n copies have come since the beginning.
func (s *stream) awaitCopies(n int) {
	s.t.Helper()
	s.waitFor(fmt.Sprintf("copy number %d", n), func() bool { return s.copied >= n })
}

// waitFor waits until a condition on the notes holds; the first fault ends the test.
func (s *stream) waitFor(what string, holds func() bool) {
	s.t.Helper()
	late := time.After(streamWait)
	for {
		s.mu.Lock()
		done, changed, faults := holds(), s.changed, s.faults
		sent, through, copied := s.sent, s.through, s.copied
		s.mu.Unlock()
		if len(faults) > 0 {
			s.t.Fatalf("%d faults; the first: %v", len(faults), faults[0])
		}
		if done {
			return
		}
		select {
		case <-changed:
		case <-late:
			s.t.Fatalf("waited %v for %s; %d frames sent, all up to %d came out, %d copies came", streamWait, what, sent, through, copied)
		}
	}
}
