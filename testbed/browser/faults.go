package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// hostOf is the host and port of a URL.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// exception is what the page's script threw.
type exception struct {
	Text      string `json:"text"`
	URL       string `json:"url"`
	Line      int    `json:"lineNumber"`
	Exception *struct {
		Description string `json:"description"`
	} `json:"exception"`
}

func (e *exception) String() string {
	text := e.Text
	if e.Exception != nil {
		text += " " + e.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", text, e.URL, e.Line+1)
}

// event has the fields of all the events that are looked at.
type event struct {
	FrameID  string `json:"frameId"`
	LoaderID string `json:"loaderId"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Args     []struct {
		Value       any    `json:"value"`
		Description string `json:"description"`
	} `json:"args"`
	ExceptionDetails *exception `json:"exceptionDetails"`
	Entry            struct {
		Level string `json:"level"`
		Text  string `json:"text"`
		URL   string `json:"url"`
	} `json:"entry"`
	Request struct {
		URL string `json:"url"`
	} `json:"request"`
	Response struct {
		URL    string `json:"url"`
		Status int    `json:"status"`
	} `json:"response"`
	Issue struct {
		Code    string          `json:"code"`
		Details json.RawMessage `json:"details"`
	} `json:"issue"`
	Message string `json:"message"`
}

// take notes an event. It runs in the reader of the connection.
func (p *Page) take(method string, params json.RawMessage) {
	var e event
	if err := json.Unmarshal(params, &e); err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch method {
	case "Page.lifecycleEvent":
		if e.Name == "load" && (p.frame == "" || e.FrameID == p.frame) {
			p.loaded, p.pending = e.LoaderID, false
		}
	case "Page.frameRequestedNavigation", "Page.frameStartedNavigating":
		p.pending = p.pending || p.frame == "" || e.FrameID == p.frame
	case "Page.frameStoppedLoading":
		p.pending = p.pending && e.FrameID != p.frame // a download has no document
	case "Page.javascriptDialogOpening":
		p.fault("the page opened a dialog of the browser: %s", e.Message)
		go func() { // the answer would wait for this reader
			_ = p.person.browser.conn.call(p.session, "Page.handleJavaScriptDialog", arguments{"accept": false}, nil)
		}()
	default:
		p.takeFault(method, &e)
	}
}

// takeFault notes what a page must not do.
func (p *Page) takeFault(method string, e *event) {
	switch method {
	case "Runtime.consoleAPICalled":
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			p.fault("console.%s: %s", e.Type, e.said())
		}
	case "Runtime.exceptionThrown":
		p.fault("exception: %s", e.ExceptionDetails)
	case "Log.entryAdded":
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			p.fault("%s in the console: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case "Audits.issueAdded":
		if e.Issue.Code == "ContentSecurityPolicyIssue" || e.Issue.Code == "MixedContentIssue" || e.Issue.Code == "CookieIssue" || e.Issue.Code == "CorsIssue" {
			p.fault("%s: %s", e.Issue.Code, e.Issue.Details)
		}
	case "Network.requestWillBeSent":
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != p.host && u.Scheme != "data" && u.Scheme != "blob" && u.Scheme != "about" {
			p.fault("a request to another host: %s", e.Request.URL)
		}
	case "Network.responseReceived":
		if e.Response.Status >= 500 {
			p.fault("status %d of %s", e.Response.Status, e.Response.URL)
		}
	}
}

// said is what a call of the console's functions printed.
func (e *event) said() string {
	var said []string
	for _, arg := range e.Args {
		if arg.Value != nil {
			said = append(said, fmt.Sprint(arg.Value))
		} else {
			said = append(said, arg.Description)
		}
	}
	return strings.Join(said, " ")
}

// fault notes a fault once; the lock is held.
func (t *tracker) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(t.faults, text) && !slices.ContainsFunc(t.ignored, func(part string) bool { return strings.Contains(text, part) }) {
		t.faults = append(t.faults, text)
	}
}

// Expect has faults with this text not noted from now on: a test provokes them.
func (p *Page) Expect(text string) *Page {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ignored = append(p.ignored, text)
	return p
}

// Faults are what the page did wrong since they were asked for last.
func (p *Page) Faults() (faults []string) {
	p.must("Runtime.evaluate", arguments{"expression": "0"}, nil) // events before it have come
	p.mu.Lock()
	defer p.mu.Unlock()
	faults, p.faults = p.faults, nil
	return faults
}
