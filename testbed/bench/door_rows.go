package main

// doorRows are the rows of the AWS endpoint, each beside the control socket's.
type doorRows struct{ rate, median, p99, page row }

func newDoorRows() *doorRows {
	return &doorRows{
		rate:   row{Name: "door-create", Unit: "1/s", Peer: "socket"},
		median: row{Name: "door-create-p50", Unit: "ms", Peer: "socket"},
		p99:    row{Name: "door-create-p99", Unit: "ms", Peer: "socket"},
		page:   row{Name: "door-page", Unit: "ms", Peer: "socket"},
	}
}

func (d *doorRows) all() []*row { return []*row{&d.rate, &d.median, &d.p99, &d.page} }

// note notes what a door showed; why is what makes it worth nothing.
func (d *doorRows) note(name string, seen doorFigures, why string) {
	figures := []float64{seen.created.perSecond(), median(seen.created.latencies), percentile(seen.created.latencies, 99), median(seen.pages)}
	for i, r := range d.all() {
		if why != "" {
			r.Invalid = name + ": " + why
		}
		if name == "socket" {
			r.PeerValues = append(r.PeerValues, figures[i])
		} else {
			r.Values = append(r.Values, figures[i])
		}
	}
}

// list is the rows with what follows from the figures.
func (d *doorRows) list() (rows []row) {
	for _, r := range d.all() {
		r.summarize()
		rows = append(rows, *r)
	}
	return rows
}
