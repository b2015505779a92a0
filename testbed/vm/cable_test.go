package vm

import (
	"bytes"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// cable is our end of a card's cable. QEMU takes and gives one frame a datagram, and neither loses one: who is too fast waits.
type cable struct {
	t      testing.TB
	name   string
	conn   *net.UnixConn
	card   *net.UnixAddr // QEMU's end
	answer func(frame []byte) [][]byte

	mu       sync.Mutex
	received [][]byte
	more     chan struct{} // closed and replaced by every frame
}

// newCable makes our end in a directory. answer, unless nil, is called with each frame, and what it returns is sent; a frame that it answers is
// not kept.
func newCable(t testing.TB, dir, name string, answer func([]byte) [][]byte) *cable {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, name+".here"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &cable{
		t: t, name: name, conn: conn, answer: answer, more: make(chan struct{}),
		card: &net.UnixAddr{Name: filepath.Join(dir, name+".card"), Net: "unixgram"},
	}
	go c.receive()
	return c
}

// netdev is QEMU's argument for the other end.
func (c *cable) netdev() string {
	return "dgram,id=" + c.name + ",local.type=unix,local.path=" + c.card.Name + ",remote.type=unix,remote.path=" + c.conn.LocalAddr().String()
}

// receive ends when the socket is closed.
func (c *cable) receive() {
	buffer := make([]byte, 1<<17)
	for {
		n, err := c.conn.Read(buffer)
		if err != nil {
			return
		}
		frame := bytes.Clone(buffer[:n])
		if c.answer != nil {
			if answers := c.answer(frame); answers != nil {
				for _, a := range answers {
					c.conn.WriteTo(a, c.card)
				}
				continue
			}
		}
		c.mu.Lock()
		c.received = append(c.received, frame)
		close(c.more)
		c.more = make(chan struct{})
		c.mu.Unlock()
	}
}

// send puts frames on the cable.
func (c *cable) send(frames ...[]byte) {
	c.t.Helper()
	c.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	for _, frame := range frames {
		if _, err := c.conn.WriteTo(frame, c.card); err != nil {
			c.t.Fatalf("%s: the card takes no frames: %v", c.name, err)
		}
	}
}

// take waits until n frames are there, as long as some come at least every limit, and removes what is there.
func (c *cable) take(n int, limit time.Duration) [][]byte {
	c.t.Helper()
	for {
		c.mu.Lock()
		frames, more := c.received, c.more
		if len(frames) >= n {
			c.received = nil
			c.mu.Unlock()
			return frames
		}
		c.mu.Unlock()
		select {
		case <-more:
		case <-time.After(limit):
			c.t.Errorf("%s: %d frames came, want %d", c.name, len(frames), n)
			c.mu.Lock()
			c.received = nil
			c.mu.Unlock()
			return frames
		}
	}
}
