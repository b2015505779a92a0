package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/*
var assetFiles embed.FS

// reply is what a page answers: a template with its data, or where to go.
type reply struct {
	status   int    // 0: 200
	template string // name of a file in templates, without .html
	title    string // empty: the page's
	crumbs   []crumb
	data     any
	redirect string                    // instead of all that: a path
	stream   func(http.ResponseWriter) // then: writes the answer
	wall     bool                      // the page is looked at for days: what its head says moves, and comes from the numbers of the overview

	setCookie bool
	cookie    string // of a log-in; empty: it is over
}

// crumb is a page above this one.
type crumb struct{ Label, Path string }

// frame is what every template gets.
type frame struct {
	Title, Gateway, Version string
	User                    string // empty: nobody has logged in
	Token                   string // for forms
	Menu                    []navSection
	Crumbs                  []crumb
	Flashes                 []flash
	Health                  *health // nil: the user may not know
	Since                   string  // what the page knows of changes (live.Hub.Since); empty: it does not move
	Wall                    bool    // what the head says of the gateway moves
	Watch                   string  // ID of the resource, or the kind, whose changes by others it tells of
	Data                    any
}

// fieldToken is the name of the hidden input with the log-in's token.
const fieldToken = "csrf"

// templates are the pages' templates, each with the base and the partials.
var templates = parseTemplates()

// parseTemplates panics on a template that cannot be read: every test would show it.
func parseTemplates() map[string]*template.Template {
	base := template.Must(template.New("").Funcs(functions).ParseFS(templateFiles, "templates/base.html", "templates/partials.html"))
	all := map[string]*template.Template{}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		short := strings.TrimSuffix(path.Base(name), ".html")
		if short != "base" && short != "partials" {
			all[short] = template.Must(template.Must(base.Clone()).ParseFS(templateFiles, name))
		}
	}
	return all
}

// functions are what templates can use.
var functions = template.FuncMap{
	"asset": assetPath,
	"time":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"dict":  dict,
	"shown": shown,
}

// dict makes a map of pairs, to hand a partial more than one thing.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict has %d arguments; give it pairs", len(pairs))
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("argument %d of dict is no name", i)
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// write answers.
func (v *visit) write(w http.ResponseWriter, a *reply) {
	if a.setCookie {
		v.setCookie(w, a.cookie)
	}
	if a.redirect != "" {
		http.Redirect(w, v.r, a.redirect, http.StatusSeeOther)
		return
	}
	if a.stream != nil {
		a.stream(w)
		return
	}
	f := frame{Title: a.title, Gateway: v.Gateway, Version: v.Version, Menu: v.menu(), Crumbs: a.crumbs, Data: a.data}
	if f.Title == "" {
		f.Title = v.page.title
	}
	if v.session != nil {
		f.User, f.Token, f.Flashes, f.Health = v.session.user(), v.session.csrf, v.session.told(), v.currentHealth(a.wall)
		f.Since, f.Watch, f.Wall = v.since, v.watch(), a.wall
	}
	var text bytes.Buffer
	if err := templates[a.template].ExecuteTemplate(&text, "base", &f); err != nil {
		panic(fmt.Sprintf("template %s: %v", a.template, err))
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(a.status)
	w.Write(text.Bytes())
}

// assetVersion changes with the assets, so that browsers may keep them for ever.
var assetVersion = hashAssets()

func hashAssets() string {
	sum := sha256.New()
	err := fs.WalkDir(assetFiles, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := assetFiles.ReadFile(name)
		fmt.Fprintln(sum, name, len(text))
		sum.Write(text)
		return err
	})
	if err != nil {
		panic(err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func assetPath(name string) string { return pathAssets + assetVersion + "/" + name }

var assetTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// serveAsset answers with a file; of another version too, so that a page from before an upgrade works.
func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request) {
	version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, pathAssets), "/")
	text, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	if version == assetVersion {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", assetTypes[path.Ext(name)])
	w.Write(text)
}
