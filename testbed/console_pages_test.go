package testbed

import (
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"mirrorgw/testbed/browser"
)

// axeDirectory is where make test-console puts axe-core.
const axeDirectory = "../out/axe-core"

// TestConsolePages goes wherever links of the console lead, and looks at every page in every window, light
// and dark. The pictures stay in out/console.
func TestConsolePages(t *testing.T) {
	c := newConsoleGateway(t, consoleResources)
	b := launch(t)
	c.awaitFrames()
	w := &walk{t: t, page: c.admin(t, b), seen: map[string]bool{}}
	w.enqueue("/")
	for len(w.queue) > 0 {
		path := w.queue[0]
		w.queue = w.queue[1:]
		w.visit(path)
	}
	if len(w.seen) < 20 {
		t.Errorf("links lead to %d kinds of pages only", len(w.seen))
	}
	stranger := &walk{t: t, page: b.Person(t, c.base).Tab().Expect("status of 404").Expect("status of 410"), seen: map[string]bool{}, alone: true}
	stranger.visit("/login")
	stranger.visit("/login?next=/sessions")
	stranger.visit(strings.TrimPrefix(c.oneTimeLink(), c.base))
	stranger.visit("/enter?link=used")
	stranger.visit("/nothing/here")
	w.page.Expect("status of 404")
	w.visit("/nothing/here")
	w.visit("/sessions/tms-0123456789abcdef0")
	w.visit("/sessions?q=nothing+has+this+name")
}

// walk follows links.
type walk struct {
	t     *testing.T
	page  *browser.Page
	queue []string
	seen  map[string]bool // kinds of pages
	alone bool            // links are not followed
}

var idForm = regexp.MustCompile(`\b[a-z]+-[0-9a-f]{17}|/[0-9]+\b`)

// kindOf is the kind of a page: its path without identifiers, and the names of its parameters.
func kindOf(path string) string {
	path, _, _ = strings.Cut(path, "#")
	path, query, _ := strings.Cut(path, "?")
	var names []string
	for parameter := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(parameter, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	kind := idForm.ReplaceAllString(path, "/ID")
	if query != "" {
		kind += "?" + strings.Join(slices.Compact(names), "&")
	}
	return strings.ReplaceAll(kind, "//", "/")
}

func (w *walk) enqueue(path string) {
	if kind := kindOf(path); !w.seen[kind] && !w.alone {
		w.seen[kind] = true
		w.queue = append(w.queue, path)
	}
}

// visit looks at one page, and notes where its links lead.
func (w *walk) visit(path string) {
	w.t.Helper()
	p := w.page.Look(browser.Desk).Goto(path)
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-").Replace(kindOf(path)), "-")
	if name == "" {
		name = "overview"
	}
	if w.alone {
		name = "stranger-" + name
	}
	faults := map[string][]string{} // the views that have it
	for _, v := range viewsOf(path) {
		found := p.Layout(v, filepath.Join(consolePictures(w.t), name+"-"+v.Name+".png"))
		if v == browser.Desk || v == browser.Phone.InTheDark() {
			found = append(found, p.Axe(axeDirectory)...)
		}
		for _, fault := range append(found, p.Faults()...) {
			faults[fault] = append(faults[fault], v.Name)
		}
	}
	for fault, views := range faults {
		w.t.Errorf("%s (%s): %s", path, strings.Join(views, ", "), fault)
	}
	for _, link := range linksOf(p) {
		w.enqueue(link)
	}
}

// viewsOf are the windows that a page is looked at in. Another order of a list is looked at in two.
func viewsOf(path string) []browser.View {
	if strings.Contains(path, "?") {
		return []browser.View{browser.Desk, browser.Phone.InTheDark()}
	}
	return browser.Views()
}

// linksOf are the paths within the console that a page links to, forms by GET included.
func linksOf(p *browser.Page) (links []string) {
	p.Evaluate(`[...document.querySelectorAll('a[href]')].filter(a => a.origin === location.origin && !a.hasAttribute('download')).map(a => a.pathname + a.search)`, &links)
	sort.Strings(links)
	return links
}
