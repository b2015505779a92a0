package browser

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// View is the window of a person and what they prefer.
type View struct {
	Name   string
	Width  int
	Height int
	Dark   bool
}

// The windows that pages are looked at in.
var (
	Desk   = View{"1440-light", 1440, 900, false}
	Tablet = View{"768-light", 768, 1024, false}
	Phone  = View{"390-light", 390, 844, false}
)

// InTheDark is the view of somebody who prefers dark pages.
func (v View) InTheDark() View {
	v.Name, v.Dark = strings.Replace(v.Name, "light", "dark", 1), true
	return v
}

// Views are all of them.
func Views() (views []View) {
	for _, v := range []View{Desk, Tablet, Phone} {
		views = append(views, v, v.InTheDark())
	}
	return views
}

// Look gives the page another window.
func (p *Page) Look(v View) *Page {
	p.person.t.Helper()
	p.must("Emulation.setDeviceMetricsOverride", arguments{"width": v.Width, "height": v.Height, "deviceScaleFactor": 1, "mobile": v.Width < 500}, nil)
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	p.must("Emulation.setEmulatedMedia", arguments{"features": []arguments{
		{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"},
	}}, nil)
	p.still()
	return p
}

// still waits until fonts are there and two frames have been drawn.
func (p *Page) still() {
	p.person.t.Helper()
	p.until("the page to be drawn", func() bool {
		return p.evaluate("document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0)))))", nil) == ""
	})
}

// shot is a picture of a part of the document, as PNG; of all of it with nil.
func (p *Page) shot(clip arguments) []byte {
	p.person.t.Helper()
	params := arguments{"format": "png", "captureBeyondViewport": true}
	if clip == nil {
		var size struct{ Width, Height float64 }
		p.Evaluate("({width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight})", &size)
		clip = arguments{"x": 0, "y": 0, "width": size.Width, "height": min(size.Height, highest), "scale": 1}
	}
	params["clip"] = clip
	var told struct{ Data string }
	p.must("Page.captureScreenshot", params, &told)
	picture, err := base64.StdEncoding.DecodeString(told.Data)
	if err != nil {
		p.person.t.Fatal(err)
	}
	return picture
}

func (p *Page) write(path string, picture []byte) {
	p.person.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.person.t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		p.person.t.Fatal(err)
	}
}

// Pictures is the directory that pictures of failed steps go to; empty: none are kept.
var Pictures string

// fail ends the test with what the page shows.
func (p *Page) fail(format string, args ...any) {
	p.person.t.Helper()
	where := ""
	if Pictures != "" {
		var told struct{ Data string }
		if err := p.person.browser.conn.call(p.session, "Page.captureScreenshot", nil, &told); err == nil {
			if picture, err := base64.StdEncoding.DecodeString(told.Data); err == nil {
				where = filepath.Join(Pictures, "failed-"+strings.ReplaceAll(p.person.t.Name(), "/", "-")+".png")
				_ = os.MkdirAll(Pictures, 0o755)
				_ = os.WriteFile(where, picture, 0o644)
			}
		}
	}
	var text, path string
	p.evaluate("document.body ? document.body.innerText : ''", &text)
	p.evaluate("location.pathname + location.search", &path)
	p.mu.Lock()
	faults := strings.Join(p.faults, "\n")
	p.mu.Unlock()
	p.person.t.Fatalf("on %s: %s\nthe page shows (%s):\n%.3000s\n%s", path, fmt.Sprintf(format, args...), where, text, faults)
}
