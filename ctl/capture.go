package ctl

import (
	"errors"
	"time"

	"mirrorgw/rules"
)

// CapturePoint is where frames are captured.
type CapturePoint int

// The points.
const (
	CaptureIngress CapturePoint = iota // as received
	CaptureEgress                      // as sent: production, and frames of the gateway's own
	CaptureCopies                      // copies as sent, outer headers included
)

// CapturePointNames are the points in words.
var CapturePointNames = []string{"ingress", "egress", "copies"}

func (p CapturePoint) String() string { return CapturePointNames[p] }

// MaxCaptureSnap is the most of a frame that is captured, bytes.
const MaxCaptureSnap = 65535

// Capturer takes copies of frames off the data path, without any effect on it but the time that it
// costs.
type Capturer interface {
	// Capture begins to take frames. ErrCaptures: as many run as may; CaptureFault: the request
	// cannot be carried out.
	Capture(CaptureRequest) (Capture, error)

	// CaptureTotals is what all captures have counted.
	CaptureTotals() CaptureTotals
}

// CaptureRequest says which frames are wanted.
type CaptureRequest struct {
	Ports   []int          // by index in the configuration; none: all
	Points  []CapturePoint // none: all
	Session string         // ID: its copies, and of production only the frames that it copies; empty: all
	Filter  string         // in the syntax of pcap-filter(7); empty: every frame
	Snap    int            // bytes of a frame, at most MaxCaptureSnap; 0: that
	Rate    int            // frames a second; 0: no limit
}

// CaptureFault is a request that cannot be carried out.
type CaptureFault struct {
	Field   string // ports, points, session, filter, snapLength, rate
	Message string // one sentence without a full stop
}

func (f *CaptureFault) Error() string { return f.Message }

// ErrCaptures says that as many captures run as may.
var ErrCaptures = errors.New("as many captures run as are possible at once")

// Capture takes frames for one reader until it is closed. It never waits for the reader: what it has no
// room for is counted.
type Capture interface {
	// Interfaces are where frames are taken.
	Interfaces() []CaptureInterface

	// Read fills the batch with what was taken, oldest first, and returns how many frames there were.
	// It does not wait for any.
	Read(*CaptureBatch) int

	// Ended says why no more frames are taken, as when the session was deleted; nil: they are.
	Ended() error

	// Stop ends the taking. What was taken can still be read.
	Stop()

	// Counts is what came by at an interface.
	Counts(CaptureInterface) CaptureCounts

	// Close stops, and gives all memory back.
	Close()
}

// CaptureInterface is a point of a port.
type CaptureInterface struct {
	Port  int // index in the configuration
	Point CapturePoint
}

// CaptureCounts are the frames that came by, each counted once.
type CaptureCounts struct {
	Other      uint64 // not wanted
	Taken      uint64 // for the reader
	Full       uint64 // came by while the reader was behind, wanted or not
	Rate       uint64 // wanted, and above the rate
	Congestion uint64 // came by while a worker was congested, wanted or not
}

// Seen is all that came by.
func (c *CaptureCounts) Seen() uint64 { return c.Other + c.Wanted() + c.Full + c.Congestion }

// Wanted is what the filter and the session asked for, of what was judged.
func (c *CaptureCounts) Wanted() uint64 { return c.Taken + c.Rate }

// CaptureTotals are counts of all captures since the start, and how many there are.
type CaptureTotals struct {
	Counts map[CaptureInterface]CaptureCounts
	Begun  uint64
	Active int
}

// CapturedFrame is one frame.
type CapturedFrame struct {
	CaptureInterface
	Time      time.Time // of the loop that received or sent it
	Length    int       // of the frame, bytes
	Data      []byte    // the beginning of it, or all
	Session   string    // ID: whose copy it is, or whose capture; empty: of none, or it is not known any more
	Direction rules.Direction
}

// Sizes of a batch.
const (
	batchBytes  = 256 << 10
	batchFrames = 2048
)

// CaptureBatch holds frames with bytes of their own. The zero value is empty.
type CaptureBatch struct {
	Frames []CapturedFrame
	bytes  []byte
	full   bool
}

// IsFull says that a frame did not fit.
func (b *CaptureBatch) IsFull() bool { return b.full }

// Reset empties the batch: the frames that were in it are not valid any more.
func (b *CaptureBatch) Reset() {
	if b.bytes == nil {
		b.bytes = make([]byte, 0, batchBytes)
		b.Frames = make([]CapturedFrame, 0, batchFrames)
	}
	b.Frames, b.bytes, b.full = b.Frames[:0], b.bytes[:0], false
}

// Add copies a frame into the batch; false: there is no room, it was not. The batch has been reset
// before.
func (b *CaptureBatch) Add(f CapturedFrame) bool {
	if len(b.Frames) == cap(b.Frames) || len(b.bytes)+len(f.Data) > cap(b.bytes) {
		b.full = true
		return false
	}
	begin := len(b.bytes)
	b.bytes = append(b.bytes, f.Data...)
	f.Data = b.bytes[begin:len(b.bytes):len(b.bytes)]
	b.Frames = append(b.Frames, f)
	return true
}
