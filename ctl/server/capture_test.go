package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/server"
	"mirrorgw/rules"
)

// fakeCapturer is a data path that sees the same frames again and again, or once.
type fakeCapturer struct {
	mu       sync.Mutex
	asked    ctl.CaptureRequest
	fail     error
	frames   []ctl.CapturedFrame
	endless  bool
	running  int
	finished int
}

var fakeInterfaces = []ctl.CaptureInterface{{Port: 0, Point: ctl.CaptureIngress}, {Port: 1, Point: ctl.CaptureEgress}, {Port: 3, Point: ctl.CaptureCopies}}

func (f *fakeCapturer) Capture(r ctl.CaptureRequest) (ctl.Capture, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = r
	if f.fail != nil {
		return nil, f.fail
	}
	f.running++
	return &fakeCapture{of: f, left: f.frames}, nil
}

func (f *fakeCapturer) CaptureTotals() ctl.CaptureTotals { return ctl.CaptureTotals{} }

func (f *fakeCapturer) at() (running, finished int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running, f.finished
}

type fakeCapture struct {
	of    *fakeCapturer
	mu    sync.Mutex
	left  []ctl.CapturedFrame
	ended error
	once  sync.Once
}

func (c *fakeCapture) Interfaces() []ctl.CaptureInterface { return fakeInterfaces }

func (c *fakeCapture) Ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

func (c *fakeCapture) Stop() {}

func (c *fakeCapture) Close() {
	c.once.Do(func() {
		c.of.mu.Lock()
		defer c.of.mu.Unlock()
		c.of.running--
		c.of.finished++
	})
}

func (c *fakeCapture) Read(b *ctl.CaptureBatch) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.left) > 0 && b.Add(c.left[0]) {
		c.left = c.left[1:]
		if len(c.left) == 0 && c.of.endless {
			c.left = c.of.frames
		}
	}
	return len(b.Frames)
}

func (c *fakeCapture) Counts(i ctl.CaptureInterface) ctl.CaptureCounts {
	return ctl.CaptureCounts{Other: 100, Taken: 2, Full: 30, Rate: 4, Congestion: 5000}
}

var captureTime = time.Date(2026, 3, 4, 12, 0, 0, 123456789, time.UTC)

// sample is six frames, two of each interface; those of copies are of a session.
func sample(session string) (frames []ctl.CapturedFrame) {
	for n := range 6 {
		data := bytes.Repeat([]byte{byte(n + 1)}, 60+n)
		f := ctl.CapturedFrame{CaptureInterface: fakeInterfaces[n%3], Time: captureTime.Add(time.Duration(n) * time.Nanosecond), Length: 1000, Data: data}
		if n%3 == 2 {
			f.Session, f.Direction = session, rules.Egress
		}
		frames = append(frames, f)
	}
	return frames
}

// TestCaptureIsPcapng has tshark and gopacket read what a client got.
func TestCaptureIsPcapng(t *testing.T) {
	w := newWorld(t, server.Limits{})
	_, session := w.build()
	w.captures.frames = sample(session.TrafficMirrorSessionID)
	stream := must(w.client.Capture(background, api.CaptureRequest{Ports: []string{"wire0", "tun0"}, Points: []string{"ingress", "copies"}, Session: "s1",
		Filter: "not arp", SnapLength: 200, RateLimitPps: 9, Count: 6}))(t)
	text := must(io.ReadAll(stream))(t)
	if got, want := fmt.Sprintf("%+v", w.captures.asked), fmt.Sprintf("{Ports:[0 3] Points:[ingress copies] Session:%s Filter:not arp Snap:200 Rate:9}", session.TrafficMirrorSessionID); got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	summary := must(stream.Summary())(t)
	if d := summary.Dropped; summary.Ended != "count" || summary.Captured != 6 || summary.Seen != 3*5136 || d["full"] != 90 || d["rate-limit"] != 12 || d["congestion"] != 15000 {
		t.Errorf("summary %+v", summary)
	}
	file := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	comment := "session s1 (" + session.TrafficMirrorSessionID + "), egress of its source"
	var want strings.Builder
	for n, f := range w.captures.frames {
		more := ""
		if n%3 == 2 {
			more = comment
		}
		fmt.Fprintf(&want, "%d.%09d|%s|%d|1000|%d|%s\n", f.Time.Unix(), f.Time.Nanosecond(), []string{"wire0/ingress", "wire1/egress", "tun0/copies"}[n%3], len(f.Data), []int{1, 2, 2}[n%3], more)
	}
	if got := tshark(t, file, "frame.time_epoch", "frame.interface_name", "frame.cap_len", "frame.len", "frame.packet_flags_direction", "frame.comment"); got != want.String() {
		t.Errorf("tshark reads\n%s, want\n%s", got, want.String())
	}
	checkCapinfos(t, file)
	checkStatistics(t, text, w.captures.frames)
	if running, finished := w.captures.at(); running != 0 || finished != 1 {
		t.Errorf("%d captures run, %d have ended", running, finished)
	}
}

