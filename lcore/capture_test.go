package lcore

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// capture begins one that ends with the test.
func capture(t testing.TB, g *Group, spec CaptureSpec) *Capture {
	t.Helper()
	c, err := g.Capture(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// takeAll is what a capture has for its reader, with bytes of its own.
func takeAll(c *Capture) (frames []Captured) {
	c.Read(func(f *Captured) bool {
		own := *f
		own.Data = bytes.Clone(f.Data)
		frames = append(frames, own)
		return true
	})
	return frames
}

// at are the bytes of the frames of one interface.
func at(frames []Captured, port int, point CapturePoint) (data [][]byte) {
	for _, f := range frames {
		if f.CaptureInterface == (CaptureInterface{port, point}) {
			data = append(data, f.Data)
		}
	}
	return data
}

func TestCapturePoints(t *testing.T) { capturesPoints(t, func(*Spec) {}) }
func TestCapturePointsSplit(t *testing.T) {
	capturesPoints(t, func(s *Spec) { *s = split(t, *s) })
}
func TestCapturePointsInSmallDataRooms(t *testing.T) {
	capturesPoints(t, func(s *Spec) { s.DataRoom = 256 })
}

// capturesPoints sends frames both ways and compares what was captured with what came in and went out.
func capturesPoints(t *testing.T, change func(*Spec)) {
	there := slices.Concat(lengths(t, macWeb, macRouter), fromWeb(t, 100, 150))
	back := lengths(t, macRouter, macWeb)
	out0, out1 := filepath.Join(t.TempDir(), "0.pcap"), filepath.Join(t.TempDir(), "1.pcap")
	tunnel, copied := writes(t)
	spec := gatewaySpec(t,
		device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, there...)+",tx_pcap="+out0),
		device(t, "net_pcap", "rx_pcap="+dpdktest.WritePcap(t, back...)+",tx_pcap="+out1), tunnel)
	change(&spec)
	g := open(t, spec)
	publish(t, g, mirrored(g, wire0))
	all := capture(t, g, CaptureSpec{})
	short := capture(t, g, CaptureSpec{Ports: []int{wire0}, Points: []CapturePoint{CaptureIngress}, Snap: 50, Filter: "greater 192"})
	began := time.Now()
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	received(t, g, uint64(len(there)+len(back)))
	stop(t, g)
	frames := takeAll(all)
	sameFrames(t, "received by wire0", at(frames, wire0, CaptureIngress), there)
	sameFrames(t, "received by wire1", at(frames, wire1, CaptureIngress), back)
	sameFrames(t, "sent by wire1", at(frames, wire1, CaptureEgress), dpdktest.ReadPcap(t, out1))
	sameFrames(t, "sent by wire0", at(frames, wire0, CaptureEgress), dpdktest.ReadPcap(t, out0))
	copies := dpdktest.ReadPcap(t, copied)
	sameFrames(t, "copies", at(frames, tun0, CaptureCopies), copies)
	if len(copies) != len(there)+len(back) {
		t.Errorf("%d copies of %d frames", len(copies), len(there)+len(back))
	}
	for i, f := range frames {
		if f.Length != len(f.Data) || f.Time.Before(began.Add(-time.Millisecond)) || f.Time.After(time.Now()) ||
			i > 0 && f.Time.Before(frames[i-1].Time) {
			t.Fatalf("frame %d: %d bytes of %d at %v, after %v", i, len(f.Data), f.Length, f.Time, began)
		}
		if (f.Session == "tms-0") != (f.Point == CaptureCopies) {
			t.Fatalf("frame %d at point %d is said to be of session %q", i, f.Point, f.Session)
		}
	}
	if c := all.Counts(CaptureInterface{wire0, CaptureIngress}); c != (CaptureCounts{Taken: uint64(len(there))}) {
		t.Errorf("counts %+v", c)
	}
	checkShort(t, short, there)
}

// checkShort looks at the capture of 50 bytes of the frames that are longer than 191.
func checkShort(t *testing.T, c *Capture, all [][]byte) {
	t.Helper()
	var want [][]byte
	for _, f := range all {
		if len(f) >= 192 {
			want = append(want, f[:50])
		}
	}
	frames := takeAll(c)
	sameFrames(t, "the beginnings of long ones", at(frames, wire0, CaptureIngress), want)
	if frames[0].Length != 192 {
		t.Errorf("the first frame had %d bytes, want 192", frames[0].Length)
	}
	counts := c.Counts(CaptureInterface{wire0, CaptureIngress})
	if counts != (CaptureCounts{Taken: uint64(len(want)), Other: uint64(len(all) - len(want))}) {
		t.Errorf("counts %+v of %d frames", counts, len(all))
	}
}

