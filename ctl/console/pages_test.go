package console_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"mirrorgw/ctl/server"
)

// examplePaths are what pages with an identifier in their path are asked for with.
var examplePaths = map[string]string{
	"/audit/{id}":          "/audit/1-1", // TestEveryPage takes one that is there
	"/sessions/{id}":       "/sessions/tms-11111111111111111",
	"/targets/{id}":        "/targets/tmt-11111111111111111",
	"/filters/{id}":        "/filters/tmf-11111111111111111",
	"/rules/{id}":          "/rules/tmfr-11111111111111111",
	"/interfaces/{id}":     "/interfaces/eni-11111111111111111",
	"/shares/{id}":         "/shares/11111111-1111-4111-8111-111111111111",
	"/load-balancers/{id}": "/load-balancers/nlb-11111111111111111",
}

// pathOf is a path of a page, or the example of the longest pattern that it begins with.
func pathOf(t *testing.T, pattern string) string {
	t.Helper()
	pattern = strings.TrimSuffix(pattern, "{$}")
	for known, example := range examplePaths {
		if rest, ok := strings.CutPrefix(pattern, known); ok && !strings.Contains(rest, "{") {
			return example + rest
		}
	}
	if strings.Contains(pattern, "{") {
		t.Fatalf("page %s has no example in examplePaths", pattern)
	}
	return pattern
}

var (
	inlineScript = regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|\son[a-z]+=|javascript:`)
	inlineStyle  = regexp.MustCompile(`(?i)<style|\sstyle=`)
	foreign      = regexp.MustCompile(`(?i)(?:src|href|action)="(?:https?:)?//`)
	identifiers  = regexp.MustCompile(`\sid="([^"]*)"`)
	labelled     = regexp.MustCompile(`<(?:input|select|textarea)([^>]*)>`)
	headings     = regexp.MustCompile(`<h([1-6])`)
	references   = regexp.MustCompile(`(?:for|aria-describedby|aria-labelledby|list)="([^"]*)"`)
)

// TestEveryPage: what is in the table answers, has a title and one h1, no script or style of its own,
// labels, and the headers of every answer.
func TestEveryPage(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	count := 0
	for _, p := range w.console.Pages() {
		if !p.Get {
			continue
		}
		visitor := b
		if p.Open {
			visitor = w.browser()
		}
		path := pathOf(t, p.Path)
		if p.Path == "/audit/{id}" {
			_, log := visitor.get("/audit")
			path = regexp.MustCompile(`/audit/[0-9a-f]+-[0-9a-f]+`).FindString(log)
		}
		if path == "/enter" {
			link, _, _ := w.console.Link(server.Caller{Role: server.Admin})
			path = strings.TrimPrefix(link, "http://127.0.0.1:8790")
		}
		answer, text := visitor.send(httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.Code, text)
			continue
		}
		checkPage(t, path, text)
		checkHeaders(t, path, answer.Header())
		count++
	}
	if count < 30 {
		t.Errorf("only %d pages were looked at", count)
	}
}

func checkPage(t *testing.T, path, text string) {
	t.Helper()
	if !strings.HasPrefix(text, "<!doctype html>\n<html lang=\"en\">") || strings.Contains(text, "<title> –") || !strings.Contains(text, "<title>") {
		t.Errorf("%s: no document with a language and a title", path)
	}
	if n := strings.Count(text, "<h1>"); n != 1 {
		t.Errorf("%s: %d h1", path, n)
	}
	if err := foreignMarkup(text); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	for what, expression := range map[string]*regexp.Regexp{"a script": inlineScript, "a style": inlineStyle, "a foreign address": foreign} {
		if found := expression.FindString(text); found != "" {
			t.Errorf("%s: %s in the page: %s", path, what, found)
		}
	}
	last := byte('1')
	for _, h := range headings.FindAllStringSubmatch(text, -1) {
		if h[1][0] > last+1 {
			t.Errorf("%s: h%s after h%c", path, h[1], last)
		}
		last = h[1][0]
	}
	checkIdentifiers(t, path, text)
}

func checkIdentifiers(t *testing.T, path, text string) {
	t.Helper()
	known := map[string]bool{}
	for _, id := range identifiers.FindAllStringSubmatch(text, -1) {
		if known[id[1]] {
			t.Errorf("%s: the id %s is there twice", path, id[1])
		}
		known[id[1]] = true
	}
	for _, reference := range references.FindAllStringSubmatch(text, -1) {
		for _, id := range strings.Fields(reference[1]) {
			if !known[id] {
				t.Errorf("%s: there is no id %s", path, id)
			}
		}
	}
	for _, input := range labelled.FindAllStringSubmatch(text, -1) {
		id := regexp.MustCompile(`\sid="([^"]*)"`).FindStringSubmatch(input[1])
		hidden := strings.Contains(input[1], `type="hidden"`)
		if !hidden && (id == nil || !strings.Contains(text, `for="`+id[1]+`"`)) {
			t.Errorf("%s: an input has no label: %s", path, input[0])
		}
	}
}

