package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/pcapng"
	"mirrorgw/ctl/store"
)

// How long a capture that has nothing to tell waits before it looks again: at first, and at most.
const (
	captureLook     = time.Millisecond
	captureLookMost = 16 * time.Millisecond
)

// captureBuffer is what is written at a time, bytes.
const captureBuffer = 128 << 10

// captureStream writes one capture. Besides the rings of the data path it keeps one batch and one
// buffer; a reader that takes neither within WriteTime is cut off.
type captureStream struct {
	server  *Server
	running *running
	w       http.ResponseWriter
	control *http.ResponseController
	out     *bufio.Writer
	blocks  *pcapng.Writer
	batch   ctl.CaptureBatch
	number  map[ctl.CaptureInterface]int // of each interface in the capture
	written map[ctl.CaptureInterface]uint64
	names   map[string]string // of sessions, by ID
	frames  int               // written
	why     string            // it ended
}

func newCaptureStream(s *Server, x *exchange, r *running) *captureStream {
	c := &captureStream{server: s, running: r, w: x.w, control: http.NewResponseController(x.w),
		number: map[ctl.CaptureInterface]int{}, written: map[ctl.CaptureInterface]uint64{}, names: map[string]string{}}
	c.out = bufio.NewWriterSize(c, captureBuffer)
	return c
}

// Write gives the client WriteTime for each piece.
func (c *captureStream) Write(piece []byte) (int, error) {
	if err := c.control.SetWriteDeadline(time.Now().Add(c.server.Limits.WriteTime)); err != nil {
		return 0, err
	}
	return c.w.Write(piece)
}

func (c *captureStream) flush() error {
	if err := c.out.Flush(); err != nil {
		return err
	}
	return c.control.Flush()
}

// run returns when the capture has ended, and been told to the end if the client is still there.
func (c *captureStream) run(ctx context.Context) api.CaptureSummary {
	header := c.w.Header()
	header.Set("Content-Type", pcapng.ContentType)
	header.Set("Cache-Control", "no-store")
	header.Set(api.HeaderCaptureID, c.running.about.CaptureID)
	header.Set("Trailer", api.TrailerCaptureSummary)
	c.w.WriteHeader(http.StatusOK)
	err := c.begin()
	if err == nil {
		err = c.follow(ctx)
	}
	c.running.capture.Stop()
	if err == nil {
		err = c.finish()
	}
	if err != nil {
		c.why = endedClient
	}
	return c.summary()
}

// Why captures end.
const (
	endedCount    = "count"
	endedDuration = "duration"
	endedStopped  = "stopped"
	endedSession  = "session-deleted"
	endedShutdown = "shutdown"
	endedClient   = "client-gone" // or does not read
)

// begin says what is captured where.
func (c *captureStream) begin() (err error) {
	if c.blocks, err = pcapng.NewWriter(c.out, c.section()); err != nil {
		return err
	}
	w := &c.running.about.Request
	snap := w.SnapLength
	if snap == 0 {
		snap = ctl.MaxCaptureSnap
	}
	for n, i := range c.running.capture.Interfaces() {
		c.number[i] = n
		port := c.server.Config.Ports[i.Port]
		err := c.blocks.AddInterface(&pcapng.Interface{
			Name: port.Name + "/" + i.Point.String(), Filter: w.Filter, Snap: uint32(snap),
			Description: fmt.Sprintf("%s of %s port %s (%s)", pointWords[i.Point], port.Role, port.Name, port.Device.Text),
		})
		if err != nil {
			return err
		}
	}
	return c.flush()
}

var pointWords = [...]string{"frames received", "frames sent", "copies sent"}

func (c *captureStream) section() *pcapng.Section {
	s := &pcapng.Section{Application: "mirrorgw " + c.server.Version, Hardware: runtime.GOARCH, OS: runtime.GOOS}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		s.Hardware = unix.ByteSliceToString(name.Machine[:])
		s.OS = unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:])
	}
	return s
}

