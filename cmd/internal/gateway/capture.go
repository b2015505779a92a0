package gateway

import (
	"errors"

	"mirrorgw/ctl"
	"mirrorgw/lcore"
)

// Capture implements ctl.Capturer.
func (d *dataPath) Capture(r ctl.CaptureRequest) (ctl.Capture, error) {
	spec := lcore.CaptureSpec{Ports: r.Ports, Session: r.Session, Filter: r.Filter, Snap: r.Snap, Rate: r.Rate}
	for _, point := range r.Points {
		spec.Points = append(spec.Points, lcore.CapturePoint(point))
	}
	taken, err := d.group.Capture(spec)
	var fault *lcore.CaptureFault
	switch {
	case errors.Is(err, lcore.ErrCaptures):
		return nil, ctl.ErrCaptures
	case errors.As(err, &fault):
		return nil, &ctl.CaptureFault{Field: fault.Field, Message: fault.Message}
	case err != nil:
		return nil, err
	}
	return liveCapture{taken}, nil
}

// CaptureTotals implements ctl.Capturer.
func (d *dataPath) CaptureTotals() ctl.CaptureTotals {
	found := d.group.CaptureTotals()
	t := ctl.CaptureTotals{Counts: map[ctl.CaptureInterface]ctl.CaptureCounts{}, Begun: found.Begun, Active: found.Active}
	for i, counts := range found.Counts {
		t.Counts[interfaceOf(i)] = ctl.CaptureCounts(counts)
	}
	return t
}

// liveCapture implements ctl.Capture.
type liveCapture struct{ *lcore.Capture }

func interfaceOf(i lcore.CaptureInterface) ctl.CaptureInterface {
	return ctl.CaptureInterface{Port: i.Port, Point: ctl.CapturePoint(i.Point)}
}

func (c liveCapture) Interfaces() (all []ctl.CaptureInterface) {
	for _, i := range c.Capture.Interfaces() {
		all = append(all, interfaceOf(i))
	}
	return all
}

func (c liveCapture) Read(b *ctl.CaptureBatch) int {
	return c.Capture.Read(func(f *lcore.Captured) bool {
		return b.Add(ctl.CapturedFrame{CaptureInterface: interfaceOf(f.CaptureInterface), Time: f.Time, Length: f.Length, Data: f.Data,
			Session: f.Session, Direction: f.Direction})
	})
}

func (c liveCapture) Counts(i ctl.CaptureInterface) ctl.CaptureCounts {
	return ctl.CaptureCounts(c.Capture.Counts(lcore.CaptureInterface{Port: i.Port, Point: lcore.CapturePoint(i.Point)}))
}
