package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageRows is how many resources a page of a list has.
const pageRows = 50

// cell is one value of a table.
type cell struct {
	Text  string
	Path  string // that it links to; empty: nowhere
	Badge string // kind of status: good, warn, bad or plain; empty: it is none
	Title string // says more about it
	Code  bool   // an identifier or address
	Live  string // name of the value of the page's topic that it shows; empty: it does not move
	Unit  string // how the value is written
}

// heading is the head of a column.
type heading struct {
	Label  string
	Path   string // sorts by it; empty: the list cannot be
	Sorted string // for aria-sort: ascending, descending, or empty
	Number bool   // its cells are numbers
}

// table is a list as it is shown.
type table struct {
	Caption  string
	Headings []heading
	Rows     [][]cell
	Empty    string // what is said when there are no rows
}

// HasLinks tells tables that the keyboard reaches by themselves.
func (t *table) HasLinks() bool {
	return slices.ContainsFunc(t.Rows, func(row []cell) bool {
		return slices.ContainsFunc(row, func(c cell) bool { return c.Path != "" })
	})
}

// wideColumns are more than fit beside each other on a tablet.
const wideColumns = 6

// IsWide tells tables that become cards already there.
func (t *table) IsWide() bool { return len(t.Headings) > wideColumns }

// listing is a page of a list, and how to go on.
type listing struct {
	Note           string // above the list; may be empty
	Table          *table
	Path           string // of the list
	Search, Sort   string
	First, Last    int // positions of the rows, from 1
	Total          int
	Previous, Next string // paths; empty: there is none
	Create         string // path of the form that makes one; empty: the user may not
	CreateLabel    string
	Guide          string // path of the guide that makes one; empty: there is none
	Noun           string // what the list is of, plural
}

// view is how a list is looked at, as its address says.
type view struct {
	path         string
	search, sort string
	page         int // from 1
}

func readView(path string, query url.Values) view {
	page, err := strconv.Atoi(query.Get("page"))
	if err != nil || page < 1 || page > 1<<20 {
		page = 1
	}
	return view{path, query.Get("q"), query.Get("sort"), page}
}

func (w view) skip() int { return (w.page - 1) * pageRows }

// link is the address of this view with another page or order.
func (w view) link(page int, sort string) string {
	query := url.Values{}
	if w.search != "" {
		query.Set("q", w.search)
	}
	if sort != "" {
		query.Set("sort", sort)
	}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	if len(query) == 0 {
		return w.path
	}
	return w.path + "?" + query.Encode()
}

// heading makes the head of a column that can be sorted by a field.
func (w view) heading(label, field string) heading {
	h := heading{Label: label}
	if field == "" {
		return h
	}
	h.Path = w.link(1, field)
	switch now, down := strings.CutPrefix(w.sort, "-"); {
	case now != field:
	case down:
		h.Sorted = "descending"
	default:
		h.Sorted, h.Path = "ascending", w.link(1, "-"+field)
	}
	return h
}

// around sets what is before and after the page.
func (l *listing) around(w view, total, rows int) {
	l.Search, l.Sort, l.Path, l.Total = w.search, w.sort, w.path, total
	l.First, l.Last = w.skip()+1, w.skip()+rows
	if w.page > 1 {
		l.Previous = w.link(w.page-1, w.sort)
	}
	if l.Last < total {
		l.Next = w.link(w.page+1, w.sort)
	}
}