// follow writes frames until there is a reason to end.
func (c *captureStream) follow(ctx context.Context) error {
	var end <-chan time.Time
	if seconds := c.running.about.Request.DurationSeconds; seconds > 0 {
		timer := time.NewTimer(time.Duration(seconds) * time.Second)
		defer timer.Stop()
		end = timer.C
	}
	look := time.NewTimer(0)
	defer look.Stop()
	for wait := captureLook; ; {
		select {
		case <-look.C:
		case <-end:
			c.why = endedDuration
			return nil
		case <-c.running.stop:
			c.why = endedStopped
			return nil
		case <-c.server.closing:
			c.why = endedShutdown
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		n, err := c.pass()
		if err != nil || c.enough() || c.cut() {
			return err
		}
		if wait = min(2*wait, captureLookMost); n > 0 {
			wait = captureLook
		}
		if look.Reset(wait); c.batch.IsFull() {
			look.Reset(0) // there is more
		}
	}
}

// cut says that the data path has ended the capture.
func (c *captureStream) cut() bool {
	if c.running.capture.Ended() == nil {
		return false
	}
	c.why = endedSession
	if c.isClosing() {
		c.why = endedShutdown
	}
	return true
}

func (c *captureStream) isClosing() bool {
	select {
	case <-c.server.closing:
		return true
	default:
		return false
	}
}

// pass writes one batch and sees to it that the client has it. It returns how many frames there were.
func (c *captureStream) pass() (int, error) {
	c.batch.Reset()
	n := c.running.capture.Read(&c.batch)
	for i := range c.batch.Frames {
		if c.enough() {
			break
		}
		if err := c.packet(&c.batch.Frames[i]); err != nil {
			return n, err
		}
	}
	if n == 0 {
		return 0, nil
	}
	return n, c.flush()
}

// enough says that as many frames were written as were asked for.
func (c *captureStream) enough() bool {
	if most := c.running.about.Request.Count; most == 0 || c.frames < most {
		return false
	}
	c.why = endedCount
	return true
}

func (c *captureStream) packet(f *ctl.CapturedFrame) error {
	c.frames++
	c.written[f.CaptureInterface]++
	p := &pcapng.Packet{Interface: c.number[f.CaptureInterface], Time: f.Time, Length: f.Length, Data: f.Data, Outbound: f.Point != ctl.CaptureIngress}
	if f.Session != "" {
		p.Comment = fmt.Sprintf("session %s, %s of its source", c.nameOf(f.Session), f.Direction)
	}
	return c.blocks.Packet(p)
}

// nameOf is the name and ID of a session.
func (c *captureStream) nameOf(id string) string {
	name, known := c.names[id]
	if !known {
		name = id
		c.server.Store.Read(func(v *store.View) {
			if session, ok := v.Session("", id); ok && session.Name != "" {
				name = fmt.Sprintf("%s (%s)", session.Name, id)
			}
		})
		c.names[id] = name
	}
	return name
}

// finish writes what was taken before the end, and the statistics.
func (c *captureStream) finish() error {
	for !c.enough() {
		n, err := c.pass()
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	for n, i := range c.running.capture.Interfaces() {
		counts := c.running.capture.Counts(i)
		err := c.blocks.Statistics(&pcapng.Statistics{Interface: n, Began: c.running.about.StartedAt, Ended: time.Now(), Received: counts.Seen(),
			Dropped: counts.Full + counts.Congestion, Accepted: counts.Wanted(), OSDropped: counts.Rate, Delivered: c.written[i]})
		if err != nil {
			return err
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	text, err := json.Marshal(c.summary())
	if err != nil {
		return err
	}
	c.w.Header().Set(api.TrailerCaptureSummary, string(text))
	return nil
}

// summary is what the client has got, and what it has not.
func (c *captureStream) summary() api.CaptureSummary {
	s := api.CaptureSummary{CaptureCounts: countsWire(c.running.capture), Ended: c.why}
	s.Captured = uint64(c.frames)
	return s
}
