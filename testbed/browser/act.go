package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// clickable are the roles that Click looks for.
var clickable = []string{"button", "link", "checkbox", "radio", "switch", "tab", "menuitem", "DisclosureTriangle", "summary", "option"}

// writable are the roles that Fill looks for.
var writable = []string{"textbox", "searchbox", "spinbutton", "combobox", "Date", "InputTime", "DateTime"}

// element is a node of the document, to call functions on.
type element struct {
	page *Page
	node *axNode
	id   string // in the page's script
}

func (p *Page) element(n *axNode) (*element, error) {
	var told struct {
		Object struct {
			ID string `json:"objectId"`
		} `json:"object"`
	}
	err := p.person.browser.conn.call(p.session, "DOM.resolveNode", arguments{"backendNodeId": n.Backend}, &told)
	return &element{p, n, told.Object.ID}, err
}

// do calls a function of the page's language on the element ("this").
func (e *element) do(function string, into any, args ...any) error {
	values := []arguments{}
	for _, arg := range args {
		values = append(values, arguments{"value": arg})
	}
	var told struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *exception `json:"exceptionDetails"`
	}
	params := arguments{"objectId": e.id, "functionDeclaration": function, "arguments": values, "returnByValue": true, "awaitPromise": true}
	if err := e.page.person.browser.conn.call(e.page.session, "Runtime.callFunctionOn", params, &told); err != nil {
		return err
	}
	if told.ExceptionDetails != nil {
		return fmt.Errorf("%s", told.ExceptionDetails)
	}
	if into == nil || told.Result.Value == nil {
		return nil
	}
	return json.Unmarshal(told.Result.Value, into)
}

// pointAt scrolls an element into view and says where it can be clicked, or what covers it.
const pointAt = `function() {
	let shown = this;
	const box = e => e.getClientRects()[0] || {width: 0, height: 0};
	if ((box(shown).width < 4 || box(shown).height < 4) && this.labels && this.labels.length) shown = this.labels[0];
	shown.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'});
	const at = box(shown), x = at.left + at.width / 2, y = at.top + at.height / 2;
	if (!at.width || !at.height) return {covered: 'nothing: it has no size'};
	const top = document.elementFromPoint(x, y);
	if (!top) return {covered: 'the edge of the window'};
	if (!shown.contains(top) && !top.contains(shown)) return {covered: top.outerHTML.slice(0, 120)};
	window.hit = false;
	document.addEventListener('click', e => { window.hit = window.hit || shown.contains(e.target) || e.target.contains(shown); }, {once: true, capture: true});
	return {x, y};
}`

// Click clicks what has the name: a button, a link, a checkbox, a tab, a summary.
func (a *Area) Click(name string) *Page {
	a.page.person.t.Helper()
	return a.click(name, clickable...)
}

