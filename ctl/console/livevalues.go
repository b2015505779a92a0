package console

import (
	"context"
	"html/template"
	"strconv"
	"time"

	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/console/plot"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// How values are written that have no unit of plots. The page's script knows the same words.
const (
	unitWord     = "word"     // as it is
	unitStatus   = "status"   // a word that says how something is; the style sheet knows which are good
	unitTotal    = "total"    // a whole number
	unitDuration = "duration" // seconds
	unitSince    = "since"    // ms since 1970
)

// shown writes a value as the page's script does when it has another one.
func shown(unit string, value any) string {
	switch v := value.(type) {
	case nil:
		return "–"
	case string:
		return dash(v)
	case bool:
		return strconv.FormatBool(v)
	case uint64:
		return shownNumber(unit, float64(v))
	case int:
		return shownNumber(unit, float64(v))
	case int64:
		return shownNumber(unit, float64(v))
	}
	v, ok := live.Float(value)
	if !ok {
		return "–"
	}
	return shownNumber(unit, v)
}

func shownNumber(unit string, v float64) string {
	switch unit {
	case unitTotal, unitWord, unitStatus, "":
		return grouped(int64(v))
	case unitDuration:
		return duration(int64(v))
	case unitSince:
		return time.UnixMilli(int64(v)).UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return plot.UnitOf(unit).Format(v)
}

func duration(seconds int64) string {
	clock := time.Unix(seconds, 0).UTC().Format("15:04:05")
	if days := seconds / 86400; days > 0 {
		return strconv.FormatInt(days, 10) + " d " + clock
	}
	return clock
}

// kindsOfLists are the kinds that lists are of, in the words of the change stream.
var kindsOfLists = map[string]store.Kind{"/sessions": store.KindSession, "/targets": store.KindTarget, "/filters": store.KindFilter,
	"/shares": store.KindShare, "/interfaces": store.KindInterface, "/load-balancers": store.KindLoadBalancer}

// watch is what the page tells of when somebody else changes it: the resource in its path, or the kind
// that it lists.
func (v *visit) watch() string {
	if id := v.r.PathValue("id"); id != "" {
		return id
	}
	return string(kindsOfLists[v.page.path])
}

// now is what the hub knows of a topic at the moment. A nil *now knows nothing.
type now struct {
	sample  *live.Sample
	moments []live.Moment
}

// patience is how long a page waits for the first numbers where nobody has watched for a while.
const patience = 400 * time.Millisecond

// now asks for the numbers of a topic. Without a hub, and where they are not there in time, it is nil:
// the page has dashes.
func (v *visit) now(topic string) *now {
	if v.Live == nil || v.session == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	sample, moments, err := v.Live.Past(ctx, v.scope(), topic)
	if err != nil {
		return nil
	}
	return &now{sample, moments}
}

// scope is what the user may see of it.
func (v *visit) scope() *live.Scope { return live.ScopeOf(v.API, server.CallerOf(v.ctx)) }

func (n *now) value(name string) any {
	if n == nil {
		return nil
	}
	return n.sample.Values[name]
}

func (n *now) list(name string) []live.Row {
	if n == nil {
		return nil
	}
	return n.sample.Lists[name]
}

// cell is a value of the topic that moves.
func (n *now) cell(name, unit string) cell {
	return cell{Text: shown(unit, n.value(name)), Live: name, Unit: unit}
}

// line is what a plot shows of one value: its name for people, and that of the value.
type line struct{ label, name string }

// liveSpan is how far back plots reach that move.
const liveSpan = 5 * time.Minute

// plot draws values of the last minutes; the page's script moves it on.
func (n *now) plot(id, title, topic string, unit plot.Unit, top float64, lines ...line) template.HTML {
	p := plot.Plot{ID: id, Title: title, Unit: unit, Top: top, Live: topic}
	p.From, p.To = n.span()
	for _, l := range lines {
		p.Series = append(p.Series, plot.Series{Name: l.label, Key: l.name, Points: n.points(l.name)})
	}
	return p.Figure()
}

// spark draws one value small.
func (n *now) spark(label, name string, unit plot.Unit, top float64) template.HTML {
	s := plot.Spark{Label: label, Unit: unit, Key: name, Top: top, Points: n.points(name)}
	s.From, s.To = n.span()
	return s.SVG()
}

func (n *now) span() (from, to time.Time) {
	to = time.Now().UTC()
	if n != nil {
		to = time.UnixMilli(n.sample.Time).UTC()
	}
	return to.Add(-liveSpan), to
}

func (n *now) points(name string) (points []plot.Point) {
	if n == nil {
		return nil
	}
	for _, m := range n.moments {
		if value, ok := m.Values[name]; ok && m.Length > 0 {
			points = append(points, plot.Point{Time: m.From, Length: m.Length, Value: value})
		}
	}
	return points
}