func tshark(t *testing.T, file string, fields ...string) string {
	t.Helper()
	args := []string{"-n", "-r", file, "-T", "fields", "-E", "separator=|"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	var errs bytes.Buffer
	cmd := exec.Command("tshark", args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(out), "0x00000001", "1"), "0x00000002", "2")
}

func checkCapinfos(t *testing.T, file string) {
	t.Helper()
	out, err := exec.Command("capinfos", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"mirrorgw 1.2.3", "Ethernet", "Name = wire0/ingress", "Description = copies sent of tunnel port tun0 (net_null3)", "Filter string = not arp",
		"Time resolution = 0x09", "Capture length = 200", "Capture hardware:", "Capture oper-sys:    Linux"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("capinfos does not say %q:\n%s", want, out)
		}
	}
}

// checkStatistics reads the blocks that tell of losses, and the bytes of the frames.
func checkStatistics(t *testing.T, text []byte, frames []ctl.CapturedFrame) {
	t.Helper()
	r := must(pcapgo.NewNgReader(bytes.NewReader(text), pcapgo.DefaultNgReaderOptions))(t)
	for n := range frames {
		if data, _, err := r.ReadPacketData(); err != nil || !bytes.Equal(data, frames[n].Data) {
			t.Fatalf("frame %d: %x (%v), want %x", n, data, err, frames[n].Data)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Fatalf("after the frames: %v", err)
	}
	for n := range fakeInterfaces {
		i := must(r.Interface(n))(t)
		if s := i.Statistics; s.PacketsReceived != 5136 || s.PacketsDropped != 5030 || s.StartTime.IsZero() || s.EndTime.Before(s.StartTime) {
			t.Errorf("interface %d: %+v", n, s)
		}
	}
	// isb_filteraccept 6, isb_osdrop 7 (gopacket skips them), isb_usrdeliv 2
	for _, option := range [][]byte{{6, 0, 8, 0, 6, 0, 0, 0, 0, 0, 0, 0}, {7, 0, 8, 0, 4, 0, 0, 0, 0, 0, 0, 0}, {8, 0, 8, 0, 2, 0, 0, 0, 0, 0, 0, 0}} {
		if bytes.Count(text, option) != len(fakeInterfaces) {
			t.Errorf("option % x is there %d times", option, bytes.Count(text, option))
		}
	}
}

// begin starts a capture that does not end by itself, and reads its beginning.
func (w *world) begin(ctx context.Context) *client.Capture {
	w.t.Helper()
	stream := must(w.client.Capture(ctx, api.CaptureRequest{}))(w.t)
	if _, err := io.ReadFull(stream, make([]byte, 100)); err != nil {
		w.t.Fatal(err)
	}
	return stream
}

func (w *world) noCaptureRuns() {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(time.Millisecond) {
		if running, _ := w.captures.at(); running == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal("the capture does not end")
		}
	}
}

func TestCaptureEnds(t *testing.T) {
	for name, end := range map[string]func(w *world, stream *client.Capture, cancel func()){
		"stopped": func(w *world, stream *client.Capture, _ func()) {
			running := must(w.client.Captures(background))(w.t)
			if len(running) != 1 || running[0].CaptureID != stream.Identifier() || running[0].By != "root" || running[0].Seen == 0 {
				w.t.Errorf("captures that run: %+v", running)
			}
			if err := w.client.StopCapture(background, stream.Identifier()); err != nil {
				w.t.Error(err)
			}
		},
		"client-gone": func(_ *world, _ *client.Capture, cancel func()) { cancel() },
		"shutdown":    func(w *world, _ *client.Capture, _ func()) { go w.server.Shutdown(background) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, server.Limits{})
			w.captures.frames = sample("")
			ctx, cancel := context.WithCancel(background)
			defer cancel()
			stream := w.begin(ctx)
			end(w, stream, cancel)
			_, err := io.ReadAll(stream)
			w.noCaptureRuns()
			if name == "client-gone" {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("the client read: %v", err)
				}
				return
			}
			if summary := must(stream.Summary())(t); err != nil || summary.Ended != name || summary.Captured != 6 {
				t.Errorf("%v, summary %+v", err, summary)
			}
		})
	}
}

