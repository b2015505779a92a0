package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

func TestMain(m *testing.M) { os.Exit(daemon.Main(m)) }

// goodPage is a page that nothing can be said against; %s is the place for what is wrong.
const goodPage = `<!doctype html>
<html lang="en"><head><title>Good</title><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>:root { color-scheme: light dark; } body { margin: 1rem; font: 16px sans-serif; } button, input, select { min-height: 2rem; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%%); white-space: nowrap; }
a.sr:focus { position: static; width: auto; height: auto; clip-path: none; }
.wide { overflow-x: auto; } td { white-space: nowrap; }</style></head>
<body><a class="sr" href="#main">Skip</a>
<main id="main"><h1>A good page</h1><p>It has enough text, and <span class="sr">text for screen readers alone</span> nothing lies on anything.</p>
<label for="n">Name</label> <input id="n"> <button><span>Create</span></button>
<label for="c">Colour</label> <select id="c"><option value="r">red</option><option value="b">blue</option></select>
<div class="wide" tabindex="0" role="region" aria-label="a table"><table><tr>%s</tr></table></div>
%s</main></body></html>`

func page(wrong string) string {
	return fmt.Sprintf(goodPage, strings.Repeat("<td>a long cell of a table that scrolls</td>", 12), wrong)
}

// site serves pages by path.
func site(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, there := pages[r.URL.Path]
		if !there {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if strings.Contains(r.URL.Path, "csp") {
			w.Header().Set("Content-Security-Policy", "script-src 'self'")
		}
		if strings.Contains(r.URL.Path, "broken") {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestLayoutFindsWhatIsWrong: the judge says nothing of a good page, and names what is wrong with bad ones.
func TestLayoutFindsWhatIsWrong(t *testing.T) {
	b := Launch(t)
	for _, c := range []struct{ name, wrong, fault string }{
		{"good", "", ""},
		{"sticky", `<nav style="position: sticky; bottom: 0">a bar below everything</nav>`, ""},
		{"button", `<button>a text in <b>a button</b></button>`, ""},
		{"shortened", `<p style="width: 4rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">shortened by three points</p>`, ""},
		{"overlap of texts", `<p style="height: 1px">the first text</p><p style="margin-top: -18px">the second text</p>`, "lie on each other"},
		{"overlap of siblings", `<div style="position: relative; height: 3rem"><b style="position: absolute">one</b><i style="position: absolute; left: 5px">two</i></div>`, "lie on each other"},
		{"overlap of controls", `<div><button>delete everything</button><button style="margin-left: -40px">cancel</button></div>`, "lie on each other"},
		{"text on a control", `<div><button>delete everything</button><span style="margin-left: -40px; position: relative">a word</span></div>`, "lie on each other"},
		{"texts of one element", `<div style="position: relative">plain text<span style="position: absolute; left: 0; top: 0">on it</span></div>`, "lie on each other"},
		{"texts of a plot", `<svg width="300" height="40" role="img" aria-label="a plot"><text x="10" y="20">12:00</text><text x="25" y="20">12:05</text></svg>`, "lie on each other"},
		{"too wide", `<div style="width: 2000px; background: #ccc">wide</div>`, "pixels wide in a window of"},
		{"out of the window", `<p style="position: absolute; left: -50px">half of this cannot be seen</p>`, "leaves the window on the left"},
		{"cut off", `<p style="width: 4rem; overflow: hidden; white-space: nowrap">not shortened, only cut off</p>`, "is cut off by"},
		{"missing value", `<p>rate: undefined</p>`, "a value is missing"},
		{"two headings", `<h1>Another heading</h1>`, "2 headings of level 1"},
	} {
		base := site(t, map[string]string{"/": page(c.wrong)})
		p := b.Person(t, base).Open("/")
		for _, v := range []View{Desk, Phone.InTheDark()} {
			judge(t, c.name+", "+v.Name, p.Layout(v, ""), c.fault)
		}
		judge(t, c.name, p.Faults(), "")
		p.Close()
	}
	for name, text := range map[string]string{
		"no main part": `<!doctype html><html lang="en"><title>x</title><h1>text</h1>`, "the main part is empty": `<!doctype html><html lang="en"><title>x</title><main><h1>x</h1></main>`,
		"the page is blank": `<!doctype html><html lang="en"><title>x</title><main></main>`, "has no title": `<!doctype html><html lang="en"><main>x</main>`,
		"its language": `<!doctype html><main>x</main>`,
	} {
		judge(t, name, b.Person(t, site(t, map[string]string{"/": text})).Open("/").Layout(Desk, ""), name)
	}
}

func judge(t *testing.T, name string, faults []string, want string) {
	t.Helper()
	all := strings.Join(faults, "\n")
	if want == "" && len(faults) > 0 || !strings.Contains(all, want) {
		t.Errorf("%s: the faults are %q, want %q", name, faults, want)
	}
}

// TestAxeFindsWhatIsWrong: axe-core judges, and a content-security policy does not keep it out.
func TestAxeFindsWhatIsWrong(t *testing.T) {
	b := Launch(t)
	for _, c := range []struct{ name, wrong, fault string }{
		{"good", "", ""},
		{"no label", `<input type="text">`, "(label, critical)"},
		{"contrast", `<p style="color: #aaa; background: #fff">pale</p>`, "(color-contrast, serious)"},
		{"no name", `<button></button>`, "(button-name, critical)"},
	} {
		p := b.Person(t, site(t, map[string]string{"/csp": page(c.wrong)})).Open("/csp").Expect("Content Security Policy")
		judge(t, c.name, p.Axe("../../out/axe-core"), c.fault)
		p.Close()
	}
}

// TestFaultsAreNoticed: whatever a page does wrong is told, once.
func TestFaultsAreNoticed(t *testing.T) {
	b := Launch(t)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for _, c := range []struct{ path, wrong, fault string }{
		{"/good", "", ""},
		{"/console", `<script>console.warn('careful', 7)</script>`, "console.warning: careful 7"},
		{"/thrown", `<script>null.x</script>`, "exception: Uncaught TypeError"},
		{"/rejected", `<script>Promise.reject(new Error('nobody cares'))</script>`, "nobody cares"},
		{"/csp", `<script>window.pwned = 1</script>`, "ContentSecurityPolicyIssue"},
		{"/other", `<img alt="" src="` + other.URL + `/x.png">`, "a request to another host: " + other.URL},
		{"/missing", `<img alt="" src="/nothing.png">`, "404"},
		{"/broken", "", "status 500"},
		{"/dialog", `<script>alert('hello')</script>`, "a dialog of the browser: hello"},
	} {
		p := b.Person(t, site(t, map[string]string{c.path: page(c.wrong)})).Open(c.path)
		p.still()
		var faults []string
		p.until("the fault of "+c.path, func() bool {
			faults = append(faults, p.Faults()...)
			return c.fault == "" || len(faults) > 0 && strings.Contains(strings.Join(faults, "\n"), c.fault)
		})
		judge(t, c.path, faults, c.fault)
		var pwned bool
		if p.Evaluate("!!window.pwned", &pwned); pwned {
			t.Errorf("%s: the script ran", c.path)
		}
		p.Close()
	}
}

const steps = `<form action="/done"><label>Text <input name="text"></label> <label>Paint <select name="colour"><option value="r">red</option><option value="b">blue</option></select></label>
<label><input type="checkbox" name="yes"> Agree</label> <fieldset><legend>Side</legend><label><input type="radio" name="side" value="l"> left</label> <label><input type="radio" name="side" value="r"> right</label></fieldset>
<button>Send</button></form><details><summary>More</summary><p>hidden at first</p></details>
<script>document.querySelector('[name=text]').addEventListener('input', e => document.querySelector('h1').textContent = e.target.value)</script>`

// TestStepsDoWhatAPersonDoes: by mouse and by keyboard.
func TestStepsDoWhatAPersonDoes(t *testing.T) {
	b := Launch(t)
	base := site(t, map[string]string{"/": page(steps), "/done": page("<p>Thank you</p>")})
	ann := b.Person(t, base)
	p := ann.Open("/")
	p.Click("More").Sees("hidden at first")
	p.Fill("Text", "früh & spät").Sees("früh & spät")
	p.Fill("Text", "late").Choose("Paint", "blue").Click("Agree").Click("right")
	if got := p.Value("Text"); got != "late" {
		t.Errorf("the field holds %q", got)
	}
	p.Click("Send").Sees("Thank you")
	if got := p.Path(); got != "/done?text=late&colour=b&yes=on&side=r" {
		t.Errorf("the form was sent as %s", got)
	}
	p.Goto("/").TabTo("Text").Press("early").TabTo("Paint").Press("ArrowDown").TabTo("Agree").Press("Space").TabTo("left").Press("ArrowDown").TabTo("Send").Press("Enter").Sees("Thank you")
	if got := p.Path(); got != "/done?text=early&colour=b&yes=on&side=r" {
		t.Errorf("by keyboard, the form was sent as %s", got)
	}
	judge(t, "steps", p.Faults(), "")
	p.Goto("/done").Sees("Thank you").SeesNot("Send")
}

// TestFocusIsJudged: by pixels and in order.
func TestFocusIsJudged(t *testing.T) {
	b := Launch(t)
	for _, c := range []struct{ name, wrong, fault string }{
		{"good", `<button>one</button> <button>two</button>`, ""},
		{"unseen", `<style>.bad { outline: none; }</style><button>one</button> <button class="bad">two</button> <button>three</button>`, `the focus on button "two" is not seen`},
		{"unseen alone", `<style>* { outline: none !important; }</style><button>one</button>`, `is not seen`},
		{"without name", `<button></button>`, "has no name"},
		{"out of order", `<p style="height: 1500px"></p><button tabindex="1">below</button>`, "the focus goes from"},
	} {
		p := b.Person(t, site(t, map[string]string{"/": page(c.wrong)})).Open("/")
		judge(t, c.name, FocusFaults(p.Stops(), 900), c.fault)
		p.Close()
	}
}

// TestPeopleAreStrangers: two people do not share cookies, two tabs of one do.
func TestPeopleAreStrangers(t *testing.T) {
	b := Launch(t)
	base := site(t, map[string]string{"/": page("")})
	ann, ben := b.Person(t, base), b.Person(t, base)
	ann.Open("/").Evaluate("document.cookie = 'who=ann'", nil)
	cookie := func(w *Person) (told string) { w.Open("/").Evaluate("document.cookie", &told); return told }
	if ann, ben := cookie(ann), cookie(ben); ann != "who=ann" || ben != "" {
		t.Errorf("ann has the cookies %q, ben has %q", ann, ben)
	}
	start := time.Now()
	ann.Open("/").Evaluate("1", nil)
	t.Logf("a page is opened in %s", time.Since(start).Round(time.Millisecond))
}