// TestCaptureSession: one of two sessions of two sources, at all points.
func TestCaptureSession(t *testing.T) {
	there, back := fromWeb(t, 100, 40), lengths(t, macRouter, macWeb)[:8] // the ninth is too long for a copy
	tunnel, _ := writes(t)
	g := openGateway(t, reads(t, there...), reads(t, back...), tunnel)
	r := mirrored(g, wire0, wire1)
	r.Filters = append(r.Filters, r.Filters[0])
	r.Filters[1].ID, r.Filters[1].Rules = "tmf-2", r.Filters[0].Rules[1:] // egress only: what comes by wire1
	r.Sessions[1].Filter = 1
	publish(t, g, r)
	c := capture(t, g, CaptureSpec{Session: "tms-1"})
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	received(t, g, uint64(len(there)+len(back)))
	stop(t, g)
	frames := takeAll(c)
	sameFrames(t, "received by wire1", at(frames, wire1, CaptureIngress), back)
	sameFrames(t, "sent by wire0", at(frames, wire0, CaptureEgress), back)
	sameFrames(t, "copied", inner(t, at(frames, tun0, CaptureCopies)), back)
	if len(frames) != 3*len(back) {
		t.Errorf("%d frames, want %d", len(frames), 3*len(back))
	}
	if err := g.Publish(compile(t, mirrored(g, wire0))); err != nil {
		t.Fatal(err)
	}
	if err := c.Ended(); !errors.Is(err, ErrSessionGone) {
		t.Errorf("the session was deleted, and the capture has ended with %v", err)
	}
}

// TestCaptureReaderStopped: endless traffic, and nobody reads.
func TestCaptureReaderStopped(t *testing.T) {
	g := busy(t)
	c := capture(t, g, CaptureSpec{})
	run(t, g, mirrored(g, wire0))
	first := CaptureInterface{wire0, CaptureIngress}
	eventually(t, "the ring is full", func() bool { return c.Counts(first).Full > 100_000 })
	if n := c.Counts(first).Taken; n > ringsMemory/64 {
		t.Errorf("%d frames are in rings that have no room for them", n)
	}
	total := 0
	for _, f := range takeAll(c) {
		total += len(f.Data)
	}
	if total == 0 || total > ringsMemory {
		t.Errorf("%d bytes were in the rings", total)
	}
	eventually(t, "frames are taken again", func() bool { return len(takeAll(c)) > 0 })
	c.Stop()
	takeAll(c)
	totals := g.Totals()
	stop(t, g)
	sum := CaptureCounts{}
	for _, i := range c.Interfaces() {
		sum.Add(c.Counts(i))
	}
	if sum.Full == 0 || sum.Congestion != 0 || sum.Rate != 0 || sum.Other != 0 {
		t.Errorf("counts %+v", sum)
	}
	if len(takeAll(c)) != 0 || totals.Dropped != 0 || g.Totals().Matched != g.Totals().Mirrored {
		t.Errorf("a capture changed what became of frames: %+v", totals)
	}
}

// TestCaptureCountsAddUp: everything that came by while the capture ran has one fate.
func TestCaptureCountsAddUp(t *testing.T) {
	g := busy(t)
	run(t, g, mirrored(g, wire0))
	before := g.PortCounters(wire0).Rx.Packets
	c := capture(t, g, CaptureSpec{Filter: "udp port 1024 or udp port 1030", Rate: 1000})
	n := 0
	eventually(t, "a thousand frames", func() bool {
		for _, f := range takeAll(c) {
			if port := int(f.Data[34])<<8 | int(f.Data[35]); f.Point != CaptureCopies && port != 1024 && port != 1030 {
				t.Fatalf("port %d was captured", port)
			}
			n++
		}
		return n > 1000
	})
	c.Stop()
	n += len(takeAll(c))
	stop(t, g)
	i := CaptureInterface{wire0, CaptureIngress}
	counts, sum := c.Counts(i), CaptureCounts{}
	for _, i := range c.Interfaces() {
		sum.Add(c.Counts(i))
	}
	seen := counts.Other + counts.Taken + counts.Full + counts.Rate + counts.Congestion
	if seen == 0 || seen > g.PortCounters(wire0).Rx.Packets-before || sum.Taken != uint64(n) || sum.Rate == 0 || counts.Rate < counts.Taken {
		t.Errorf("%d frames read, counts %+v of all %+v", n, counts, sum)
	}
	totals := g.CaptureTotals()
	c.Close()
	if after := g.CaptureTotals(); after.Counts[i] != totals.Counts[i] || totals.Counts[i] != counts || after.Begun != 1 || after.Active != 0 || c.Counts(i) != counts {
		t.Errorf("totals %+v, after the end %+v", totals, after)
	}
}