func checkHeaders(t *testing.T, path string, header http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy":    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		"X-Content-Type-Options":     "nosniff",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy":            "same-origin",
		"Cache-Control":              "no-store",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %s is %q", path, name, got)
		}
	}
}

// TestEveryForm: no form does anything without the token of the log-in, from another origin, or
// without a log-in.
func TestEveryForm(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	before := w.revision()
	for _, p := range w.console.Pages() {
		if !p.Post {
			continue
		}
		path := pathOf(t, p.Path)
		for name, headers := range map[string]map[string]string{
			"a foreign origin":          {"Origin": "http://evil.example", "Sec-Fetch-Site": ""},
			"another site":              {"Sec-Fetch-Site": "cross-site"},
			"another port":              {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"},
			"an origin without a name":  {"Origin": "null", "Sec-Fetch-Site": ""},
			"no word of where it is of": {"Origin": "", "Sec-Fetch-Site": ""},
		} {
			b.headers = headers
			if status, text := b.post(path, "confirm", "delete"); status != http.StatusForbidden {
				t.Errorf("%s from %s: %d %s", path, name, status, text)
			}
		}
		b.headers = nil
		good := b.token
		for _, wrong := range []string{"", "x", good + "x"} {
			b.token = wrong
			if status, text := b.post(path, "confirm", "delete"); status != http.StatusForbidden {
				t.Errorf("%s with the token %q: %d %s", path, wrong, status, text)
			}
			b.token = good
		}
		if status, to := w.browser().post(path, "confirm", "delete"); !p.Open && (status != http.StatusSeeOther || to != "/login") {
			t.Errorf("%s without a log-in: %d %s", path, status, to)
		}
	}
	if w.revision() != before {
		t.Error("something has changed")
	}
	if status, _ := b.get("/"); status != http.StatusOK {
		t.Errorf("the log-in has ended: %d", status)
	}
}

// TestNotLoggedIn: every page but the open ones leads to the log-in, and back.
func TestNotLoggedIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for _, p := range w.console.Pages() {
		if path := pathOf(t, p.Path); p.Get && !p.Open {
			if status, to := b.get(path + "?q=1"); status != http.StatusSeeOther || !strings.HasPrefix(to, "/login?next=%2F") || !strings.HasSuffix(to, "%3Fq%3D1") {
				t.Errorf("%s: %d %s", path, status, to)
			}
		}
	}
	if status, text := b.get("/events"); status != http.StatusUnauthorized {
		t.Errorf("/events: %d %s", status, text)
	}
	if status, text := b.get("/nowhere"); status != http.StatusNotFound || !strings.Contains(text, "There is no such page.") {
		t.Errorf("/nowhere: %d %s", status, text)
	}
}

func TestHost(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for host, want := range map[string]int{"127.0.0.1:8790": 200, "127.0.0.1": 200, "localhost:8790": 200, "LOCALHOST:1": 200, "[::1]:8790": 200,
		"gateway.example": 200, "Gateway.Example:8790": 200, "evil.example:8790": 421, "": 421, "192.0.2.1:8790": 421, "127.0.0.1.evil.example": 421} {
		b.headers = map[string]string{"Host": host}
		if status, text := b.get("/login"); status != want {
			t.Errorf("%q: %d %s", host, status, text)
		}
	}
}

func TestAssets(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	_, text := b.get("/login")
	paths := regexp.MustCompile(`/assets/[^"]+`).FindAllString(text, -1)
	if len(paths) < 5 {
		t.Fatalf("%q", paths)
	}
	script := paths[len(paths)-1]
	for _, path := range append(paths, strings.Replace(script, "console.js", "tags.js", 1), strings.Replace(script, "console.js", "plots.js", 1)) {
		answer, text := b.send(httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != 200 || text == "" || !strings.Contains(answer.Header().Get("Cache-Control"), "immutable") || answer.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", path, answer.Code, answer.Header())
		}
	}
	for _, path := range []string{"/assets/", "/assets/x/none.css", "/assets/x/../server.go", "/assets/x/%2e%2e/server.go"} {
		if status, _ := b.get(path); status == 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	answer, _ := b.send(httptest.NewRequest(http.MethodGet, "/assets/older/console.css", nil))
	if answer.Code != 200 || answer.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("of another version: %d %v", answer.Code, answer.Header())
	}
}

// TestWordsOfPrograms: people are not sent to requests of the API.
func TestWordsOfPrograms(t *testing.T) {
	w := newWorld(t)
	w.apply(explainable)
	b := w.admin()
	for _, path := range []string{"/sessions/tms-0123456789abcdef0", "/targets/tmt-0123456789abcdef0/modify", question("source", "nobody", "direction", "egress")} {
		if _, text := b.get(path); strings.Contains(text, "GET /") || !strings.Contains(text, "There is no ") {
			t.Errorf("%s says:\n%s", path, text)
		}
	}
}
