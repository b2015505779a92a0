package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"mirrorgw/ctl/api"
)

// ContentType is that of server-sent events; they are always UTF-8.
const ContentType = "text/event-stream"

const (
	flushEvery = 100 * time.Millisecond // frames that come within it are sent together
	countEvery = time.Second
	writeTime  = 30 * time.Second // that a browser may take for what is sent together
	waiting    = 64               // frames that wait to be sent; more wait in the capture, which counts what it has no room for
)

// Capture is one under way, as ctl/client has it. Read, Summary and Close are those of *client.Capture.
type Capture interface {
	io.Reader
	Identifier() string
	Summary() (*api.CaptureSummary, error)
	Close() error
}

// Stream sends a watch to one page.
type Stream struct {
	Capture Capture
	Request api.CaptureRequest // as it was bounded

	Counts func() *api.CaptureCounts // so far; nil: not known
	May    func() bool               // whether whoever watches still may

	out     io.Writer
	control *http.ResponseController
	pending []*Row
	last    api.CaptureCounts
}

// hello begins a stream.
type hello struct {
	Capture string `json:"capture"` // to stop it by
	Rate    int    `json:"rate"`    // frames a second
	Seconds int    `json:"seconds"`
	Count   int    `json:"count"` // frames after which it ends; 0: no limit
	Kept    int    `json:"kept"`  // rows on the page
}

// End is the last that is told.
type End struct {
	Text   string            `json:"text"` // why, one sentence
	Counts api.CaptureCounts `json:"counts"`
}

// Serve sends events until the capture ends, the page is left, or ctx is done: hello, then frames and
// counts, then end. The capture is closed when it returns.
func (s *Stream) Serve(ctx context.Context, w http.ResponseWriter) {
	s.out, s.control = w, http.NewResponseController(w)
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("X-Accel-Buffering", "no") // of proxies that would wait for more
	w.WriteHeader(http.StatusOK)
	rows, ended := make(chan *Row, waiting), make(chan error, 1)
	inner, cancel := context.WithCancel(ctx)
	go s.read(inner, rows, ended)
	err := s.send("hello", &hello{s.Capture.Identifier(), s.Request.RateLimitPps, s.Request.DurationSeconds, s.Request.Count, Kept})
	if err == nil {
		s.follow(ctx, rows, ended)
	}
	cancel()
	s.Capture.Close()
	for range rows { // until the reader has gone
	}
}

// read hands rows on until the capture ends, and says why.
func (s *Stream) read(ctx context.Context, rows chan<- *Row, ended chan<- error) {
	defer close(rows)
	reader := NewReader(s.Capture)
	for {
		row, err := reader.Next()
		if err != nil {
			ended <- err
			return
		}
		select {
		case rows <- row:
		case <-ctx.Done():
			ended <- ctx.Err()
			return
		}
	}
}

func (s *Stream) follow(ctx context.Context, rows <-chan *Row, ended <-chan error) {
	flush, count := time.NewTicker(flushEvery), time.NewTicker(countEvery)
	defer flush.Stop()
	defer count.Stop()
	var err error
	for err == nil {
		select {
		case row, more := <-rows:
			if !more {
				s.end(s.why(<-ended))
				return
			}
			if s.pending = append(s.pending, row); len(s.pending) == waiting {
				err = s.flush()
			}
		case <-flush.C:
			err = s.flush()
		case <-count.C:
			if !s.May() {
				s.end("It was ended: you may not capture any more.")
				return
			}
			err = s.count()
		case <-ctx.Done():
			s.end("It was ended: your log-in has ended, or the gateway is shutting down.")
			return
		}
	}
}

func (s *Stream) flush() error {
	if len(s.pending) == 0 {
		return nil
	}
	err := s.send("frames", s.pending)
	clear(s.pending)
	s.pending = s.pending[:0]
	return err
}

func (s *Stream) count() error {
	if counts := s.Counts(); counts != nil {
		s.last = *counts
	}
	return s.send("counts", &s.last)
}

// end tells the rest.
func (s *Stream) end(text string) {
	if s.flush() == nil {
		s.send("end", &End{text, s.last})
	}
}

// why is the reason that the capture gives for its end.
func (s *Stream) why(err error) string {
	text, counts := Why(s.Capture, err)
	if counts != nil {
		s.last = *counts
	}
	return text
}

// Why says why a capture has ended that was read to an error, and what it has counted; nil: it does not
// say.
func Why(c Capture, err error) (string, *api.CaptureCounts) {
	if !errors.Is(err, io.EOF) {
		return fmt.Sprintf("It was broken off: %v.", err), nil
	}
	summary, err := c.Summary()
	if err != nil {
		return fmt.Sprintf("It was broken off: %v.", err), nil
	}
	text, known := endings[summary.Ended]
	if !known {
		text = "It has ended: " + summary.Ended + "."
	}
	return text, &summary.CaptureCounts
}

var endings = map[string]string{
	"count":           "It has ended: it has as many frames as were asked for.",
	"duration":        "It has ended: its time is over.",
	"stopped":         "It has ended: it was stopped.",
	"session-deleted": "It has ended: the session was deleted.",
	"shutdown":        "It has ended: the gateway is shutting down.",
}

// send writes one event. Who does not take it in time is cut off.
func (s *Stream) send(event string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := fmt.Fprintf(s.out, "event: %s\ndata: %s\n\n", event, text); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// Still reads a capture to its end and returns its rows, at most most.
func Still(c Capture, most int) (rows []*Row, end End) {
	reader := NewReader(c)
	for {
		row, err := reader.Next()
		if err != nil {
			text, counts := Why(c, err)
			if end.Text = text; counts != nil {
				end.Counts = *counts
			}
			return rows, end
		}
		if len(rows) < most {
			rows = append(rows, row)
		}
	}
}
