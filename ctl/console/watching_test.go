package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console/watch"
	"mirrorgw/ctl/server"
	"mirrorgw/rules"
)

// tap is a data path of which a test hands frames out.
type tap struct {
	mu     sync.Mutex
	asked  ctl.CaptureRequest
	frames []ctl.CapturedFrame
	counts ctl.CaptureCounts
	begun  int
	closed chan struct{} // of the last capture
	ended  error
}

var tapInterface = ctl.CaptureInterface{Port: 0, Point: ctl.CaptureIngress}

func (p *tap) Capture(r ctl.CaptureRequest) (ctl.Capture, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun == 4 {
		return nil, ctl.ErrCaptures
	}
	p.asked, p.closed = r, make(chan struct{})
	p.begun++
	return p, nil
}

func (p *tap) CaptureTotals() ctl.CaptureTotals   { return ctl.CaptureTotals{} }
func (p *tap) Interfaces() []ctl.CaptureInterface { return []ctl.CaptureInterface{tapInterface} }
func (p *tap) Stop()                              {}

func (p *tap) Ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

func (p *tap) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.closed)
	p.begun--
}

func (p *tap) Counts(ctl.CaptureInterface) ctl.CaptureCounts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

func (p *tap) Read(batch *ctl.CaptureBatch) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.frames) > 0 && batch.Add(p.frames[0]) {
		p.frames, n = p.frames[1:], n+1
	}
	return n
}

// hand has frames come by, some of which are left out.
func (p *tap) hand(rate uint64, frames ...[]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, frame := range frames {
		p.frames = append(p.frames, ctl.CapturedFrame{CaptureInterface: tapInterface, Time: time.Unix(1700000000, int64(i)*1000000), Length: len(frame), Data: frame,
			Session: "tms-11111111111111111", Direction: rules.Egress})
	}
	p.counts.Taken += uint64(len(frames))
	p.counts.Rate += rate
}

// dnsFrame asks for a name.
func dnsFrame(t *testing.T, name string) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: 17, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 53}}
	udp := &layers.UDP{SrcPort: 4000, DstPort: 53}
	udp.SetNetworkLayerForChecksum(ip)
	buffer := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}, ip, udp,
		&layers.DNS{ID: 7, Questions: []layers.DNSQuestion{{Name: []byte(name), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}})
	if err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// event is one that the page gets.
type event struct{ name, data string }

// watcher is a page that watches.
type watcher struct {
	t      *testing.T
	events chan event
	leave  context.CancelFunc
}

// watch has a browser watch over a real connection, as the script does.
func (b *browser) watch(pairs ...string) *watcher {
	b.t.Helper()
	site := httptest.NewServer(b.handler)
	ctx, cancel := context.WithCancel(b.t.Context())
	b.t.Cleanup(func() { cancel(); site.Close() })
	form := url.Values{"csrf": {b.token}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, site.URL+"/capture/watch", strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Host = "127.0.0.1:8790"
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"http://127.0.0.1:8790"}, "Sec-Fetch-Site": {"same-origin"}, "Accept": {watch.ContentType}}
	r.AddCookie(b.cookie)
	answer, err := site.Client().Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != watch.ContentType {
		b.t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	w := &watcher{b.t, make(chan event, 1024), cancel}
	go w.read(answer.Body)
	return w
}

func (w *watcher) read(body io.ReadCloser) {
	defer body.Close()
	defer close(w.events)
	lines, name := bufio.NewScanner(body), ""
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = text
		} else if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			w.events <- event{name, text}
		}
	}
}

// until waits for an event and reads it; the others before it are left.
func (w *watcher) until(name string, into any) {
	w.t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e, more := <-w.events:
			if !more {
				w.t.Fatalf("the stream has ended without %s", name)
			}
			if e.name != name {
				continue
			}
			if err := json.Unmarshal([]byte(e.data), into); err != nil {
				w.t.Fatal(err)
			}
			return
		case <-late:
			w.t.Fatalf("no %s", name)
		}
	}
}

func (p *tap) awaitClosed(t *testing.T) {
	t.Helper()
	select {
	case <-p.closed:
	case <-time.After(10 * time.Second):
		t.Fatal("the capture still runs")
	}
}

// TestWatch: frames come decoded, and what is left out is told, until somebody stops it.
func TestWatch(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	path := &tap{}
	w.api.Capturer = path
	b := w.admin()
	path.hand(3, dnsFrame(t, "a.example"), dnsFrame(t, "b.example"))
	page := b.watch("ports", "wire0", "filter", "udp", "count", "", "durationSeconds", "")
	var hello struct {
		Capture             string
		Rate, Seconds, Kept int
	}
	page.until("hello", &hello)
	if hello.Capture == "" || hello.Rate != watch.Rate || hello.Seconds != watch.Seconds || hello.Kept != watch.Kept || path.asked.Rate != watch.Rate || path.asked.Snap != watch.MostBytes || path.asked.Filter != "udp" {
		t.Errorf("%+v, asked %+v", hello, path.asked)
	}
	var rows []watch.Row
	page.until("frames", &rows)
	if len(rows) != 2 || rows[1].Number != 2 || rows[1].Info != "Query 0x0007 A b.example" || rows[1].After != "0.001000" || rows[1].Port != "wire0" || rows[1].Point != "ingress" ||
		rows[1].SessionID != "tms-11111111111111111" || rows[1].Source != "10.0.0.1" || len(rows[1].Layers) < 4 || len(rows[1].Data) != rows[1].Length {
		t.Errorf("%+v", rows)
	}
	var counts api.CaptureCounts
	page.until("counts", &counts)
	if counts.Seen != 5 || counts.Dropped[api.DroppedRateLimit] != 3 {
		t.Errorf("%+v", counts)
	}
	if status, to := b.post("/capture/watch", "stop", hello.Capture); status != http.StatusSeeOther || to != "/capture" {
		t.Errorf("%d %s", status, to)
	}
	var end watch.End
	page.until("end", &end)
	if end.Text != "It has ended: it was stopped." || end.Counts.Dropped[api.DroppedRateLimit] != 3 {
		t.Errorf("%+v", end)
	}
	path.awaitClosed(t)
	wasRecorded(t, w, "postCapture")
}

