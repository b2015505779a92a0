package testbed

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"mirrorgw/ctl/console/decode"
	"mirrorgw/ctl/console/watch"
	"mirrorgw/testbed/browser"
)

// told has the page get events instead of asking the gateway.
func told(t *testing.T, p *browser.Page, events ...any) {
	t.Helper()
	var text strings.Builder
	for i := 0; i < len(events); i += 2 {
		data, err := json.Marshal(events[i+1])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "event: %s\ndata: %s\n\n", events[i], data)
	}
	quoted, err := json.Marshal(text.String())
	if err != nil {
		t.Fatal(err)
	}
	p.Evaluate("window.fetch = async () => new Response("+string(quoted)+", {headers: {'Content-Type': 'text/event-stream'}})", nil)
}

// TestConsoleWatchRows: whatever frames have in them is text on the page, more rows than it keeps leave
// it, and a stream that breaks is told.
func TestConsoleWatchRows(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	p := c.admin(t, launch(t))
	const attempt = `<img src=x onerror="window.ran = 1"><script>window.ran = 1</script>`
	row := watch.Row{Number: 1, Time: "1700000000000000000", Clock: attempt, After: attempt, Port: attempt, Point: attempt, Session: attempt, SessionID: attempt, Length: 60, Data: []byte(attempt),
		Packet: &decode.Packet{Source: attempt, Destination: attempt, Protocol: attempt, Info: attempt, Wrapped: []string{attempt}, Fault: attempt,
			Layers: []decode.Layer{{Name: attempt, Summary: attempt, Fault: attempt, Fields: []decode.Field{{Name: attempt, Value: attempt, Fields: []decode.Field{{Name: attempt, Value: attempt}}}}}}}}
	hello := map[string]any{"capture": "capture-1", "rate": 50, "seconds": 60, "count": 0, "kept": watch.Kept}
	p.Goto("/capture")
	told(t, p, "hello", hello, "frames", []watch.Row{row}, "end", watch.End{Text: attempt})
	p.Click("Watch").Sees(attempt)
	p.Evaluate("document.querySelector('.frame > details').open = true", nil)
	p.Await("document.querySelectorAll('.frame-inside .layer dl dl').length === 1")
	var foreign int
	if p.Evaluate("document.querySelectorAll('main :is(img, script)').length + (window.ran ?? 0)", &foreign); foreign != 0 {
		t.Error("a frame has put elements into the page")
	}
	var link string
	if p.Evaluate("document.querySelector('.frame-inside a').pathname", &link); !strings.HasPrefix(link, "/sessions/%3Cimg") {
		t.Errorf("the session is linked to %q", link)
	}

	many := make([]watch.Row, watch.Kept+200)
	for i := range many {
		many[i] = watch.Row{Number: i + 1, Time: "1700000000000000000", Port: "wire0", Point: "ingress", Length: 60, Packet: &decode.Packet{Protocol: "UDP", Info: "line", Layers: []decode.Layer{}}}
	}
	told(t, p, "hello", hello, "frames", many[:watch.Kept], "frames", many[watch.Kept:])
	p.Click("Watch").Sees("The connection was lost: the watch has ended.").Sees(fmt.Sprintf("The page keeps %d frames; 200 older ones have left it.", watch.Kept))
	var first string
	if p.Evaluate("document.querySelector('.frame [data-part=number]').textContent", &first); first != "201" {
		t.Errorf("the first row is %s", first)
	}
	p.Await(rowsAre(fmt.Sprintf("=== %d", watch.Kept)))
	p.Evaluate("document.querySelectorAll('.frames .frame summary[tabindex=\"0\"]').length", &foreign)
	if foreign != 1 {
		t.Errorf("%d rows are stops of Tab", foreign)
	}
	for _, fault := range p.Faults() {
		t.Error(fault)
	}
}
