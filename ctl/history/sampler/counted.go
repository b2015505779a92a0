package sampler

import (
	"strconv"

	"mirrorgw/ctl"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
)

// rows gathers what a minute has of each series.
type rows struct {
	byKey map[history.Key][]int64
}

func newRows() *rows { return &rows{map[history.Key][]int64{}} }

// of are the values of a series, which may be added to.
func (r *rows) of(k history.Key) []int64 {
	values := r.byKey[k]
	if values == nil {
		values = make([]int64, len(k.Kind.Columns()))
		r.byKey[k] = values
	}
	return values
}

func (r *rows) list() []history.Row {
	list := make([]history.Row, 0, len(r.byKey))
	for k, values := range r.byKey {
		list = append(list, history.Row{Key: k, Values: values})
	}
	return list
}

// counted is what counters read at the last sample.
type counted struct {
	port    map[string]report.Port
	lcore   map[int]ctl.Loop
	session map[string]report.Session // by ID
}

func newCounted() counted {
	return counted{map[string]report.Port{}, map[int]ctl.Loop{}, map[string]report.Session{}}
}

// grown is how much a counter has grown, which may have begun anew.
func grown(before, now int64) int64 {
	if now < before {
		return now
	}
	return now - before
}

func simple(kind history.Kind, name string) history.Key {
	return history.Key{Kind: kind, Step: 1, Name: name}
}

func (c *counted) ports(out *rows, r *report.Report) {
	for name, now := range r.Ports {
		before := c.port[name]
		grow(out.of(simple(history.Port, name)), portNumbers(&before), portNumbers(&now))
		for reason, n := range now.Dropped {
			out.of(simple(history.Drops, reason))[0] += grown(before.Dropped[reason], n)
		}
	}
	c.port = r.Ports
}

// portNumbers are in the order of the columns of history.Port.
func portNumbers(p *report.Port) []int64 {
	return []int64{p.RxPackets, p.RxBytes, p.TxPackets, p.TxBytes, p.CopiesPackets, p.CopiesBytes, p.Dropped.Sum()}
}

func grow(values, before, now []int64) {
	for i := range values {
		values[i] += grown(before[i], now[i])
	}
}

// workers puts down how long each was busy and how long it polled, in microseconds.
func (c *counted) workers(out *rows, lcores []ctl.LcoreStatus) {
	for i := range lcores {
		l := &lcores[i]
		before, micro := c.lcore[l.Lcore], 1e6/float64(max(l.Loop.Hz, 1))
		busy := grown(int64(before.Busy), int64(l.Loop.Busy))
		idle := grown(int64(before.Idle), int64(l.Loop.Idle))
		grow(out.of(simple(history.Lcore, strconv.Itoa(l.Lcore))), []int64{0, 0}, []int64{int64(float64(busy) * micro), int64(float64(busy+idle) * micro)})
		c.lcore[l.Lcore] = ctl.Loop{Busy: l.Loop.Busy, Idle: l.Loop.Idle}
	}
}

// sessions adds up the sessions: of each instance, of each skip reason, and all.
func (c *counted) sessions(out *rows, r *report.Report, keys map[string]history.Key) {
	all, seen := out.of(simple(history.Gateway, "")), make(map[string]report.Session, len(r.Sessions))
	for _, now := range r.Sessions {
		before := c.session[now.ID]
		seen[now.ID] = now
		grow(all, totals(&before), totals(&now))
		skips(out, before.Ingress, now.Ingress)
		skips(out, before.Egress, now.Egress)
		if key, ok := keys[now.Source]; ok {
			values := metrics(&before)
			changed := make([]int64, len(values))
			grow(changed, values, metrics(&now))
			if key.Step == 1 {
				clear(changed[firstPackets:])
			}
			grow(out.of(key), make([]int64, len(values)), changed)
		}
	}
	c.session = seen
}

// totals are in the order of the columns of history.Gateway.
func totals(s *report.Session) []int64 {
	in, out := &s.Ingress, &s.Egress
	return []int64{in.MatchedPackets + out.MatchedPackets, in.MatchedBytes + out.MatchedBytes,
		in.MirroredPackets + out.MirroredPackets, in.MirroredBytes + out.MirroredBytes,
		in.Skipped.Sum() + out.Skipped.Sum(), in.SkippedBytes.Sum() + out.SkippedBytes.Sum(), in.TruncatedPackets + out.TruncatedPackets}
}

func skips(out *rows, before, now report.Direction) {
	for reason, n := range now.Skipped {
		grow(out.of(simple(history.Skips, reason)), []int64{before.Skipped[reason], before.SkippedBytes[reason]}, []int64{n, now.SkippedBytes[reason]})
	}
}

// congestion is the one skip reason that AWS counts as NetworkSkipMirror*: production went first.
const congestion = "congestion"

// metrics are in the order of history.Metrics, of which those from firstPackets on are there with
// basic monitoring only.
func metrics(s *report.Session) []int64 {
	in, out := &s.Ingress, &s.Egress
	return []int64{in.MirroredBytes, out.MirroredBytes, in.SkippedBytes[congestion], out.SkippedBytes[congestion],
		in.MirroredPackets, out.MirroredPackets, in.Skipped[congestion], out.Skipped[congestion]}
}

const firstPackets = 4
