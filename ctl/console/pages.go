package console

import (
	"net/http"
	"slices"
	"strings"

	"mirrorgw/ctl/api"
)

// Paths that are not of one kind of resource.
const (
	pathHome   = "/"
	pathLogin  = "/login"
	pathLogout = "/logout"
	pathEnter  = "/enter" // ?link=: a one-time link
	pathAssets = "/assets/"
	pathEvents = "/events"
)

// Door is what the audit log calls the console.
const Door = "console"

// page is one thing that can be looked at or done.
type page struct {
	path  string // of http.ServeMux; a part may be {id}
	title string // without what it is about, which reply.title may add
	nav   string // path of the entry of the navigation that it belongs to
	asks  string // request to the API that whoever may have the page could make, such as "DELETE /v1/targets/{id}"; empty: whoever has logged in
	open  bool   // nobody needs to have logged in

	get  func(*visit) (*reply, error)
	post func(*visit) (*reply, error) // nil: there is no form. An answer without an error redirects, or shows the form again
}

// methods are those that the page takes.
func (p *page) methods() string {
	if p.post == nil {
		return "GET, HEAD"
	}
	if p.get == nil {
		return "POST"
	}
	return "GET, HEAD, POST"
}

// question is the request of asks with the identifier of the path.
func (p *page) question(r *http.Request) (method, path string) {
	method, path, _ = strings.Cut(p.asks, " ")
	return method, strings.ReplaceAll(path, "{id}", r.PathValue("id"))
}

// navigation is the menu: sections, each with pages of the table by their path. Entries whose page
// the user may not have are left out.
var navigation = []struct {
	heading string
	paths   []string
}{
	{"", []string{pathHome}},
	{"Traffic mirroring", []string{"/sessions", "/targets", "/filters", "/shares"}},
	{"Network", []string{"/interfaces", "/load-balancers"}},
	{"Look closer", []string{pathExplain, pathCapture, pathAudit}},
	{"Gateway", []string{"/metrics", "/settings"}},
}

// allPages is everything there is. No page exists outside this table.
func (s *Server) allPages() []*page {
	pages := []*page{
		{path: pathHome + "{$}", title: "Overview", nav: pathHome, get: (*visit).overview},
		{path: "/metrics", title: "Metrics", nav: "/metrics", asks: get(api.PathStats), get: (*visit).metrics},
		{path: "/settings", title: "Settings", nav: "/settings", asks: get(api.PathState), get: (*visit).settings},
		{path: pathLogin, title: "Log in", open: true, get: (*visit).loginForm, post: (*visit).login},
		{path: pathEnter, title: "Log in", open: true, get: (*visit).enterForm, post: (*visit).enter},
		{path: pathExplain, title: "Explain", nav: pathExplain, asks: post(api.PathExplain), get: (*visit).explain},
		{path: pathCapture, title: "Capture", nav: pathCapture, asks: post(api.PathCapture), get: (*visit).captureList, post: (*visit).capture},
		{path: pathWatch, title: "Capture", nav: pathCapture, asks: post(api.PathCapture), get: (*visit).captureList, post: (*visit).watching},
		{path: pathAudit, title: "Audit log", nav: pathAudit, asks: get(api.PathAudit), get: (*visit).auditList},
		{path: pathAudit + "/{id}", title: "Entry of the audit log", nav: pathAudit, asks: get(api.PathAudit), get: (*visit).auditDetail},
		{path: pathLogout, title: "Log out", post: (*visit).logout},
	}
	pages = append(pages, mirrorSessions.pages()...)
	pages = append(pages, &page{path: pathGuide, title: "Create a session", nav: "/sessions", asks: post(api.PathSessions), get: (*visit).guide, post: (*visit).takeStep})
	pages = append(pages, targets.pages()...)
	pages = append(pages, filters.pages()...)
	for _, direction := range []string{"ingress", "egress"} {
		pages = append(pages, &page{path: rulesPath("{id}", direction), title: "Rules", nav: filters.path, asks: get(api.PathRules), get: func(v *visit) (*reply, error) { return v.rulesOf(direction) }})
	}
	pages = append(pages, filterRules.pages()...)
	pages = append(pages, interfaces.pages()...)
	pages = append(pages, shares.pages()...)
	pages = append(pages, &page{path: "/shares/{id}/answer", title: "Answer an invitation", nav: "/shares", asks: get(api.PathShares), get: (*visit).invitationForm, post: (*visit).answerInvitation})
	return append(pages, balancers.pages()...)
}

// navSection is a part of the menu.
type navSection struct {
	Heading string
	Entries []navEntry
}

// ID is that of the heading.
func (n navSection) ID() string {
	return "menu-" + strings.ReplaceAll(strings.ToLower(n.Heading), " ", "-")
}

type navEntry struct {
	Label, Path string
	Current     bool
}

// menu is the navigation for the user.
func (v *visit) menu() (sections []navSection) {
	if v.session == nil {
		return nil
	}
	for _, n := range navigation {
		section := navSection{Heading: n.heading}
		for _, path := range n.paths {
			i := slices.IndexFunc(v.pages, func(p *page) bool { return strings.TrimSuffix(p.path, "{$}") == path })
			if i < 0 {
				continue
			}
			p := v.pages[i]
			if method, asked := p.question(v.r); method == "" || v.may(method, asked) {
				section.Entries = append(section.Entries, navEntry{p.title, path, v.page.nav == path})
			}
		}
		if len(section.Entries) > 0 {
			sections = append(sections, section)
		}
	}
	return sections
}

// Requests that pages ask about.
func get(path string) string   { return http.MethodGet + " " + path }
func post(path string) string  { return http.MethodPost + " " + path }
func patch(path string) string { return http.MethodPatch + " " + path + "/{id}" }
func drop(path string) string  { return http.MethodDelete + " " + path + "/{id}" }
func tagging() string          { return http.MethodPut + " " + api.PathTags + "/{id}" }
