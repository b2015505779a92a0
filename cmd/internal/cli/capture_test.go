package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// fakeCapture is a capture of some text. It goes on until it is stopped, if it is to.
type fakeCapture struct {
	io.Reader
	summary api.CaptureSummary
	stopped chan struct{} // nil: it ends by itself
	once    sync.Once
	closed  bool
}

func (f *fakeCapture) Identifier() string { return "capture-1" }
func (f *fakeCapture) Close() error       { f.closed = true; return nil }

func (f *fakeCapture) Summary() (*api.CaptureSummary, error) { return &f.summary, nil }

func (f *fakeCapture) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF && f.stopped != nil {
		<-f.stopped
	}
	return n, err
}

func (f *fake) Capture(_ context.Context, request api.CaptureRequest, _ ...client.Option) (CaptureStream, error) {
	f.captured = request
	if f.fail != nil {
		return nil, f.fail
	}
	return &f.capture, nil
}

func (f *fake) StopCapture(_ context.Context, id string) error {
	if id == "capture-1" && f.capture.stopped != nil {
		f.capture.once.Do(func() { close(f.capture.stopped) })
	}
	return f.fail
}

func TestCapture(t *testing.T) {
	f := newFake()
	f.capture.Reader = strings.NewReader("frames")
	f.capture.summary = api.CaptureSummary{Ended: "count", CaptureCounts: api.CaptureCounts{Captured: 5, Seen: 9, Dropped: map[string]uint64{"full": 4, "rate-limit": 0}}}
	file := filepath.Join(t.TempDir(), "out.pcapng")
	r := run(t, f, "capture --port wire0 --port wire1 --point egress --session s1 -c 5 -s 96 --rate-limit-pps 7 --duration 2m -w "+file+" tcp port 443")
	if want := (result{errs: "5 frames captured of 9 that came by (as many as were asked for), 4 dropped: full\n"}); r != want {
		t.Errorf("%+v, want %+v", r, want)
	}
	if text, err := os.ReadFile(file); string(text) != "frames" || !f.capture.closed {
		t.Errorf("the file holds %q (%v), closed %v", text, err, f.capture.closed)
	}
	want := api.CaptureRequest{Ports: []string{"wire0", "wire1"}, Points: []string{"egress"}, Session: "s1", Count: 5, SnapLength: 96, RateLimitPps: 7,
		DurationSeconds: 120, Filter: "tcp port 443"}
	if diff := cmp.Diff(want, f.captured); diff != "" {
		t.Error(diff)
	}
}

// TestCaptureQuiet says something only where frames are missing.
func TestCaptureQuiet(t *testing.T) {
	for n, want := range map[uint64]string{0: "", 3: "0 frames captured of 0 that came by (the time was over), 3 dropped: congestion\n"} {
		f := newFake()
		f.capture.Reader = strings.NewReader("frames")
		f.capture.summary = api.CaptureSummary{Ended: "duration", CaptureCounts: api.CaptureCounts{Dropped: map[string]uint64{"congestion": n}}}
		if r := run(t, f, "capture -q"); r != (result{out: "frames", errs: want}) {
			t.Errorf("%+v, want %q", r, want)
		}
	}
}

// TestCaptureInterrupted ends the capture by the daemon, so that the rest of it comes.
func TestCaptureInterrupted(t *testing.T) {
	f := newFake()
	f.capture.Reader, f.capture.stopped = strings.NewReader("frames"), make(chan struct{})
	f.capture.summary = api.CaptureSummary{Ended: "stopped", CaptureCounts: api.CaptureCounts{Captured: 1, Seen: 1}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	code := Run(ctx, []string{"capture"}, Environment{In: strings.NewReader(""), Out: &out, Errs: &errs, Getenv: func(string) string { return "" },
		Dial: func(string) Gateway { return f }})
	if code != ExitOK || out.String() != "frames" || errs.String() != "1 frames captured of 1 that came by (it was ended)\n" {
		t.Errorf("exit %d, out %q, errors %q", code, out.String(), errs.String())
	}
}

func TestCaptureUsage(t *testing.T) {
	for line, want := range map[string]string{
		"capture --duration 1500ms":      "--duration is 1.5s; give whole seconds, like 10s or 5m",
		"capture -c -1":                  "--count is -1; give a number above 0, or leave it out",
		"capture -o json":                "-o has no effect here; leave it out",
		"capture -s many":                "give a number",
		"capture --ports wire0":          "did you mean --port?",
		"capture -w /nowhere/at/all.cap": "the file cannot be made",
	} {
		if r := run(t, newFake(), line); r.code == ExitOK || !strings.Contains(r.errs, want) {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
	}
}
