package browser

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
)

// Person is somebody at the browser: pages of one person share cookies, those of two do not.
type Person struct {
	t       testing.TB
	browser *Browser
	context string
	base    string
}

// Person is a newcomer without cookies; paths that are opened begin at base, "http://HOST:PORT".
func (b *Browser) Person(t testing.TB, base string) *Person {
	t.Helper()
	var made struct {
		BrowserContextID string `json:"browserContextId"`
	}
	if err := b.conn.call("", "Target.createBrowserContext", arguments{"disposeOnDetach": true}, &made); err != nil {
		t.Fatal(err)
	}
	return &Person{t: t, browser: b, context: made.BrowserContextID, base: strings.TrimSuffix(base, "/")}
}

// Open opens a page in a new tab, 1440 pixels wide and light.
func (w *Person) Open(path string) *Page {
	w.t.Helper()
	return w.Tab().Goto(path)
}

// Tab is a new empty tab, in a window of its own: one behind another is hidden, and pages rest then.
func (w *Person) Tab() *Page {
	w.t.Helper()
	var made struct {
		TargetID string `json:"targetId"`
	}
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	call := w.browser.conn.call
	if err := call("", "Target.createTarget", arguments{"url": "about:blank", "browserContextId": w.context, "newWindow": true}, &made); err != nil {
		w.t.Fatal(err)
	}
	if err := call("", "Target.attachToTarget", arguments{"targetId": made.TargetID, "flatten": true}, &attached); err != nil {
		w.t.Fatal(err)
	}
	p := &Page{person: w, session: attached.SessionID, target: made.TargetID, tracker: tracker{host: hostOf(w.base)}}
	p.Area = Area{page: p}
	w.browser.conn.listen(p.session, p.take)
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "DOM", "Accessibility", "Audits"} {
		p.must(domain+".enable", nil, nil)
	}
	p.must("Page.setLifecycleEventsEnabled", arguments{"enabled": true}, nil)
	return p.Look(Desk)
}

// Page is a tab.
type Page struct {
	Area    // the whole document
	person  *Person
	session string
	target  string
	tracker
}

// tracker keeps what a page's events tell.
type tracker struct {
	host string // that requests may go to

	mu      sync.Mutex
	loaded  string // the document that has been loaded last
	pending bool   // a document was asked for and has not been loaded yet
	faults  []string
	ignored []string
	frame   string // the main one
}

// must sends a command that cannot be refused.
func (p *Page) must(method string, params arguments, result any) {
	p.person.t.Helper()
	if err := p.person.browser.conn.call(p.session, method, params, result); err != nil {
		p.person.t.Fatalf("%s: %v", method, err)
	}
}

// Goto opens a path, or a whole URL, and waits until the document is loaded.
func (p *Page) Goto(path string) *Page {
	p.person.t.Helper()
	url := path
	if !strings.Contains(path, "://") {
		url = p.person.base + path
	}
	var started struct {
		LoaderID  string `json:"loaderId"`
		ErrorText string `json:"errorText"`
		FrameID   string `json:"frameId"`
	}
	p.must("Page.navigate", arguments{"url": url}, &started)
	if started.ErrorText != "" && started.ErrorText != "net::ERR_HTTP_RESPONSE_CODE_FAILURE" {
		p.person.t.Fatalf("%s cannot be opened: %s", url, started.ErrorText)
	}
	p.mu.Lock()
	p.frame = started.FrameID
	p.mu.Unlock()
	if started.LoaderID != "" { // else only the fragment is another
		p.until("the document to load", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.loaded == started.LoaderID
		})
	}
	return p
}

// Reload loads the page again.
func (p *Page) Reload() *Page {
	p.person.t.Helper()
	p.mu.Lock()
	p.pending = true
	p.mu.Unlock()
	p.must("Page.reload", nil, nil)
	p.settle()
	return p
}

// Close closes the tab.
func (p *Page) Close() {
	p.person.t.Helper()
	p.person.browser.conn.listen(p.session, nil)
	if err := p.person.browser.conn.call("", "Target.closeTarget", arguments{"targetId": p.target}, nil); err != nil {
		p.person.t.Fatal(err)
	}
}

// Evaluate runs an expression in the page, waits for a promise, and decodes its value.
func (p *Page) Evaluate(expression string, into any) {
	p.person.t.Helper()
	if fault := p.evaluate(expression, into); fault != "" {
		p.person.t.Fatalf("%.200s: %s", expression, fault)
	}
}

func (p *Page) evaluate(expression string, into any) (fault string) {
	var told struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *exception `json:"exceptionDetails"`
	}
	params := arguments{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}
	if err := p.person.browser.conn.call(p.session, "Runtime.evaluate", params, &told); err != nil {
		return err.Error()
	}
	if told.ExceptionDetails != nil {
		return told.ExceptionDetails.String()
	}
	if into == nil || told.Result.Value == nil {
		return ""
	}
	if err := json.Unmarshal(told.Result.Value, into); err != nil {
		return err.Error()
	}
	return ""
}

// Path is the path and the query of the document.
func (p *Page) Path() (path string) {
	p.person.t.Helper()
	p.Evaluate("location.pathname + location.search", &path)
	return path
}

// Await waits until an expression of the page is true.
func (p *Page) Await(expression string) *Page {
	p.person.t.Helper()
	p.until(expression, func() bool {
		holds := false
		return p.evaluate("!!("+expression+")", &holds) == "" && holds
	})
	return p
}

// BypassPolicy has the page's content-security policy not kept from now on: what it would have stopped
// happens.
func (p *Page) BypassPolicy() *Page {
	p.person.t.Helper()
	p.must("Page.setBypassCSP", arguments{"enabled": true}, nil)
	return p
}

// Person is whose tab it is.
func (p *Page) Person() *Person { return p.person }
