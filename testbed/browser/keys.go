package browser

import (
	"bytes"
	"fmt"
	"strings"
)

// key is a key of the keyboard.
type key struct {
	code  string
	value int // what Windows called it, which browsers still ask for
	text  string
}

var keys = map[string]key{
	"Tab": {"Tab", 9, ""}, "Enter": {"Enter", 13, "\r"}, "Escape": {"Escape", 27, ""}, " ": {"Space", 32, " "}, "Delete": {"Delete", 46, ""},
	"Backspace": {"Backspace", 8, ""}, "Home": {"Home", 36, ""}, "End": {"End", 35, ""},
	"ArrowLeft": {"ArrowLeft", 37, ""}, "ArrowUp": {"ArrowUp", 38, ""}, "ArrowRight": {"ArrowRight", 39, ""}, "ArrowDown": {"ArrowDown", 40, ""},
}

const shift = 8

// Press presses keys, one after the other: "Tab", "Shift+Tab", "Enter", "Space", "ArrowDown"; anything
// else is typed, character by character.
func (p *Page) Press(names ...string) *Page {
	p.person.t.Helper()
	for _, name := range names {
		modifiers := 0
		if rest, with := strings.CutPrefix(name, "Shift+"); with {
			name, modifiers = rest, shift
		}
		if name == "Space" {
			name = " "
		}
		if k, known := keys[name]; known {
			p.press(name, k, modifiers)
			continue
		}
		for _, r := range name {
			p.press(string(r), key{"", 0, string(r)}, 0)
		}
	}
	p.settle()
	return p
}

func (p *Page) press(name string, k key, modifiers int) {
	p.person.t.Helper()
	params := arguments{"type": "rawKeyDown", "key": name, "code": k.code, "windowsVirtualKeyCode": k.value, "modifiers": modifiers}
	if k.text != "" {
		params["type"], params["text"] = "keyDown", k.text
	}
	p.must("Input.dispatchKeyEvent", params, nil)
	p.must("Input.dispatchKeyEvent", arguments{"type": "keyUp", "key": name, "code": k.code, "windowsVirtualKeyCode": k.value, "modifiers": modifiers}, nil)
}

// Focused is the element that has the focus, as a screen reader introduces it: `button "Create"`.
func (p *Page) Focused() (told string) {
	p.person.t.Helper()
	p.until("the focus", func() bool {
		t, err := p.snapshot()
		if err != nil {
			return false
		}
		told = ""
		for _, n := range t.nodes {
			if !n.Ignored && n.is("focused") && n.Role.text() != "RootWebArea" {
				told = n.String()
			}
		}
		return true
	})
	return told
}

// TabTo presses Tab until an element whose name begins so has the focus, and fails when the focus has gone
// round without it.
func (p *Page) TabTo(name string) *Page {
	p.person.t.Helper()
	var passed []string
	for range 200 {
		p.Press("Tab")
		focused := p.Focused()
		if strings.Contains(strings.ToLower(focused), strings.ToLower(` "`+name)) {
			return p
		}
		passed = append(passed, focused)
	}
	p.fail("Tab does not lead to %q, only to %s", name, strings.Join(passed, ", "))
	return p
}

// Stop is where the focus goes with Tab.
type Stop struct {
	Told      string // role and name
	Left, Top float64
	Visible   bool // the page looks different without the focus there
}

// focusBox is where the focused element is in the document, with room for an outline.
const focusBox = `(() => {
	let e = document.activeElement;
	if (!e || e === document.body || e === document.documentElement) return null;
	let r = e.getBoundingClientRect();
	if ((r.width < 4 || r.height < 4) && e.labels && e.labels.length) r = e.labels[0].getBoundingClientRect();
	return {x: Math.max(0, r.left + scrollX - 6), y: Math.max(0, r.top + scrollY - 6), width: r.width + 12, height: r.height + 12};
})()`

// withoutFocus takes the focus away from an element, and returnFocus gives it back as the keyboard does.
const (
	withoutFocus = `window.focusWas = document.activeElement; focusWas.blur()`
	returnFocus  = `focusWas.focus({focusVisible: true, preventScroll: true})`
)

// Stops presses Tab from the beginning of the document until the focus leaves it or begins anew, and tells
// where it stopped. Visible is by the pixels: with the focus and without it.
func (p *Page) Stops() (stops []Stop) {
	p.person.t.Helper()
	p.Evaluate("document.activeElement && document.activeElement.blur(); scrollTo(0, 0)", nil)
	p.still()
	for range 300 {
		p.Press("Tab")
		box, there := p.focusBox()
		if !there {
			return stops
		}
		told := p.Focused()
		if len(stops) > 0 && told == stops[0].Told && box.X == stops[0].Left && box.Y == stops[0].Top {
			return stops // it has gone round
		}
		stops = append(stops, Stop{told, box.X, box.Y, p.showsFocus()})
	}
	p.fail("the focus does not leave the page after %d stops, the last at %s", len(stops), stops[len(stops)-1].Told)
	return nil
}

// rectangle is a part of the document, in pixels.
type rectangle struct{ X, Y, Width, Height float64 }

// focusBox is where the focus is; nothing has it when the document's end was reached.
func (p *Page) focusBox() (box rectangle, there bool) {
	p.person.t.Helper()
	var found *rectangle
	if p.Evaluate(focusBox, &found); found == nil {
		return box, false
	}
	return *found, true
}

// showsFocus says whether the place of the focus looks different without it. Where the page has moved meanwhile,
// because numbers on it did, it is looked at again.
func (p *Page) showsFocus() bool {
	p.person.t.Helper()
	for range 10 {
		box, _ := p.focusBox()
		clip := arguments{"x": box.X, "y": box.Y, "width": box.Width, "height": box.Height, "scale": 1}
		with := p.shot(clip)
		p.Evaluate(withoutFocus, nil)
		without := p.shot(clip)
		p.Evaluate(returnFocus, nil)
		if !bytes.Equal(with, without) {
			return true
		}
		if after, _ := p.focusBox(); after == box {
			return false
		}
	}
	return false
}

// FocusFaults judges the stops: each has a name, is seen, and none leads up the page: the focus may go
// back by at most one screen, as from the end of one column to the beginning of the next.
func FocusFaults(stops []Stop, screen float64) (faults []string) {
	for i := range stops {
		s := &stops[i]
		if s.Told == "" || strings.HasSuffix(s.Told, `""`) {
			faults = append(faults, fmt.Sprintf("stop %d at %.0f,%.0f has no name: %s", i+1, s.Left, s.Top, s.Told))
		}
		if !s.Visible {
			faults = append(faults, fmt.Sprintf("the focus on %s is not seen", s.Told))
		}
		if i > 0 && s.Top < stops[i-1].Top-screen {
			faults = append(faults, fmt.Sprintf("the focus goes from %s up to %s", stops[i-1].Told, s.Told))
		}
	}
	return faults
}
