package server

import (
	"encoding/base64"
	"encoding/json"
	"strconv"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// place is where a page ends. Resources are listed in the order of their creation, so what comes
// after the last one of a page is what comes on the next. Should that one have been deleted
// meanwhile, one of those before it serves, and the count if none of them is left.
type place struct {
	Last  []string `json:"l"` // identifiers, the last one first
	Count int      `json:"c"` // of resources up to there
}

// remembered is how many resources of a page its token names.
const remembered = 8

func (p place) token() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func readPlace(token string) (place, error) {
	var p place
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.Count < 0 || len(p.Last) > remembered {
		return p, fault(api.CodeInvalidValue, "nextToken", "nextToken is not from an answer of this list; begin without it")
	}
	return p, nil
}

// after is the index in a list of n at which the next page begins.
func (p place) after(n int, id func(int) string) int {
	if len(p.Last) > 0 && p.Count > 0 && p.Count <= n && id(p.Count-1) == p.Last[0] {
		return p.Count // nothing before it has changed
	}
	for _, last := range p.Last {
		for i := range n {
			if id(i) == last {
				return i + 1
			}
		}
	}
	return min(p.Count, n)
}

// page answers a list.
func (k *kind[W, R]) page(s *Server, x *exchange) (*answer, error) {
	limit, err := readLimit(x)
	if err != nil {
		return nil, err
	}
	from := place{}
	if token := x.query.Get("nextToken"); token != "" {
		if from, err = readPlace(token); err != nil {
			return nil, err
		}
	}
	selected, err := readSelection[W](x.query)
	if err != nil {
		return nil, err
	}
	asked, err := readOrder[W](x)
	if err != nil {
		return nil, err
	}
	if asked.isAsked {
		return k.ordered(s, x, asked, selected, limit)
	}
	list := api.List[W]{Items: []W{}}
	var records []*R
	s.Store.Read(func(v *store.View) { records, list.Revision = visible(x, v, k.list(v)), v.Revision() })
	id := func(i int) string { return k.key(records[i]) }
	end, live := 0, k.live(s)
	fill := func(v *store.View) {
		end = k.fill(v, live, &list, records, from.after(len(records), id), limit, selected)
	}
	if selected.needsState {
		s.Store.Read(fill)
	} else {
		fill(nil)
		s.Store.Read(func(v *store.View) { k.completeAll(v, live, list.Items) })
	}
	if end < len(records) {
		list.NextToken = placeAt(end, id).token()
	}
	if err := withNames(s, x, &list); err != nil {
		return nil, err
	}
	return &answer{value: list, revision: list.Revision}, nil
}

func placeAt(end int, id func(int) string) place {
	p := place{Count: end}
	for i := end - 1; i >= 0 && len(p.Last) < remembered; i-- {
		p.Last = append(p.Last, id(i))
	}
	return p
}

// live is what the data path knows, for the kinds that show it.
func (k *kind[W, R]) live(s *Server) *live {
	if k.show == nil {
		return nil
	}
	return s.live()
}

// complete adds what records do not have; l is nil where that is not what the data path knows.
func (k *kind[W, R]) complete(v *store.View, l *live, w *W) {
	if k.finish != nil {
		k.finish(v, w)
	}
	if l != nil {
		k.show(l, v, w)
	}
}

func (k *kind[W, R]) completeAll(v *store.View, l *live, wires []W) {
	for i := range wires {
		k.complete(v, l, &wires[i])
	}
}

// fill takes what is selected from a position on, until the page is full, and returns where the
// next page begins: the end when nothing selected is left. v is nil where the selection does not
// ask for what records lack.
func (k *kind[W, R]) fill(v *store.View, l *live, list *api.List[W], records []*R, at, limit int, selected selection) int {
	next := at
	for i := at; i < len(records); i++ {
		if len(list.Items) == limit && selected.isEmpty() {
			return next
		}
		w := k.wire(records[i])
		if v != nil {
			k.complete(v, l, &w)
		}
		if !selected.holds(&w) {
			continue
		}
		if len(list.Items) == limit {
			return next
		}
		list.Items, next = append(list.Items, w), i+1
	}
	return len(records)
}

func readLimit(x *exchange) (int, error) {
	return readNumber(x, "limit", defaultLimit, maxLimit)
}

// readNumber reads a query parameter that is a number from 1 to most.
func readNumber(x *exchange, name string, absent, most int) (int, error) {
	text := x.query.Get(name)
	if text == "" {
		return absent, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > most {
		return 0, fault(api.CodeInvalidValue, name, "%s is %q; give it a number from 1 to %d", name, text, most)
	}
	return number, nil
}
