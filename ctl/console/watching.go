package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console/decode"
	"mirrorgw/ctl/console/watch"
)

// pathWatch takes the form of the capture page, and answers with frames that are decoded: as events to a
// script that asks for them, else as a page when the watch has ended.
const pathWatch = pathCapture + "/watch"

// watched is the part of the capture page that has frames. The zero value is there for the script, and
// not seen before it has something.
type watched struct {
	Rows  []*watch.Row
	Ended string // why, one sentence; empty: there was no watch
	Facts []fact // counts
}

// Kept is how many rows the page keeps.
func (w *watched) Kept() int { return watch.Kept }

// Blank is the row that the script makes the others of.
func (w *watched) Blank() *watch.Row { return &watch.Row{Packet: &decode.Packet{}} }

// watchCopies leads to the copies of a session; nil: whoever looks may not capture.
func (v *visit) watchCopies(session string) *action {
	if !v.may(http.MethodPost, api.PathCapture) {
		return nil
	}
	return &action{Label: "Watch its copies", Path: pathCapture + "?" + url.Values{"session": {session}, "points": {ctl.CaptureCopies.String()}}.Encode()}
}

// watching starts a capture that is looked at, or ends one of those for its page.
func (v *visit) watching() (*reply, error) {
	if id := v.form.Get("stop"); id != "" {
		if err := v.api.StopCapture(v.ctx, id); err != nil {
			return nil, err
		}
		return &reply{redirect: pathCapture}, nil
	}
	f, request, err := v.captureRequest()
	if err != nil {
		return nil, err
	}
	for _, one := range watch.Bound(request) {
		f.fault(one.Field, one.Text)
	}
	if len(f.Faults) > 0 {
		return v.captures(f, http.StatusUnprocessableEntity, nil)
	}
	moves := strings.Contains(v.r.Header.Get("Accept"), watch.ContentType)
	if !moves {
		watch.BoundStill(request)
	}
	ctx, cancel := context.WithCancel(v.ctx)
	capture, err := v.api.Capture(ctx, *request)
	if err != nil {
		cancel()
		if err := f.refused(err, nil); err != nil {
			return nil, err
		}
		return v.captures(f, http.StatusUnprocessableEntity, nil)
	}
	if !moves {
		defer cancel()
		defer capture.Close()
		return v.still(f, capture)
	}
	return &reply{stream: func(w http.ResponseWriter) {
		defer cancel()
		defer v.session.streams.begin(nil)()
		go v.endWithSession(ctx, cancel, v.r, v.session)
		s := &watch.Stream{Capture: capture, Request: *request,
			Counts: func() *api.CaptureCounts { return v.countsOf(ctx, capture.Identifier()) },
			May:    func() bool { return v.may(http.MethodPost, api.PathCapture) }}
		s.Serve(ctx, w)
	}}, nil
}

// still is the page with a watch that has ended.
func (v *visit) still(f *form, capture watch.Capture) (*reply, error) {
	rows, end := watch.Still(capture, watch.StillFrames)
	w := &watched{Rows: rows, Ended: end.Text}
	for _, one := range []struct {
		label string
		n     uint64
	}{
		{"Came by", end.Counts.Seen}, {"Left out: over the rate", end.Counts.Dropped[api.DroppedRateLimit]},
		{"Left out: the page was behind", end.Counts.Dropped[api.DroppedFull]}, {"Left out: the worker was congested", end.Counts.Dropped[api.DroppedCongestion]},
	} {
		w.Facts = append(w.Facts, fact{one.label, cell{Text: grouped(int64(one.n))}})
	}
	return v.captures(f, http.StatusOK, w)
}

// countsOf is what a capture has counted so far; nil: it does not run.
func (v *visit) countsOf(ctx context.Context, id string) *api.CaptureCounts {
	all, err := v.api.Captures(ctx)
	if err != nil {
		return nil
	}
	for i := range all {
		if all[i].CaptureID == id {
			return &all[i].CaptureCounts
		}
	}
	return nil
}
