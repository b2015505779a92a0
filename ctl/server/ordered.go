package server

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

var (
	searchParameter = parameter{name: "search", about: "only resources that have all of these words somewhere: in a field, a tag, or the name of a resource that they refer to"}
	sortParameter   = parameter{name: "sort", about: "name of a field to sort by, numbers in texts by their value; with - before it the other way round; absent: oldest first"}
	skipParameter   = parameter{name: "skip", about: "resources to leave out before the page, instead of nextToken", number: true}
	namesParameter  = parameter{name: "names", about: "true: tell the names of the resources that those of the page refer to; absent: false"}
)

// maxSkip is more than there can be of any kind.
const maxSkip = 1 << 30

// order is how a list is asked for that people read: what is looked for, in which order, and which
// part of it.
type order struct {
	words    []string // in lower case; all must be there
	field    string   // to sort by; empty: the order of creation
	downward bool
	skip     int
	isAsked  bool // any of it is
}

func readOrder[W any](x *exchange) (order, error) {
	o := order{words: strings.Fields(strings.ToLower(x.query.Get("search")))}
	o.field, o.downward = strings.CutPrefix(x.query.Get("sort"), "-")
	for _, name := range []string{"search", "sort", "skip"} {
		o.isAsked = o.isAsked || x.query.Has(name)
	}
	if o.isAsked && x.query.Get("nextToken") != "" {
		return o, fault(api.CodeInvalidValue, "nextToken", "nextToken is of a list as it was made; with search, sort or skip use skip to go on")
	}
	if field := o.field; field != "" {
		t := reflect.TypeFor[W]()
		if !slices.Contains(strictjson.Fields(t), field) || !isPlain(strictjson.Field(t, field)) {
			return o, fault(api.CodeInvalidValue, "sort", "sort is %q, by which this list cannot be sorted; give it one of %s", field, strings.Join(plainFields(t), ", "))
		}
	}
	var err error
	if text := x.query.Get("skip"); text != "0" {
		o.skip, err = readNumber(x, "skip", 0, maxSkip)
	}
	return o, err
}

func plainFields(t reflect.Type) (names []string) {
	for _, name := range strictjson.Fields(t) {
		if isPlain(strictjson.Field(t, name)) {
			names = append(names, name)
		}
	}
	return names
}

// found is a resource that is looked for, by its place in the order of creation.
type found[R any] struct {
	record *R
	key    string // to sort by, in lower case
}

// ordered answers a list that is searched, sorted or read from the middle.
func (k *kind[W, R]) ordered(s *Server, x *exchange, o order, selected selection, limit int) (*answer, error) {
	list := api.List[W]{Items: []W{}}
	live := k.live(s)
	s.Store.Read(func(v *store.View) {
		list.Revision = v.Revision()
		all := k.search(x, v, live, o, selected)
		if o.field != "" {
			slices.SortStableFunc(all, func(a, b found[R]) int { return natural(a.key, b.key) })
		}
		if o.field != "" && o.downward {
			slices.Reverse(all)
		}
		list.Total = len(all)
		for _, f := range all[min(o.skip, len(all)):min(o.skip+limit, len(all))] {
			w := k.wire(f.record)
			k.complete(v, live, &w)
			list.Items = append(list.Items, w)
		}
	})
	if err := withNames(s, x, &list); err != nil {
		return nil, err
	}
	return &answer{value: list, revision: list.Revision}, nil
}

// search takes what is selected and has all words.
func (k *kind[W, R]) search(x *exchange, v *store.View, l *live, o order, selected selection) []found[R] {
	records := visible(x, v, k.list(v))
	all := make([]found[R], 0, len(records))
	texts, needsState := newTexts[W](), selected.needsState || slices.Contains(stateFields, o.field)
	for _, r := range records {
		short := r
		if k.light != nil {
			short = k.light(r)
		}
		w := k.wire(short)
		if needsState || len(o.words) > 0 && k.show != nil {
			k.complete(v, l, &w)
		}
		if !selected.holds(&w) || !texts.have(v, &w, o.words) {
			continue
		}
		f := found[R]{record: r}
		if o.field != "" {
			f.key = texts.key(v, &w, o.field)
		}
		all = append(all, f)
	}
	return all
}

// withNames adds the names of what the resources of a page refer to, as far as the caller may see
// them.
func withNames[W any](s *Server, x *exchange, list *api.List[W]) error {
	wanted, err := readFlag(x, "names")
	if err != nil || !wanted {
		return err
	}
	list.Names = map[string]string{}
	texts, may := newTexts[W](), map[store.Kind]bool{}
	s.Store.Read(func(v *store.View) {
		for i := range list.Items {
			for _, id := range texts.references(&list.Items[i]) {
				kind, record, ok := v.Find(id)
				if !ok || !x.sees(v, record) {
					continue
				}
				if _, asked := may[kind]; !asked {
					may[kind] = s.mayBrowse(x, kind)
				}
				if may[kind] {
					list.Names[id] = nameOf(record)
				}
			}
		}
	})
	return nil
}

// mayBrowse tells whether the caller may list resources of a kind.
func (s *Server) mayBrowse(x *exchange, kind store.Kind) bool {
	return !x.who.mapped || s.decide(&x.who, &ask{action: kindAccesses[kind].browse}).Allowed
}

// nameOf is the name of a record; rules have none.
func nameOf(record any) string {
	if b, ok := record.(based); ok {
		return b.Base().Name
	}
	return ""
}

// natural compares texts, the digits in them by the number that they make.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many of them a text begins with.
func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// listed are the parameters of lists besides their fields.
var listed = []parameter{limitParameter, tokenParameter, searchParameter, sortParameter, skipParameter, namesParameter}

// isListed tells parameters that select nothing.
func isListed(name string) bool {
	return slices.ContainsFunc(listed, func(p parameter) bool { return p.name == name })
}