// TestCaptureReaderThatStops: the capture ends, and what the server keeps does not grow.
func TestCaptureReaderThatStops(t *testing.T) {
	w := newWorld(t, server.Limits{WriteTime: 200 * time.Millisecond})
	w.captures.frames, w.captures.endless = sample(""), true
	stream := w.begin(background)
	defer stream.Close()
	w.noCaptureRuns()
	if len(must(w.client.Captures(background))(t)) != 0 {
		t.Error("a capture is listed that has ended")
	}
	if text := w.log.String(); !strings.Contains(text, "why=client-gone") {
		t.Errorf("the log does not say it: %s", text)
	}
}

func TestCaptureDuration(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.captures.frames = sample("")
	stream := must(w.client.Capture(background, api.CaptureRequest{DurationSeconds: 1}))(t)
	io.Copy(io.Discard, stream)
	if s := must(stream.Summary())(t); s.Ended != "duration" || s.Captured != 6 {
		t.Errorf("summary %+v", s)
	}
}

func TestCaptureRefused(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	for body, want := range map[string][2]string{
		`{"port": "wire0"}`:                {api.CodeUnknownField, "port"},
		`{"ports": ["wire9"]}`:             {api.CodeInvalidValue, "ports"},
		`{"points": ["rx"]}`:               {api.CodeInvalidValue, "points"},
		`{"session": "none"}`:              {api.CodeNotFound, "session"},
		`{"snapLength": 65536}`:            {api.CodeInvalidValue, "snapLength"},
		`{"count": -1}`:                    {api.CodeInvalidValue, "count"},
		`{"rateLimitPps": -1}`:             {api.CodeInvalidValue, "rateLimitPps"},
		`{"durationSeconds": 99999999999}`: {api.CodeInvalidValue, "durationSeconds"},
		`{"count": "1"}`:                   {api.CodeInvalidValue, "count"},
		`[]`:                               {api.CodeMalformedRequest, ""},
	} {
		w.refused("POST", api.PathCapture, body, want[0], want[1])
	}
	w.captures.fail = &ctl.CaptureFault{Field: "filter", Message: "the filter is none"}
	w.refused("POST", api.PathCapture, `{"filter": "x y"}`, api.CodeInvalidValue, "filter")
	w.captures.fail = ctl.ErrCaptures
	w.refused("POST", api.PathCapture, `{}`, api.CodeUnavailable, "")
	w.refused("DELETE", api.PathCapture+"/capture-7", "", api.CodeNotFound, "")
}

// TestCaptureIsForFew: not for readers, nor for other accounts, whatever their policies allow.
func TestCaptureIsForFew(t *testing.T) {
	a := newAccessWorld(t)
	a.captures.frames = sample("")
	for i, c := range []struct{ uid, status int }{{uidReader, 403}, {uidTenant, 403}, {uidMirror, 403}, {uidOperator, 200}, {0, 200}} {
		status, text := a.as(c.uid, "POST", api.PathCapture, `{"count": 1}`)
		if status != c.status {
			t.Errorf("%d: uid %d got %d %.200s", i, c.uid, status, text)
		}
		if status, _ := a.as(c.uid, "GET", api.PathCapture, ""); status != c.status {
			t.Errorf("%d: uid %d gets the list: %d", i, c.uid, status)
		}
	}
	var actions []string
	for _, r := range a.audited(t) {
		if strings.HasPrefix(r.Action, "postCapture") {
			actions = append(actions, fmt.Sprint(*r.Identity.UID, " ", r.Status, " ", r.Code))
		}
	}
	want := []string{fmt.Sprint(uidReader, " 403 forbidden"), fmt.Sprint(uidTenant, " 403 forbidden"), fmt.Sprint(uidMirror, " 403 forbidden"), fmt.Sprint(uidOperator, " 200 "), "0 200 "}
	if !slices.Equal(actions, want) {
		t.Errorf("the audit log has %q, want %q", actions, want)
	}
	w := newWorldWith(t, server.Limits{}, server.SocketOptions{}, func(o *server.Options) { o.Capturer = nil })
	w.refused(http.MethodPost, api.PathCapture, `{}`, api.CodeUnavailable, "")
}