func (a *Area) click(name string, roles ...string) *Page {
	a.page.person.t.Helper()
	p := a.page
	var at struct {
		X, Y    float64
		Covered string
	}
	p.until(fmt.Sprintf("%q to be there and in nobody's shade", name), func() bool {
		e, err := p.element(a.find(name, roles...))
		at.Covered = ""
		return err == nil && e.do(pointAt, &at) == nil && at.Covered == ""
	})
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		p.must("Input.dispatchMouseEvent", arguments{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
	p.settle()
	missed := false
	if p.evaluate("window.hit === false", &missed) == "" && missed { // what moves on the page has moved it away
		return a.click(name, roles...)
	}
	return p
}

// settle waits until what a step began is done: the script that it ran, and the document that it asked for.
func (p *Page) settle() {
	p.person.t.Helper()
	p.until("the next document to load", func() bool {
		p.mu.Lock()
		before := p.pending
		p.mu.Unlock()
		if before {
			return false
		}
		// Two turns of the page's own loop: a form that was submitted asks for its document in the next one.
		if fault := p.evaluate("new Promise(done => setTimeout(() => setTimeout(done, 0), 0))", nil); fault != "" {
			return false
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return !p.pending
	})
}

// Fill writes a text into the field with the label, in place of what is there.
func (a *Area) Fill(label, text string) *Page {
	a.page.person.t.Helper()
	p := a.page
	p.until(fmt.Sprintf("the field %q to take a text", label), func() bool {
		e, err := p.element(a.find(label, writable...))
		return err == nil && e.do("function() { this.scrollIntoView({block: 'center', behavior: 'instant'}); this.focus(); if (this.select) this.select(); }", nil) == nil
	})
	if text == "" {
		p.Press("Delete")
	} else {
		p.must("Input.insertText", arguments{"text": text}, nil)
	}
	p.settle()
	return p
}

// Choose selects the option whose text begins so in the list with the label.
func (a *Area) Choose(label, option string) *Page {
	a.page.person.t.Helper()
	p := a.page
	chosen := ""
	p.until(fmt.Sprintf("%q to have the option %q (%s)", label, option, chosen), func() bool {
		e, err := p.element(a.find(label, "combobox", "listbox", "MenuListPopup"))
		if err != nil {
			return false
		}
		err = e.do(`function(option) {
			if (!this.options) return 'no list';
			const text = o => o.text.trim().replace(/\s+/g, ' ');
			const all = [...this.options];
			const found = all.find(o => text(o) === option) || all.find(o => text(o).startsWith(option));
			if (!found) return 'there are: ' + all.map(text).join('; ');
			this.focus();
			this.value = found.value;
			found.selected = true;
			this.dispatchEvent(new Event('input', {bubbles: true}));
			this.dispatchEvent(new Event('change', {bubbles: true}));
			return '';
		}`, &chosen, option)
		return err == nil && chosen == ""
	})
	p.settle()
	return p
}

// Value is what the field with the label holds.
func (a *Area) Value(label string) (value string) {
	a.page.person.t.Helper()
	a.page.until(fmt.Sprintf("the value of %q", label), func() bool {
		e, err := a.page.element(a.find(label, append([]string{"listbox"}, writable...)...))
		return err == nil && e.do("function() { return this.value }", &value) == nil
	})
	return value
}

// Text is what the area shows.
func (a *Area) Text() (text string) {
	a.page.person.t.Helper()
	a.page.until("the text", func() bool {
		if a.roles == nil {
			return a.page.evaluate("document.body ? document.body.innerText : ''", &text) == ""
		}
		t, err := a.page.snapshot()
		if err != nil {
			return false
		}
		part := t.part(a)
		if len(part) == 0 {
			return false
		}
		e, err := a.page.element(part[0])
		return err == nil && e.do("function() { return this.innerText }", &text) == nil
	})
	return strings.Join(strings.Fields(text), " ")
}

// Sees waits until the area shows a text; white space is as good as any other, case does not count, for
// style sheets change it.
func (a *Area) Sees(text string) *Page {
	a.page.person.t.Helper()
	a.page.until(fmt.Sprintf("the text %q", text), func() bool { return a.shows(text) })
	return a.page
}

// SeesOneOf waits until the area shows one of some texts, and returns the first of them that it shows.
func (a *Area) SeesOneOf(texts ...string) (seen string) {
	a.page.person.t.Helper()
	a.page.until(fmt.Sprintf("one of the texts %q", texts), func() bool {
		at := slices.IndexFunc(texts, a.shows)
		if at >= 0 {
			seen = texts[at]
		}
		return at >= 0
	})
	return seen
}

// SeesNot waits until the area shows a text no more.
func (a *Area) SeesNot(text string) *Page {
	a.page.person.t.Helper()
	a.page.until(fmt.Sprintf("the text %q to go", text), func() bool { return !a.shows(text) })
	return a.page
}

func (a *Area) shows(text string) bool {
	return strings.Contains(strings.ToLower(a.Text()), strings.ToLower(strings.Join(strings.Fields(text), " ")))
}
