package server

import (
	"errors"
	"fmt"
	"net/http"
	"os/user"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/pcapng"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

const (
	actionCapture  = "mirrorgw:Capture"
	pathOneCapture = api.PathCapture + "/{id}"
)

func (s *Server) captureRoutes() []*route {
	return []*route{
		{method: http.MethodPost, path: api.PathCapture, summary: "Capture frames of production, or copies, as a stream that lasts until it is ended", role: Admin, ofGateway: true,
			request: reflect.TypeFor[api.CaptureRequest](), stream: pcapng.ContentType, status: http.StatusOK, query: []parameter{ownerParameter},
			codes: []string{api.CodeNotFound, api.CodeTooLarge}, handle: s.capture},
		{method: http.MethodGet, path: api.PathCapture, summary: "List the captures that run", role: Admin, ofGateway: true,
			response: reflect.TypeFor[api.Captures](), status: http.StatusOK, handle: s.listCaptures},
		{method: http.MethodDelete, path: pathOneCapture, summary: "End a capture; whoever reads it gets the rest of it", role: Admin, ofGateway: true,
			response: reflect.TypeFor[api.Capture](), status: http.StatusOK, codes: []string{api.CodeNotFound}, handle: s.stopCapture},
	}
}

// captures are those that run.
type captures struct {
	mu   sync.Mutex
	all  []*running // oldest first
	last uint64
}

// running is one capture.
type running struct {
	about   api.Capture // its counts are those of capture
	capture ctl.Capture
	stop    chan struct{} // closed when somebody ends it
	once    sync.Once
}

func (r *running) end() { r.once.Do(func() { close(r.stop) }) }

// wire is what is told of it now.
func (r *running) wire() api.Capture {
	about := r.about
	about.CaptureCounts = countsWire(r.capture)
	return about
}

func countsWire(c ctl.Capture) api.CaptureCounts {
	w := api.CaptureCounts{Dropped: map[string]uint64{}}
	for _, i := range c.Interfaces() {
		counts := c.Counts(i)
		w.Captured += counts.Taken
		w.Seen += counts.Seen()
		w.Dropped[api.DroppedFull] += counts.Full
		w.Dropped[api.DroppedRateLimit] += counts.Rate
		w.Dropped[api.DroppedCongestion] += counts.Congestion
	}
	return w
}

func (c *captures) add(capture ctl.Capture, about api.Capture) *running {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	about.CaptureID = fmt.Sprintf("capture-%d", c.last)
	r := &running{about: about, capture: capture, stop: make(chan struct{})}
	c.all = append(c.all, r)
	return r
}

func (c *captures) remove(r *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(other *running) bool { return other == r })
}

func (c *captures) list() []*running {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// capture streams frames until the client goes, somebody ends it, or it has what was asked for.
func (s *Server) capture(x *exchange) (*answer, error) {
	var w api.CaptureRequest
	if err := strictjson.Decode(x.body, &w); err != nil {
		return nil, err
	}
	request, err := s.captureRequest(x, &w)
	if err != nil {
		return nil, err
	}
	if s.Capturer == nil {
		return nil, fault(api.CodeUnavailable, "", "there is no data path to capture from yet; try again when the gateway forwards")
	}
	capture, err := s.Capturer.Capture(*request)
	if err != nil {
		return nil, captureError(err)
	}
	defer capture.Close()
	r := s.captures.add(capture, api.Capture{StartedAt: time.Now().UTC(), By: callerName(x), Request: w})
	defer s.captures.remove(r)
	s.record(x, http.StatusOK, nil)
	s.Log.Info("capture begins", "id", r.about.CaptureID, "by", r.about.By, "ports", w.Ports, "points", w.Points, "session", w.Session, "filter", w.Filter)
	summary := newCaptureStream(s, x, r).run(x.r.Context())
	s.Log.Info("capture ended", "id", r.about.CaptureID, "why", summary.Ended, "captured", summary.Captured, "dropped", summary.Dropped)
	return nil, nil
}

func captureError(err error) error {
	var wrong *ctl.CaptureFault
	switch {
	case errors.Is(err, ctl.ErrCaptures):
		return fault(api.CodeUnavailable, "", "%v; GET %s lists them, DELETE ends one", err, api.PathCapture)
	case errors.As(err, &wrong):
		return fault(api.CodeInvalidValue, wrong.Field, "%s", wrong.Message)
	}
	return fault(api.CodeUnavailable, "", "the data path cannot capture (%v); try again when the gateway forwards", err)
}

// captureRequest is the request in the words of the data path.
func (s *Server) captureRequest(x *exchange, w *api.CaptureRequest) (*ctl.CaptureRequest, error) {
	var f faults
	r := &ctl.CaptureRequest{Filter: w.Filter, Snap: w.SnapLength, Rate: w.RateLimitPps}
	for _, name := range w.Ports {
		port := s.Config.PortIndex(name)
		if port < 0 {
			f.add(api.CodeInvalidValue, "ports", "there is no port %q; GET %s lists them", name, api.PathState)
		}
		r.Ports = append(r.Ports, port)
	}
	for _, name := range w.Points {
		point := slices.Index(ctl.CapturePointNames, name)
		if point < 0 {
			f.add(api.CodeInvalidValue, "points", "%q is no point; give ingress, egress or copies", name)
		}
		r.Points = append(r.Points, ctl.CapturePoint(point))
	}
	for field, n := range map[string]int{"snapLength": w.SnapLength, "rateLimitPps": w.RateLimitPps, "count": w.Count, "durationSeconds": w.DurationSeconds} {
		if n < 0 || field == "snapLength" && n > ctl.MaxCaptureSnap || field == "durationSeconds" && n > maxDurationSeconds {
			f.add(api.CodeInvalidValue, field, "%s is %d; %s", field, n, captureRanges[field])
		}
	}
	if w.Session != "" {
		s.Store.Read(func(v *store.View) {
			if session, ok := v.Session(orDefaultAccount(x.account()), w.Session); ok {
				r.Session = session.ID
			}
		})
		if r.Session == "" {
			f.add(api.CodeNotFound, "session", "there is no session %q; GET %s lists them", w.Session, api.PathSessions)
		}
	}
	return r, f.err()
}

// maxDurationSeconds is a year.
const maxDurationSeconds = 366 * 24 * 3600

var captureRanges = map[string]string{
	"snapLength":      fmt.Sprintf("give it 1 to %d bytes, or leave it out for all", ctl.MaxCaptureSnap),
	"rateLimitPps":    "give it a number of frames a second, or leave it out for no limit",
	"count":           "give it a number of frames, or leave it out for no limit",
	"durationSeconds": fmt.Sprintf("give it at most %d, or leave it out for no limit", maxDurationSeconds),
}

// callerName says who asks, for people.
func callerName(x *exchange) string {
	if x.who.mapped {
		return x.who.ARN()
	}
	uid := strconv.Itoa(x.peer.uid)
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return "uid " + uid
}

func (s *Server) listCaptures(x *exchange) (*answer, error) {
	all := api.Captures{Items: []api.Capture{}}
	for _, r := range s.captures.list() {
		all.Items = append(all.Items, r.wire())
	}
	return &answer{value: all}, nil
}

func (s *Server) stopCapture(x *exchange) (*answer, error) {
	id := x.r.PathValue("id")
	for _, r := range s.captures.list() {
		if r.about.CaptureID == id {
			r.end()
			return &answer{value: r.wire()}, nil
		}
	}
	return nil, fault(api.CodeNotFound, "", "no capture %q runs; GET %s lists those that do", id, api.PathCapture)
}
