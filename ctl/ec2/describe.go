package ec2

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
	p := &page[R]{most: x.in.num("MaxResults", maxPage)}
	x.read(func(v *viewer) {
		if len(ids) > 0 {
			err = collect(x, v, k, ids, after, filters, p)
			return
		}
		k.all(v, after, func(r R) {
			if meets(r, filters) {
				p.add(k.key(r), r)
			}
		})
	})
	switch {
	case err != nil:
		return nil, err
	case x.dryRun():
		return nil, dryRunPassed()
	}
	return writePage(x, k, p), nil
}

// collect finds what a request names; it is an error if one of them is not there.
func collect[R any](x *request, v *viewer, k *kind[R], ids []string, after string, filters []condition[R], p *page[R]) error {
	seen := map[string]bool{}
	for _, ref := range ids {
		x.touched(ref)
		r, ok := k.find(v, ref)
		if !ok {
			return k.fault(ref)
		}
		key := k.key(r)
		if !seen[key] && key > after && meets(r, filters) {
			p.add(key, r)
		}
		seen[key] = true
	}
	return nil
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
