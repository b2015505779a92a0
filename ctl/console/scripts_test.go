package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console"
	"mirrorgw/ctl/server"
)

// attempts at having a browser run what a user typed.
var scriptAttempts = []string{`<script>alert(1)</script>`, `"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `</title><svg onload=alert(1)>`,
	`javascript:alert(1)`, `{{.Token}}`, `</textarea><script>alert(1)</script>`, "`${alert(1)}`", `<!--<script>`, `]]><script>alert(1)</script>`, `&lt;script&gt;alert(1)&lt;/script&gt;`,
	"\u2028<script>alert(1)</script>", `" autofocus onfocus=alert(1) x="`}

// stays checks that a text is text in a page: the page has no element, attribute or address of it.
func stays(t rapid.TB, path, page, text string) {
	if err := foreignMarkup(page); err != nil {
		t.Errorf("%s: %v after %q", path, err, text)
	}
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%s: %d scripts in the page after %q", path, n, text)
	}
}

// TestStoredScripts: whatever the names, descriptions and tags of resources have in them stays text on
// every page that shows them.
func TestStoredScripts(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	ctx := server.WithCaller(t.Context(), adminCaller)
	for half := range 2 {
		text, tags := "", map[string]any{}
		for i, attempt := range scriptAttempts {
			if i%2 == half {
				text, tags[attempt] = text+attempt, attempt
			}
		}
		text = text[:min(len(text), 120)]
		change := map[string]any{"description": text, "tags": tags}
		_, err := w.client.Interfaces().Modify(ctx, "eni-11111111111111111", map[string]any{"description": text, "tags": tags, "instanceId": text, "availabilityZone": text, "imageId": text})
		for _, err := range []error{err, second(w.client.Filters().Modify(ctx, "tmf-11111111111111111", change)), second(w.client.Sessions().Modify(ctx, "tms-11111111111111111", change)),
			second(w.client.LoadBalancers().Modify(ctx, "nlb-11111111111111111", change)), second(w.client.Targets().Modify(ctx, "tmt-11111111111111111", change))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for pattern, path := range examplePaths {
			kind, _, _ := strings.Cut(pattern, "/{")
			for _, path := range []string{kind, kind + "/new", path, path + "/tags", path + "/delete", path + "/modify"} {
				_, page := b.get(path)
				stays(t, path, page, text)
			}
		}
	}
}

// TestTemplatesEscape: no text gets out of its place in any template.
func TestTemplatesEscape(t *testing.T) {
	piece := rapid.OneOf(rapid.SampledFrom(scriptAttempts), rapid.StringOf(rapid.RuneFrom([]rune("<>\"'`&;=/ {}()\\\n\x00aé\u2028"))))
	rapid.Check(t, func(t *rapid.T) {
		text := func() string { return piece.Draw(t, "text") }
		for name, page := range console.RenderWith(text) {
			if err := foreignMarkup(page); err != nil {
				t.Errorf("template %s: %v", name, err)
			}
		}
	})
}

func second[T any](_ *api.Changed[T], err error) error { return err }

// TestReflectedScripts: what a form or an address brings stays text in the answer.
func TestReflectedScripts(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	for _, text := range scriptAttempts {
		for _, p := range w.console.Pages() {
			path := pathOf(t, p.Path)
			if p.Get {
				_, page := b.get(path + "?" + url.Values{"q": {text}, "sort": {text}, "next": {text}, "link": {text}, "name": {text}, "description": {text}, "page": {text}}.Encode())
				if !strings.HasPrefix(page, "/") {
					stays(t, path, page, text)
				}
			}
			if p.Post && path != "/logout" && path != "/enter" && path != "/login" {
				form := []string{"was", "{}", "revision", "1", "confirm", text, "tagKey", text, "tagValue", text, "tagKey", text, "tagValue", "2"}
				for _, name := range []string{"name", "description", "type", "target", "mtu", "port", "networkInterfaceId", "sessionNumber", "macAddress"} {
					form = append(form, name, text)
				}
				status, page := b.post(path, form...)
				if status == http.StatusSeeOther { // a rule may have any description
					_, page = b.get(page)
				}
				stays(t, path, page, text)
			}
		}
		visitor := w.browser()
		visitor.get("/login")
		_, page := visitor.post("/login", "accessKeyId", text, "secretAccessKey", text, "next", text)
		stays(t, "/login", page, text)
		_, page = visitor.get("/" + url.PathEscape(text))
		stays(t, "/…", page, text)
	}
}
