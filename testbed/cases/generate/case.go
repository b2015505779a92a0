package main

import "fmt"

// Case is one golden case: a configuration, frames and what must come of each.
type Case struct {
	Name      string // directory name: number and what it shows
	About     string // what a reader should learn, in sentences
	Gateway   string // gateway.toml; empty: the usual wire with a tunnel port
	Resources string // resources.toml
	Outer     map[string]Outer
	Wire0     []Frame // frames that enter the first port, in order
	Wire1     []Frame // frames that enter the second port, in order
	Report    []Counters
	Tap       bool // the first port is a tap: nothing is forwarded
}

// Outer states what the copies of one session look like outside.
type Outer struct {
	Source  string // outer IP addresses
	Target  string
	NextHop string // MAC of the neighbour
	VNI     uint32
}

// Frame is a frame with what the author says must happen to it.
type Frame struct {
	Says  string
	Bytes []byte
	Fates []Fate // none: forwarded and not mirrored
}

// Fate is what one source does with a frame: a session matches it and sends a copy, or skips it.
type Fate struct {
	Session   string
	Direction string
	Cut       int    // bytes of the copy's inner frame; 0: the whole frame
	Skipped   string // reason; empty: a copy is sent
}

// Counters is what the report must say of one session and direction.
type Counters struct {
	Session, Direction           string
	Matched, Mirrored, Truncated int
	Skipped                      map[string]int
}

func ingress(session string) Fate { return Fate{Session: session, Direction: "ingress"} }
func egress(session string) Fate  { return Fate{Session: session, Direction: "egress"} }

// CutTo says that the copy carries only the first n bytes of the frame.
func (f Fate) CutTo(n int) Fate { f.Cut = n; return f }

// SkippedFor says that the session matched and no copy could be made.
func (f Fate) SkippedFor(reason string) Fate { f.Skipped = reason; return f }

// frame states one frame and its fates.
func frame(says string, bytes []byte, fates ...Fate) Frame { return Frame{says, bytes, fates} }

// frames states several frames that share their fates.
func frames(says string, all [][]byte, fates ...Fate) []Frame {
	var out []Frame
	for i, b := range all {
		out = append(out, frame(fmt.Sprintf("%s, frame %d", says, i+1), b, fates...))
	}
	return out
}

func join(parts ...[]Frame) []Frame {
	var out []Frame
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// count adds up the fates as the author stated them, to be held against the stated counters.
func (c Case) count() map[[2]string]Counters {
	counts := map[[2]string]Counters{}
	for _, f := range join(c.Wire0, c.Wire1) {
		for _, fate := range f.Fates {
			key := [2]string{fate.Session, fate.Direction}
			n := counts[key]
			n.add(fate)
			counts[key] = n
		}
	}
	return counts
}

func (n *Counters) add(f Fate) {
	n.Matched++
	if f.Skipped != "" {
		if n.Skipped == nil {
			n.Skipped = map[string]int{}
		}
		n.Skipped[f.Skipped]++
		return
	}
	n.Mirrored++
	if f.Cut > 0 {
		n.Truncated++
	}
}

// check finds slips of the author: a fate of an unknown session, a cut that does not cut, counters
// that contradict the frames.
func (c Case) check() error {
	for _, f := range join(c.Wire0, c.Wire1) {
		for _, fate := range f.Fates {
			if _, known := c.Outer[fate.Session]; !known {
				return fmt.Errorf("%q names session %q, which has no Outer", f.Says, fate.Session)
			}
			if fate.Cut >= len(f.Bytes) {
				return fmt.Errorf("%q has %d bytes and cannot be cut to %d", f.Says, len(f.Bytes), fate.Cut)
			}
		}
	}
	counts, stated := c.count(), map[[2]string]bool{}
	for _, want := range c.Report {
		key := [2]string{want.Session, want.Direction}
		got := counts[key]
		stated[key] = true
		if got.Matched != want.Matched || got.Mirrored != want.Mirrored || got.Truncated != want.Truncated ||
			fmt.Sprint(got.Skipped) != fmt.Sprint(want.Skipped) {
			return fmt.Errorf("counters of %s %s are stated as %+v, the frames add up to %+v", want.Session, want.Direction, want, got)
		}
	}
	for key := range counts {
		if !stated[key] {
			return fmt.Errorf("the frames mention %s %s, the stated counters do not", key[0], key[1])
		}
	}
	return nil
}