func wasRecorded(t *testing.T, w *world, action string) {
	t.Helper()
	for _, r := range w.records() {
		if r.Action == action && r.Door == "console" && r.Status == 200 {
			return
		}
	}
	t.Errorf("the audit log has no %s: %+v", action, w.records())
}

// TestWatchEnds: with the page, with the log-in, with the right, and by its own bounds.
func TestWatchEnds(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	path := &tap{}
	w.api.Capturer = path
	var hello any
	var end watch.End

	page := w.admin().watch()
	page.until("hello", &hello)
	page.leave()
	path.awaitClosed(t)

	b := w.admin()
	page = b.watch()
	page.until("hello", &hello)
	b.get("/")
	b.post("/logout")
	page.until("end", &end)
	if !strings.Contains(end.Text, "log-in has ended") {
		t.Errorf("%+v", end)
	}
	path.awaitClosed(t)

	page = w.admin().watch("count", "1")
	page.until("hello", &hello)
	path.hand(0, dnsFrame(t, "a.example"))
	page.until("end", &end)
	if end.Text != "It has ended: it has as many frames as were asked for." {
		t.Errorf("%+v", end)
	}
	path.awaitClosed(t)

	page = w.admin().watch()
	page.until("hello", &hello)
	path.mu.Lock()
	path.ended = http.ErrServerClosed
	path.mu.Unlock()
	page.until("end", &end)
	if end.Text != "It has ended: the session was deleted." {
		t.Errorf("%+v", end)
	}
	path.awaitClosed(t)
}

// TestWatchWithoutScript: the page has the frames when they have come, and whatever they have in them
// is text.
func TestWatchWithoutScript(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	path := &tap{}
	w.api.Capturer = path
	b := w.admin()
	var frames [][]byte
	for len(frames) < watch.StillFrames+10 {
		frames = append(frames, dnsFrame(t, `<script>alert(1)</script>`), dnsFrame(t, `"><svg><a x="`), []byte("<script>alert(2)</script>"))
	}
	path.hand(2, frames...)
	status, text := b.post("/capture/watch", "ports", "wire0")
	mustHave(t, status, 200, text, "&lt;script&gt;alert(1)&lt;/script&gt;", "It has ended: it has as many frames as were asked for.", `value="wire0"`, "Query 0x0007 A ", "<dt>TTL</dt><dd>64</dd>", "00000010  ")
	if n := strings.Count(text, `<li class="frame">`); n != watch.StillFrames+1 { // and the template's
		t.Errorf("%d frames", n)
	}
	checkPage(t, "/capture/watch", text)
	stays(t, "/capture/watch", text, "frames with scripts")
	path.mu.Lock()
	path.frames, path.ended = nil, http.ErrServerClosed
	path.mu.Unlock()
	status, text = b.post("/capture/watch")
	mustHave(t, status, 200, text, "No frame came that was asked for.")
}

// TestWatchCopies: the page of a session leads to its copies, for those who may see them.
func TestWatchCopies(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	const at, to = "/sessions/tms-11111111111111111", "/capture?points=copies&session=tms-11111111111111111"
	b := w.admin()
	status, text := b.get(at)
	mustHave(t, status, 200, text, `href="`+strings.ReplaceAll(to, "&", "&amp;")+`"`)
	status, text = b.get(to)
	mustHave(t, status, 200, text, `value="copies"`, `value="tms-11111111111111111"`, `value="1000"`)
	if _, text := w.as(server.Caller{Role: server.Reader}).get(at); strings.Contains(text, "Watch its copies") || !strings.Contains(text, "Status") {
		t.Error("a reader is offered to watch")
	}
}

// TestWatchRefused: what a watch is refused for is told at the field, by the gateway's words, or by the
// policies.
func TestWatchRefused(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	path := &tap{}
	w.api.Capturer = path
	b := w.admin()
	status, text := b.post("/capture/watch", "rateLimitPps", "100000", "durationSeconds", "100000", "ports", "wire0")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-rateLimitPps"`, "at most 500 frames a second", `href="#field-durationSeconds"`, `value="wire0"`)
	status, text = b.post("/capture/watch", "ports", "wire9", "snapLength", "70000")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-ports"`, `href="#field-snapLength"`)
	status, text = b.post("/capture/watch", "count", "many")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-count"`)
	path.begun = 4
	status, text = b.post("/capture/watch", "count", "1")
	mustHave(t, status, http.StatusServiceUnavailable, text, "As many captures run as are possible at once")
	if status, _ := b.post("/capture/watch", "stop", "capture-99"); status != http.StatusNotFound {
		t.Errorf("stop what does not run: %d", status)
	}
	for _, name := range []string{"ian", "ann"} {
		other := w.user(name)
		if status, _ := other.post("/capture/watch", "count", "1"); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, text := w.user("ian").get("/"); strings.Contains(text, `href="/capture"`) {
		t.Errorf("ian is offered to capture (%d)", status)
	}
	if status, _ := w.as(server.Caller{Role: server.Reader}).post("/capture/watch", "count", "1"); status != http.StatusForbidden {
		t.Errorf("a reader: %d", status)
	}
}