// TestCapturesAtOnce: there is a limit, memory comes back, and changes go on beside them.
func TestCapturesAtOnce(t *testing.T) {
	g := busy(t)
	one, none := compile(t, mirrored(g, wire0)), compile(t, plain(g))
	run(t, g, plain(g))
	for range 5 {
		var all []*Capture
		for range MaxCaptures {
			all = append(all, capture(t, g, CaptureSpec{Points: []CapturePoint{CaptureCopies}}))
		}
		if _, err := g.Capture(CaptureSpec{}); err != ErrCaptures {
			t.Fatalf("one capture too many: %v", err)
		}
		publishSlowly(t, g, one)
		for _, c := range all {
			eventually(t, "a copy", func() bool {
				frames := takeAll(c)
				return len(frames) > 0 && frames[len(frames)-1].Session == "tms-0"
			})
		}
		publishSlowly(t, g, none)
		for _, c := range all {
			c.Close()
			c.Close()
		}
		eventually(t, "their memory is free", func() bool { return g.freePlaces() == MaxCaptures })
	}
	if totals := g.CaptureTotals(); totals.Begun != 20 || totals.Active != 0 {
		t.Errorf("totals %+v after 20 captures", totals)
	}
	c := capture(t, g, CaptureSpec{})
	stop(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Ended(); err == nil || len(takeAll(c)) != 0 {
		t.Errorf("the group is closed, and the capture goes on: %v", err)
	}
	if _, err := g.Capture(CaptureSpec{}); err == nil {
		t.Error("a closed group captures")
	}
}

// publishSlowly takes it that on a busy machine an lcore may get no CPU for a second.
func publishSlowly(t *testing.T, g *Group, s *rules.Snapshot) {
	t.Helper()
	if err := g.Publish(s); err != nil && !errors.Is(err, ErrStalled) {
		t.Fatal(err)
	}
	eventually(t, "the lcore is seen", func() bool { return g.Pending() == 0 })
}

// freePlaces is how many more captures there may be.
func (g *Group) freePlaces() (n int) {
	g.captures.mu.Lock()
	defer g.captures.mu.Unlock()
	g.reapCaptures()
	for _, c := range g.captures.places {
		if c == nil {
			n++
		}
	}
	return n
}

// TestCaptureWhatLeft: frames that the port refused were received, and never sent.
func TestCaptureWhatLeft(t *testing.T) {
	frames := fromWeb(t, 100, ringSlots+300)
	g := openGateway(t, reads(t, frames...), device(t, "net_ring", ""), device(t, "net_ring", ""))
	unpolled(g, 2)
	publish(t, g, plain(g))
	c := capture(t, g, CaptureSpec{})
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	received(t, g, uint64(len(frames)))
	own := bytes.Repeat([]byte{7}, 60)
	eventually(t, "room", func() bool { return g.Send(tun0, own) == nil })
	eventually(t, "sent", func() bool { return g.PortCounters(tun0).Originated.Packets == 1 })
	stop(t, g)
	all := takeAll(c)
	sameFrames(t, "received", at(all, wire0, CaptureIngress), frames)
	sameFrames(t, "sent", at(all, wire1, CaptureEgress), frames[:ringSlots])
	sameFrames(t, "of our own", at(all, tun0, CaptureEgress), [][]byte{own})
	if counts := c.Counts(CaptureInterface{wire1, CaptureEgress}); counts != (CaptureCounts{Taken: ringSlots}) {
		t.Errorf("counts %+v", counts)
	}
}

func TestCaptureRefused(t *testing.T) {
	g := busy(t)
	publish(t, g, plain(g))
	for field, spec := range map[string]CaptureSpec{
		"filter":     {Filter: "tcp porf 80"},
		"ports":      {Ports: []int{3}},
		"points":     {Ports: []int{wire0}, Points: []CapturePoint{CaptureCopies}},
		"session":    {Session: "tms-none"},
		"snapLength": {Snap: 65536},
		"rate":       {Rate: -1},
	} {
		var fault *CaptureFault
		if _, err := g.Capture(spec); !errors.As(err, &fault) || fault.Field != field {
			t.Errorf("%+v: %v, want a fault of %s", spec, err, field)
		}
	}
}
