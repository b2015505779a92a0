package lcore

/*
#include "capture.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/rules"
)

// CapturePoint is where frames are looked at.
type CapturePoint int

// The points.
const (
	CaptureIngress CapturePoint = C.MGW_POINT_INGRESS // as received
	CaptureEgress  CapturePoint = C.MGW_POINT_EGRESS  // as sent: production, and frames of the gateway's own
	CaptureCopies  CapturePoint = C.MGW_POINT_COPIES  // copies as sent, outer headers included
)

// Limits of captures.
const (
	MaxCaptures    = C.MGW_MAX_CAPTURES     // at once
	MaxCaptureSnap = C.MGW_CAPTURE_SNAP_MAX // bytes of a frame
)

// CaptureSpec says which frames are wanted.
type CaptureSpec struct {
	Ports   []int          // by index; none: all
	Points  []CapturePoint // none: all
	Session string         // ID: its copies, and of production only the frames that it copies; empty: all
	Filter  string         // in the syntax of pcap-filter(7), on Ethernet; empty: every frame
	Snap    int            // bytes of a frame that are taken; 0: all
	Rate    int            // frames a second, of which each lcore has its share; 0: no limit
}

// CaptureInterface is a point of a port.
type CaptureInterface struct {
	Port  int // index
	Point CapturePoint
}

// CaptureCounts are the frames that came by, since the capture began.
type CaptureCounts struct {
	Other      uint64 // not wanted
	Taken      uint64 // for the reader
	Full       uint64 // came by while the reader was behind, wanted or not
	Rate       uint64 // wanted, and above the rate
	Congestion uint64 // came by while a worker was congested, wanted or not
}

// Add adds what came by elsewhere.
func (c *CaptureCounts) Add(o CaptureCounts) {
	c.Other += o.Other
	c.Taken += o.Taken
	c.Full += o.Full
	c.Rate += o.Rate
	c.Congestion += o.Congestion
}

// Why a capture cannot begin, or has ended.
var (
	ErrCaptures    = fmt.Errorf("%d captures run already, which is all that are possible: end one of them first", MaxCaptures)
	ErrSessionGone = errors.New("the session is gone")
	errStopped     = errors.New("it was stopped")
)

// CaptureFault is what is wrong with a CaptureSpec.
type CaptureFault struct {
	Field   string // ports, points, session, filter, snapLength, rate
	Message string
}

func (f *CaptureFault) Error() string { return f.Message }

// Capture is frames as bytes, for one reader. What the reader is too slow for is counted; nothing
// waits for it. It ends with Close.
type Capture struct {
	group      *Group
	spec       CaptureSpec
	interfaces []CaptureInterface
	slot       uint32 // of the session

	// guarded by captures.mu
	ended error      // why nothing is taken any more; nil: it is
	token dpdk.Token // valid iff ended: when no lcore uses parts any more
	given bool       // closed by its owner

	names sessionNames

	mu    sync.Mutex // guards what follows, and what the parts hold
	parts []*capturePart
	final map[CaptureInterface]CaptureCounts // once parts are freed
	clock captureClock
	frame Captured // that Read calls back with
}

// captures are those of a group. Its lock is taken after all others of the group, and held for moments.
type captures struct {
	mu     sync.Mutex
	places [MaxCaptures]*Capture // those whose memory is not freed yet; nil: free
	past   map[CaptureInterface]CaptureCounts
	begun  uint64
	closed bool
}

// Capture begins to take frames. The memory of its rings is fixed. An error is ErrCaptures when there
// are too many, and a CaptureFault when something is wrong with the spec.
func (g *Group) Capture(spec CaptureSpec) (*Capture, error) {
	program, err := compileFilter(spec.Filter)
	if err != nil {
		return nil, &CaptureFault{"filter", err.Error()}
	}
	c := &Capture{group: g, spec: spec, slot: C.MGW_NONE}
	if c.interfaces, err = g.captureInterfaces(&spec); err != nil {
		return nil, err
	}
	if c.parts, err = newParts(len(g.spec.Lcores()), program); err != nil {
		return nil, err
	}
	if err := g.beginCapture(c); err != nil {
		freeParts(c.parts)
		return nil, err
	}
	return c, nil
}

// beginCapture gives a capture to the lcores.
func (g *Group) beginCapture(c *Capture) error {
	g.read.RLock() // no change is put in force meanwhile
	defer g.read.RUnlock()
	g.captures.mu.Lock()
	defer g.captures.mu.Unlock()
	if g.closed || g.captures.closed {
		return errClosed
	}
	g.reapCaptures()
	place := slices.Index(g.captures.places[:], nil)
	if place < 0 {
		return ErrCaptures
	}
	if err := c.findSession(); err != nil {
		return err
	}
	for _, part := range c.parts {
		c.describe(part.c, len(c.parts))
	}
	c.names.add(g.generation, g.snapshot)
	g.captures.places[place] = c
	g.captures.begun++
	g.serveCaptures()
	return nil
}

// captureInterfaces are the points of ports that frames can come by and that the spec asks for.
func (g *Group) captureInterfaces(s *CaptureSpec) (all []CaptureInterface, err error) {
	for _, port := range s.Ports {
		if port < 0 || port >= len(g.ports) {
			return nil, &CaptureFault{"ports", fmt.Sprintf("there is no port %d: there are %d, from 0 on", port, len(g.ports))}
		}
	}
	switch {
	case s.Snap < 0 || s.Snap > MaxCaptureSnap:
		return nil, &CaptureFault{"snapLength", fmt.Sprintf("%d bytes of a frame cannot be taken: 1 to %d are possible", s.Snap, MaxCaptureSnap)}
	case s.Rate < 0 || uint64(s.Rate) > dpdk.TSCHz():
		return nil, &CaptureFault{"rate", fmt.Sprintf("a rate of %d frames a second is not possible: give 1 to %d", s.Rate, dpdk.TSCHz())}
	}
	for i, p := range g.ports {
		if len(s.Ports) > 0 && !slices.Contains(s.Ports, i) {
			continue
		}
		for _, point := range p.capturePoints() {
			if len(s.Points) == 0 || slices.Contains(s.Points, point) {
				all = append(all, CaptureInterface{i, point})
			}
		}
	}
	if len(all) == 0 {
		return nil, &CaptureFault{"points", "no frame ever comes by there: taps only receive, and copies leave by tunnel ports only"}
	}
	return all, nil
}

func (p *Port) capturePoints() []CapturePoint {
	switch {
	case p.sendsCopies():
		return []CapturePoint{CaptureIngress, CaptureEgress, CaptureCopies}
	case p.Role == rules.RoleTap:
		return []CapturePoint{CaptureIngress}
	}
	return []CapturePoint{CaptureIngress, CaptureEgress}
}

// findSession looks the session up in what is in force.
func (c *Capture) findSession() error {
	if c.spec.Session == "" {
		return nil
	}
	g := c.group
	if g.snapshot != nil {
		for i := range g.snapshot.Sessions {
			if g.snapshot.Sessions[i].ID == c.spec.Session {
				c.slot = g.current.Sessions[i]
				return nil
			}
		}
	}
	return &CaptureFault{"session", fmt.Sprintf("session %s mirrors nothing at present, so that there is nothing to capture: see its state", c.spec.Session)}
}

// Interfaces are where the capture looks.
func (c *Capture) Interfaces() []CaptureInterface { return c.interfaces }

// Ended says why no more frames are taken; nil: they are. What was taken before can be read.
func (c *Capture) Ended() error {
	c.group.captures.mu.Lock()
	defer c.group.captures.mu.Unlock()
	return c.ended
}

// Stop ends the taking of frames. It returns when no lcore takes any, a second later at the latest.
// What was taken can be read.
func (c *Capture) Stop() {
	g := c.group
	g.captures.mu.Lock()
	g.endCapture(c, errStopped)
	g.captures.mu.Unlock()
	for begin := time.Now(); time.Since(begin) < stallLimit && !c.passed(); {
		pause(time.Since(begin))
	}
}

// Close stops and gives the memory back. Counts keep their last values.
func (c *Capture) Close() {
	c.Stop()
	g := c.group
	g.captures.mu.Lock()
	defer g.captures.mu.Unlock()
	c.given = true
	g.reapCaptures()
}

// endCapture takes a capture away from the lcores. Called with captures.mu held.
func (g *Group) endCapture(c *Capture, why error) {
	if c.ended != nil {
		return
	}
	c.ended = why
	g.serveCaptures()
	c.token = g.qsbr.Start()
}

// passed says that no lcore uses the capture's memory any more.
func (c *Capture) passed() bool {
	c.group.captures.mu.Lock()
	defer c.group.captures.mu.Unlock()
	return c.passedNow()
}

// passedNow is called with captures.mu held. After the group was closed nothing runs.
func (c *Capture) passedNow() bool {
	return c.ended != nil && (c.group.captures.closed || c.group.qsbr.Check(c.token, false))
}

// reapCaptures frees what was closed and what no lcore uses any more. Called with captures.mu held.
func (g *Group) reapCaptures() {
	for i, c := range g.captures.places {
		if c != nil && c.given && c.passedNow() {
			g.releaseCapture(i)
		}
	}
}

// releaseCapture frees the capture at a place; what it had counted is kept.
func (g *Group) releaseCapture(place int) {
	c := g.captures.places[place]
	g.captures.places[place] = nil
	if g.captures.past == nil {
		g.captures.past = map[CaptureInterface]CaptureCounts{}
	}
	for i, counts := range c.release() {
		sum := g.captures.past[i]
		sum.Add(counts)
		g.captures.past[i] = sum
	}
}

// followCaptures tells captures what will be in force, before it is: they name sessions by it, and end
// when theirs goes, before its slot can be another's.
func (g *Group) followCaptures(generation uint64, s *rules.Snapshot) {
	g.captures.mu.Lock()
	defer g.captures.mu.Unlock()
	for _, c := range g.captures.places {
		if c == nil || c.ended != nil {
			continue
		}
		c.names.add(generation, s)
		if id := c.spec.Session; id != "" && !slices.ContainsFunc(s.Sessions, func(s rules.Session) bool { return s.ID == id }) {
			g.endCapture(c, ErrSessionGone)
		}
	}
}

// closeCaptures ends all of them. The workers must have stopped.
func (g *Group) closeCaptures() {
	g.captures.mu.Lock()
	defer g.captures.mu.Unlock()
	for i, c := range g.captures.places {
		if c == nil {
			continue
		}
		if c.ended == nil {
			c.ended = errClosed
		}
		g.releaseCapture(i)
	}
	g.captures.closed = true
}

// CaptureTotals are what all captures have counted, and how many there were and are.
type CaptureTotals struct {
	Counts map[CaptureInterface]CaptureCounts
	Begun  uint64
	Active int
}

// CaptureTotals returns them, since Open.
func (g *Group) CaptureTotals() CaptureTotals {
	g.captures.mu.Lock()
	defer g.captures.mu.Unlock()
	t := CaptureTotals{Counts: map[CaptureInterface]CaptureCounts{}, Begun: g.captures.begun}
	for i, counts := range g.captures.past {
		t.Counts[i] = counts
	}
	for _, c := range g.captures.places {
		if c == nil {
			continue
		}
		if c.ended == nil {
			t.Active++
		}
		for _, i := range c.interfaces {
			sum := t.Counts[i]
			sum.Add(c.Counts(i))
			t.Counts[i] = sum
		}
	}
	return t
}
