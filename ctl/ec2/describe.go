package ec2

import "time"

// describe lists what the caller's account sees of a kind: some by their identifiers, or all, and
// of those what meets the filters.
func describe[R any](x *request, k *kind[R]) ([]byte, error) {
	var ids []string
	if k.ids != "" {
		ids = x.in.texts(k.ids)
	}
	if k.alone && len(ids) > 0 && x.in.has("MaxResults") {
		return nil, invalid("InvalidParameterCombination", "The parameters %s and MaxResults cannot be used together", k.ids)
	}
	after, err := x.after()
	if err != nil {
		return nil, err
	}
	filters, err := conditions(x, k)
	if err != nil {
		return nil, err
	}
	if err := x.permitted(nil); err != nil {
		return nil, err
	}
	var seen []R
	x.read(func(v *viewer) {
		if len(ids) > 0 {
			seen, err = collect(x, v, k, ids, after)
		} else {
			k.all(v, after, func(r R) { seen = append(seen, r) })
		}
	})
	if err != nil {
		return nil, err
	}
	p := &page[R]{most: x.in.num("MaxResults", maxPage)}
	if err := choose(x, k, seen, filters, p); err != nil {
		return nil, err
	}
	if x.dryRun() {
		return nil, dryRunPassed()
	}
	return writePage(x, k, p), nil
}

// maxMatching is how long one request may compare with its filters.
const maxMatching = 5 * time.Second

// choose puts what meets the filters on the page. Filters may be many and spiteful, so it is done
// when the state is no longer held. One resource may take half a second.
func choose[R any](x *request, k *kind[R], seen []R, filters []condition[R], p *page[R]) error {
	began := time.Now()
	for _, r := range seen {
		if time.Since(began) > maxMatching || x.ctx().Err() != nil {
			return invalid("FilterLimitExceeded", "The filters take longer than %v; use fewer or simpler ones", maxMatching)
		}
		if key := k.key(r); p.wants(key) && meets(r, filters) {
			p.add(key, r)
		}
	}
	return nil
}

// collect finds what a request names; it is an error if one of them is not there.
func collect[R any](x *request, v *viewer, k *kind[R], ids []string, after string) (list []R, err error) {
	asked, seen := map[string]bool{}, map[string]bool{}
	for _, ref := range ids {
		if asked[ref] {
			continue
		}
		asked[ref] = true
		x.touched(ref)
		r, ok := k.find(v, ref)
		if !ok {
			return nil, k.fault(ref)
		}
		key := k.key(r)
		if !seen[key] && key > after {
			list = append(list, r)
		}
		seen[key] = true
	}
	return list, nil
}

// writePage writes a page, and the token of the next one if there is more.
func writePage[R any](x *request, k *kind[R], p *page[R]) []byte {
	d := x.begin()
	d.open(k.set)
	written := 0
	for written < len(p.list) && (written == 0 || d.Len() < maxAnswer) {
		d.open("item")
		k.write(d, p.list[written])
		d.close("item")
		written++
	}
	d.close(k.set)
	if p.more || written < len(p.list) {
		d.text("nextToken", x.pageToken(p.keys[written-1]))
	}
	return x.end(d)
}
