package console_test

import (
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl"
)

// quiet is a data path that captures nothing and ends at once.
type quiet struct{ asked ctl.CaptureRequest }

func (q *quiet) Capture(r ctl.CaptureRequest) (ctl.Capture, error) { q.asked = r; return q, nil }
func (q *quiet) CaptureTotals() ctl.CaptureTotals                  { return ctl.CaptureTotals{} }
func (q *quiet) Interfaces() []ctl.CaptureInterface                { return []ctl.CaptureInterface{{Port: 0}} }
func (q *quiet) Read(*ctl.CaptureBatch) int                        { return 0 }
func (q *quiet) Ended() error                                      { return http.ErrServerClosed }
func (q *quiet) Stop()                                             {}
func (q *quiet) Close()                                            {}
func (q *quiet) Counts(ctl.CaptureInterface) ctl.CaptureCounts     { return ctl.CaptureCounts{} }

func TestCapturePage(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b, path := w.admin(), &quiet{}
	w.api.Capturer = path
	status, text := b.get("/capture")
	mustHave(t, status, 200, text, "<h1>Capture</h1>", `value="1000"`, `value="60"`)
	mustHave(t, status, 200, text, `type="checkbox" value="wire0"><label for="field-ports-wire0">wire0, wire</label>`, `type="checkbox" value="copies">`, `value="tun0"`)
	_, text = b.get("/capture?ports=wire0+tun0&points=ingress&points=copies")
	mustHave(t, status, 200, text, `value="wire0" checked>`, `value="tun0" checked>`, `value="ingress" checked>`, `value="egress">`, `value="copies" checked>`)
	status, text = b.post("/capture", "ports", "wire9", "points", "up", "count", "many")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-count"`, `value="wire9"`)
	status, text = b.post("/capture", "ports", "wire9", "points", "up")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-ports"`, `href="#field-points"`)
	status, text = b.post("/capture", "ports", "wire0", "ports", "tun0", "points", "copies", "points", "ingress", "filter", "tcp port 443", "count", "5", "durationSeconds", "1")
	if status != 200 || !strings.HasPrefix(text, "\x0a\x0d\x0d\x0a") || path.asked.Filter != "tcp port 443" || len(path.asked.Ports) != 2 || len(path.asked.Points) != 2 {
		t.Errorf("%d %q, asked %+v", status, text[:min(len(text), 100)], path.asked)
	}
	if status, _ := b.post("/capture", "stop", "capture-99"); status != http.StatusNotFound {
		t.Errorf("stop what does not run: %d", status)
	}
	if status, _ := w.user("ann").get("/capture"); status != http.StatusForbidden {
		t.Errorf("of another account: %d", status)
	}
	if _, text := w.user("ann").get("/"); strings.Contains(text, `href="/capture"`) || !strings.Contains(text, `href="/targets"`) {
		t.Error("whoever administers another account is offered what is refused")
	}
}
