package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/pcapng"
)

func TestBound(t *testing.T) {
	for _, c := range []struct {
		asked, want api.CaptureRequest
		faults      string
	}{
		{api.CaptureRequest{}, api.CaptureRequest{RateLimitPps: Rate, DurationSeconds: Seconds, SnapLength: MostBytes}, ""},
		{api.CaptureRequest{RateLimitPps: 1, DurationSeconds: 1, SnapLength: 64, Count: 7, Filter: "udp"}, api.CaptureRequest{RateLimitPps: 1, DurationSeconds: 1, SnapLength: 64, Count: 7, Filter: "udp"}, ""},
		{api.CaptureRequest{RateLimitPps: MostRate, DurationSeconds: MostSeconds, SnapLength: 65535}, api.CaptureRequest{RateLimitPps: MostRate, DurationSeconds: MostSeconds, SnapLength: MostBytes}, ""},
		{api.CaptureRequest{RateLimitPps: MostRate + 1, DurationSeconds: MostSeconds + 1, SnapLength: 65536},
			api.CaptureRequest{RateLimitPps: MostRate + 1, DurationSeconds: MostSeconds + 1, SnapLength: 65536}, "rateLimitPps durationSeconds"},
		{api.CaptureRequest{RateLimitPps: -1}, api.CaptureRequest{RateLimitPps: -1, DurationSeconds: Seconds, SnapLength: MostBytes}, ""}, // the API refuses it
	} {
		var faults []string
		got := c.asked
		for _, f := range Bound(&got) {
			faults = append(faults, f.Field)
		}
		if same, _ := json.Marshal(got); !bytes.Equal(same, encoded(t, c.want)) || strings.Join(faults, " ") != c.faults {
			t.Errorf("%+v is bounded to %+v, faults %q", c.asked, got, faults)
		}
	}
}

func encoded(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// file is a capture that has ended, or goes on for ever behind its frames.
type file struct {
	io.Reader
	ended   string // empty: the summary is missing
	forever chan struct{}
	closed  bool
}

func (f *file) Identifier() string { return "capture-1" }

func (f *file) Summary() (*api.CaptureSummary, error) {
	if f.ended == "" {
		return nil, errors.New("no summary")
	}
	return &api.CaptureSummary{Ended: f.ended, CaptureCounts: api.CaptureCounts{Seen: 9, Captured: 2}}, nil
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF && f.forever != nil {
		<-f.forever
		return n, io.ErrClosedPipe
	}
	return n, err
}

func (f *file) Close() error {
	if f.closed = true; f.forever != nil {
		close(f.forever)
	}
	return nil
}

// captured is a capture of a few frames of nobody's, with comments.
func captured(t *testing.T, comments ...string) *bytes.Buffer {
	t.Helper()
	var text bytes.Buffer
	w, err := pcapng.NewWriter(&text, &pcapng.Section{})
	if err == nil {
		err = w.AddInterface(&pcapng.Interface{Name: "rack/1/copies"})
	}
	for i := 0; i < len(comments) && err == nil; i++ {
		err = w.Packet(&pcapng.Packet{Time: time.Unix(1700000000, int64(i)*1500000), Length: 60, Data: make([]byte, 20), Comment: comments[i]})
	}
	if err != nil {
		t.Fatal(err)
	}
	return &text
}

func TestRows(t *testing.T) {
	rows, end := Still(&file{Reader: captured(t, "session web (1) (tms-0123456789abcdef0), egress of its source", "session tms-0123456789abcdef0, ingress of its source", "", "else"), ended: "duration"}, 3)
	if len(rows) != 3 || end.Text != "It has ended: its time is over." || end.Counts.Seen != 9 {
		t.Fatalf("%d rows, %+v", len(rows), end)
	}
	for i, want := range []string{"web (1)", "tms-0123456789abcdef0", ""} {
		if r := rows[i]; r.Session != want || r.Port != "rack/1" || r.Point != "copies" || r.Number != i+1 || r.Captured() != 20 || r.Length != 60 {
			t.Errorf("%+v", r)
		}
	}
	if r := rows[1]; r.After != "0.001500" || r.Time != "1700000000001500000" || r.Clock != "2023-11-14 22:13:20.001500 UTC" || r.SessionID != "tms-0123456789abcdef0" {
		t.Errorf("%+v", r)
	}
	for why, c := range map[string]*file{"It was broken off: no summary.": {Reader: captured(t, "")}, "It was broken off: unexpected EOF.": {Reader: strings.NewReader("\x0a\x0d\x0d\x0a\x40\x00\x00\x00")},
		"It has ended: strangely.": {Reader: captured(t), ended: "strangely"}} {
		if _, end := Still(c, 1); end.Text != why {
			t.Errorf("%q, want %q", end.Text, why)
		}
	}
}

// TestServe: a stream ends with the right to watch, with its context, and with a page that is gone, and
// closes its capture whatever it ends by.
func TestServe(t *testing.T) {
	serve := func(ctx context.Context, may bool) (string, *file) {
		f := &file{Reader: captured(t, "", ""), forever: make(chan struct{})}
		s := &Stream{Capture: f, Counts: func() *api.CaptureCounts { return nil }, May: func() bool { return may }}
		answer := httptest.NewRecorder()
		s.Serve(ctx, answer)
		return answer.Body.String(), f
	}
	text, f := serve(t.Context(), false)
	if !strings.Contains(text, "you may not capture any more") || !strings.Contains(text, `event: frames`) || !f.closed {
		t.Errorf("%s", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if text, f = serve(ctx, true); !strings.Contains(text, "log-in has ended") || !f.closed {
		t.Errorf("%s", text)
	}
	f = &file{Reader: captured(t, "", ""), forever: make(chan struct{})}
	(&Stream{Capture: f, Counts: func() *api.CaptureCounts { return nil }, May: func() bool { return true }}).Serve(t.Context(), &gone{httptest.NewRecorder()})
	if !f.closed {
		t.Error("the page is gone and the capture runs")
	}
}

// gone is a page that takes nothing any more.
type gone struct{ *httptest.ResponseRecorder }

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
