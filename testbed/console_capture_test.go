package testbed

import (
	"bytes"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgw/testbed/browser"
)

// TestConsoleWatch: somebody watches production, opens a frame by keyboard, pauses, goes on, and stops;
// the page is fit to be looked at in every window, and is told what was left out.
func TestConsoleWatch(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	c.awaitFrames()
	p := c.admin(t, launch(t))
	p.Look(browser.Desk).Goto("/capture").In("group", "Ports").Click("wire0").Fill("Filter", "ip").Fill("Frames a second", "20").Fill("Number of frames", "").Click("Watch")
	p.Sees("Watching capture-").Await(rowsAre(">= 5"))
	p.Await("document.querySelector('[data-count=seen]').textContent !== '0'")
	for _, words := range []string{"UDP", "wire0", "ingress", "→"} {
		p.In("list", "Watched frames").Sees(words)
	}
	p.Click("Pause").Sees("frames wait")
	var before, after int
	p.Evaluate(countRows, &before)
	p.Await("/Paused: [1-9]/.test(document.querySelector('[data-part=state]').textContent)")
	if p.Evaluate(countRows, &after); before != after {
		t.Errorf("%d rows, then %d while the watch is paused", before, after)
	}
	c.opens(t, p)
	c.looksWell(t, p)
	p.Look(browser.Desk).Click("Resume").Await(rowsAre("> 20"))
	p.Click("Stop").Sees("It has ended: it was stopped.")
	p.Await("document.querySelector('[data-count=rate-limit]').textContent !== '0'")
	c.saves(t, p)
	c.awaitNoCapture(t)
	p.In("group", "Ports").Click("wire0").In("group", "Points").Click("copies").Fill("Filter", "").Fill("Session", "web-to-ids").Click("Watch").Sees("Watching capture-")
	p.In("list", "Watched frames").Sees("VXLAN 77 to 192.0.2.10").Sees("session web-to-ids")
	p.Goto("/").Goto("/capture").SeesNot("runs")
	for _, fault := range p.Faults() {
		t.Error(fault)
	}
}

const countRows = "document.querySelectorAll('.frames > .frame').length"

func rowsAre(what string) string { return countRows + " " + what }

// opens goes to a frame and into it without a mouse.
func (c *consoleGateway) opens(t *testing.T, p *browser.Page) {
	t.Helper()
	p.Evaluate("document.querySelector('.frames .frame summary').focus()", nil)
	p.Press("ArrowDown", "Enter")
	p.Await("document.activeElement.closest('.frame') === document.querySelectorAll('.frames > .frame')[1]")
	p.Await("document.querySelectorAll('.frame details[open] > summary').length >= 3")
	for _, words := range []string{"Frame 2:", "of them captured", "Ethernet", "IPv4", "TTL", "00000000 "} {
		p.In("list", "Watched frames").Sees(words)
	}
}

// looksWell judges the page as it is: nothing overlaps, nothing is cut off, axe finds nothing.
func (c *consoleGateway) looksWell(t *testing.T, p *browser.Page) {
	t.Helper()
	for _, v := range browser.Views() {
		found := p.Layout(v, filepath.Join(consolePictures(t), "watch-"+v.Name+".png"))
		found = append(found, p.Axe(axeDirectory)...)
		for _, fault := range found {
			t.Errorf("%s: %s", v.Name, fault)
		}
	}
}

// saves has tshark read what the page makes a file of.
func (c *consoleGateway) saves(t *testing.T, p *browser.Page) {
	t.Helper()
	var file []byte
	p.Evaluate(`(async () => {
		const made = new Promise(done => { const before = URL.createObjectURL; URL.createObjectURL = blob => { done(blob); URL.createObjectURL = before; return before.call(URL, blob); }; });
		document.querySelector('[data-do=save]').click();
		const bytes = new Uint8Array(await (await made).arrayBuffer());
		return btoa(Array.from(bytes, b => String.fromCharCode(b)).join(''));
	})()`, &file)
	var rows int
	p.Evaluate(countRows, &rows)
	read := exec.CommandContext(t.Context(), "tshark", "-n", "-r", "-", "-T", "fields", "-e", "frame.interface_name", "-e", "frame.time_epoch")
	read.Stdin = bytes.NewReader(file)
	told, err := read.Output()
	if lines := strings.Count(string(told), "wire0/"); err != nil || lines != rows {
		t.Errorf("tshark reads %d of %d frames: %v", lines, rows, err)
	}
}

// awaitNoCapture waits until the gateway has no capture.
func (c *consoleGateway) awaitNoCapture(t *testing.T) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for late := time.Now().Add(20 * time.Second); ; <-look.C {
		all, err := c.Captures(c.context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 0 {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%s of %s still runs", all[0].CaptureID, all[0].By)
		}
	}
}

// TestConsoleWatchLeft: a watch ends with its page, is told at the field what is wrong with it, and tells
// when there are too many.
func TestConsoleWatchLeft(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	p := c.admin(t, b)
	p.Expect("status of 422").Expect("status of 503").Expect("status 503")
	p.Goto("/capture?ports=nothing").Click("Watch").Sees("There is a problem").Sees("there is no port")
	p.In("group", "Ports").Click("nothing").Click("Watch").Sees("Watching capture-").SeesNot("There is a problem")
	p.Goto("/")
	c.awaitNoCapture(t)
	var watching []*browser.Page
	for range 4 { // with the streams of their own these are more than a browser has connections for
		watching = append(watching, p.Person().Open("/capture").Fill("Frames a second", "1").Click("Watch").Sees("Watching capture-"))
	}
	p.Goto("/capture").Click("Watch").Sees("As many captures run as are possible at once")
	p.Sees("Live")
	watching[0].Sees("Paused for newer windows").Evaluate("dispatchEvent(new Event('focus'))", nil)
	watching[0].Sees("Live")
	p.Sees("Paused for newer windows")
	for _, fault := range p.Faults() {
		t.Error(fault)
	}
}

// TestConsoleWatchStill: without a script the page has the frames when they have come.
func TestConsoleWatchStill(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	c.awaitFrames()
	f := c.visitor(t, rootKey)
	status, text := f.post("/capture/watch", "", map[string][]string{"csrf": {f.token("/capture")}, "ports": {"wire0"}, "points": {"ingress"}, "count": {"7"}})
	if rows := strings.Count(text, `<li class="frame">`) - 1; status != http.StatusOK || rows != 7 || !strings.Contains(text, "<dt>TTL</dt>") {
		t.Errorf("%d, %d rows: %s", status, rows, text)
	}
}
