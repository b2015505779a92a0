package console

import (
	"html/template"
	"net/http"
	"slices"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// resource is how the console shows one kind of resource, and has it made and changed. W is the
// API's type.
type resource[W any] struct {
	path       string // "/targets": the list; below it are new, {id}, {id}/modify, {id}/tags and {id}/delete
	api        string // path of the collection
	title      string // of the list and in the menu
	nav        string // path of the entry of the menu that its pages belong to; empty: path
	one, many  string // in sentences
	collection func(*client.Client) client.Collection[W]
	id         func(*W) string
	common     func(*W) *api.Common

	columns      []column[W]
	fields       func(v *visit) ([]field, error)                      // of the form, the name first
	texts        func(v *visit, w *W) map[string]string               // what they show of a resource
	body         func(f *form) map[string]any                         // what the API takes of them; nil: form.body
	groups       func() []*rowEditor                                  // of the form, besides; nil: none
	groupsChange bool                                                 // they are in the form that changes one too, and not only in the one that makes one
	owner        func(w *W) string                                    // path of the page that it is shown on, where it has none of its own; nil: it has
	made         func(v *visit, f *form) (path string, above []crumb) // then, of the one that a form makes
	crumbs       func(v *visit, w *W) []crumb                         // then, the pages above those about one
	aliases      map[string]string                                    // fields of the form by fields of the API, where they have another name
	guide        func() string                                        // path of the guide that makes one too; nil: there is none
	sections     func(v *visit, w *W) ([]section, error)              // of the page about one, the facts first
}

// column is one of a list.
type column[W any] struct {
	label string
	field string // JSON name to sort by; empty: the list cannot be
	cell  func(l *look, w *W) cell
}

// look is what cells are made with.
type look struct {
	*visit
	names map[string]string // of resources by identifier, those that the user may see
}

// ref is a link to another resource.
func (l *look) ref(path, id string) cell {
	name, known := l.names[id]
	switch {
	case id == "":
		return cell{Text: "–"}
	case !known:
		return cell{Text: id, Code: true}
	}
	return cell{Text: name, Path: path + "/" + id, Title: id}
}

// pages are those of the kind. Without fields there is no form to make or change one.
func (r *resource[W]) pages() []*page {
	at, nav := r.path+"/{id}", r.path
	if r.nav != "" {
		nav = r.nav
	}
	pages := []*page{
		{path: r.path, title: r.title, nav: nav, asks: get(r.api), get: r.list},
		{path: at, title: r.one, nav: nav, asks: get(r.api), get: r.detail},
		{path: at + "/tags", title: "Manage tags", nav: nav, asks: tagging(), get: r.tagsForm, post: r.setTags},
		{path: at + "/delete", title: "Delete " + r.one, nav: nav, asks: drop(r.api), get: r.deleteForm, post: r.remove},
	}
	if r.owner != nil {
		pages = pages[2:]
	}
	if r.fields == nil {
		return pages
	}
	return append(pages,
		&page{path: r.path + "/new", title: "Create " + r.one, nav: nav, asks: post(r.api), get: r.createForm, post: r.create},
		&page{path: at + "/modify", title: "Modify " + r.one, nav: nav, asks: patch(r.api), get: r.modifyForm, post: r.modify})
}

// list shows one page of what there is.
func (r *resource[W]) list(v *visit) (*reply, error) {
	w := readView(r.path, v.r.URL.Query())
	page, err := r.collection(v.api).Page(v.ctx, pageRows, "", client.Ordered(w.search, w.sort, w.skip()))
	if err != nil {
		return nil, err
	}
	l := &listing{Noun: r.many, Table: &table{Caption: r.title, Empty: "There are no " + r.many + " yet."}}
	if w.search != "" {
		l.Table.Empty = "No " + r.many + " have all of these words."
	}
	l.around(w, page.Total, len(page.Items))
	for _, c := range r.columns {
		l.Table.Headings = append(l.Table.Headings, w.heading(c.label, c.field))
	}
	look := &look{v, page.Names}
	for i := range page.Items {
		var row []cell
		for _, c := range r.columns {
			row = append(row, c.cell(look, &page.Items[i]))
		}
		l.Table.Rows = append(l.Table.Rows, row)
	}
	if r.fields != nil && v.may(http.MethodPost, r.api) {
		l.Create, l.CreateLabel = r.path+"/new", "Create "+r.one
		if r.guide != nil {
			l.Guide = r.guide()
		}
	}
	return &reply{template: "list", data: l}, nil
}

// detail is what the page about one resource shows.
type detail struct {
	Name, ID string
	Kind     string
	Topic    string // of the numbers that move; empty: there are none
	Actions  []action
	Sections []section
}

// action is a button of it.
type action struct {
	Label, Path string
	Danger      bool
}

// section is a part of a page, with whatever it has.
type section struct {
	ID, Heading string
	Note        string // a sentence on top
	Facts       []fact
	Table       *table
	List        *list
	Plots       []template.HTML // figures of ctl/console/plot
	Text        string          // as it is, in lines
	Action      *action         // beside the heading
	More        *action         // below: a page with all of what the table begins with
}

// fact is a line of a definition list.
type fact struct {
	Label string
	cell
}

// detail shows one.
func (r *resource[W]) detail(v *visit) (*reply, error) {
	w, err := r.collection(v.api).Get(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	d := &detail{Name: r.common(w).Name, ID: r.id(w), Kind: r.one, Topic: r.id(w)}
	if d.Sections, err = r.sections(v, w); err != nil {
		return nil, err
	}
	d.Sections = slices.Insert(d.Sections, min(1, len(d.Sections)), v.liveSections(w)...)
	at := r.path + "/" + d.ID
	if r.fields != nil && v.may(http.MethodPatch, r.api+"/"+d.ID) {
		d.Actions = append(d.Actions, action{Label: "Modify", Path: at + "/modify"})
	}
	if v.may(http.MethodDelete, r.api+"/"+d.ID) {
		d.Actions = append(d.Actions, action{Label: "Delete", Path: at + "/delete", Danger: true})
	}
	d.Sections = append(d.Sections, v.tagsSection(at, d.ID, r.common(w).Tags))
	d.Sections = append(d.Sections, v.changesSections(d.ID)...)
	return &reply{template: "detail", title: d.Name, crumbs: []crumb{{r.title, r.path}}, data: d}, nil
}

// at is the path of the page about one.
func (r *resource[W]) at(w *W) string {
	if r.owner != nil {
		return r.below(w)
	}
	return r.path + "/" + r.id(w)
}

// below is the path of the page that has it in a list.
func (r *resource[W]) below(w *W) string {
	if r.owner != nil {
		return r.owner(w)
	}
	return r.path
}

// above are the pages above those of one resource.
func (r *resource[W]) above(v *visit, w *W) []crumb {
	if r.crumbs != nil {
		return r.crumbs(v, w)
	}
	return []crumb{{r.title, r.path}, {r.common(w).Name, r.at(w)}}
}

// bodyOf is what the API takes of a form.
func (r *resource[W]) bodyOf(f *form) map[string]any {
	if r.body != nil {
		return r.body(f)
	}
	return f.body()
}
