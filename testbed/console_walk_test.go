package testbed

import (
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/console"
	"mirrorgw/testbed/browser"
)

// consoleMux finds the page of the console that a path leads to.
var consoleMux = func() *http.ServeMux {
	mux := http.NewServeMux()
	for _, pattern := range console.Patterns() {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	return mux
}()

// patternOf is the page's entry in the console's table; empty: there is no such page.
func patternOf(path string) string {
	path, _, _ = strings.Cut(path, "#")
	path, _, _ = strings.Cut(path, "?")
	_, pattern := consoleMux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	return pattern
}

// kindOf is the kind of a page: its entry in the table, and the names of its parameters.
func kindOf(path string) string {
	kind := patternOf(path)
	path, _, _ = strings.Cut(path, "#")
	path, query, _ := strings.Cut(path, "?")
	if kind == "" {
		kind = path
	}
	if query == "" {
		return kind
	}
	var names []string
	for parameter := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(parameter, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return kind + "?" + strings.Join(slices.Compact(names), "&")
}

// walk follows links, and looks at pages. Pictures begin with its name.
type walk struct {
	t     *testing.T
	page  *browser.Page
	name  string
	queue []string
	seen  map[string]bool // kinds of pages
}

func newWalk(t *testing.T, page *browser.Page, name string) *walk {
	return &walk{t: t, page: page, name: name, seen: map[string]bool{}}
}

// crawl looks at one page of every kind that links lead to, from a page on, in all views.
func (w *walk) crawl(path string) {
	w.t.Helper()
	w.enqueue("the beginning", path)
	w.follow()
}

// follow looks at what is to be looked at, until no link leads anywhere new.
func (w *walk) follow() {
	w.t.Helper()
	for len(w.queue) > 0 {
		path := w.queue[0]
		w.queue = w.queue[1:]
		w.visit(path, "", viewsOf(path)...)
		for _, link := range linksOf(w.page) {
			w.enqueue(path, link)
		}
	}
}

func (w *walk) enqueue(from, path string) {
	w.t.Helper()
	if patternOf(path) == "" {
		w.t.Errorf("%s links to %s, which the console's table of pages does not have", from, path)
		return
	}
	if kind := kindOf(path); !w.seen[kind] {
		w.seen[kind] = true
		w.queue = append(w.queue, path)
	}
}

// patterns are the entries of the table that the walk has been at.
func (w *walk) patterns() map[string]bool {
	patterns := map[string]bool{}
	for kind := range w.seen {
		pattern, _, _ := strings.Cut(kind, "?")
		patterns[pattern] = true
	}
	return patterns
}

// visit goes to a page and looks at it. What is special about it goes into the name of its pictures.
func (w *walk) visit(path, special string, views ...browser.View) {
	w.t.Helper()
	w.page.Look(browser.Desk).Goto(path)
	w.look(path, strings.Trim(pictureName(path)+"-"+special, "-"), views...)
}

// pictureName is the kind of a page in a file's name.
func pictureName(path string) string {
	name := strings.NewReplacer("{$}", "overview", "{id}", "ID", "/", "-", "?", "-", "&", "-", "=", "-").Replace(kindOf(path))
	return strings.Trim(name, "-")
}

// look looks at what is shown now, by pixels and with axe-core.
func (w *walk) look(what, name string, views ...browser.View) {
	w.t.Helper()
	if len(views) == 0 {
		views = twoViews
	}
	if w.name != "" {
		name = w.name + "-" + name
	}
	faults := map[string][]string{} // the views that have it
	for _, v := range views {
		found := w.page.Layout(v, filepath.Join(consolePictures(w.t), name+"-"+v.Name+".png"))
		if v == browser.Desk || v == browser.Phone.InTheDark() {
			found = append(found, w.page.Axe(axeDirectory)...)
		}
		found = append(found, cutTables(w.page)...)
		for _, fault := range append(found, w.page.Faults()...) {
			faults[fault] = append(faults[fault], v.Name)
		}
	}
	for fault, views := range faults {
		w.t.Errorf("%s (%s, %s): %s", what, name, strings.Join(views, ", "), fault)
	}
	w.page.Look(browser.Desk)
}

// cutTables are tables that can be seen whole only by scrolling sideways.
func cutTables(p *browser.Page) (faults []string) {
	p.Evaluate(`[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(
		e => 'a table of ' + e.scrollWidth + ' pixels in a place of ' + e.clientWidth + ': ' + e.innerText.replace(/\s+/g, ' ').slice(0, 60))`, &faults)
	return faults
}

// twoViews are those of pages that differ little from others.
var twoViews = []browser.View{browser.Desk, browser.Phone.InTheDark()}

// viewsOf are the windows that a page is looked at in. Another order of a list is looked at in two.
func viewsOf(path string) []browser.View {
	if strings.Contains(path, "?") {
		return twoViews
	}
	return browser.Views()
}

// linksOf are the paths within the console that a page links to, or has other buttons of a form for.
func linksOf(p *browser.Page) (links []string) {
	p.Evaluate(`[...document.querySelectorAll('a[href]')].filter(a => a.origin === location.origin && !a.hasAttribute('download')).map(a => a.pathname + a.search).concat(
		[...document.querySelectorAll('[formaction]')].map(b => new URL(b.formAction).pathname))`, &links)
	slices.Sort(links)
	return links
}
