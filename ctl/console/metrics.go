package console

import (
	"bytes"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// metricFamily is one of the exposition, as Prometheus reads it.
type metricFamily struct {
	name, kind, help string
	series           int
	samples          []metricSample // the first ones
}

type metricSample struct{ labels, value string }

// keptSamples is how many series of a metric the page has at most.
const keptSamples = 500

// exposition takes what the metrics write, line by line, and keeps a bounded part of it.
type exposition struct {
	header   http.Header
	rest     []byte
	families []*metricFamily
}

func (e *exposition) Header() http.Header { return e.header }
func (e *exposition) WriteHeader(int)     {}

// Write implements io.Writer.
func (e *exposition) Write(p []byte) (int, error) {
	e.rest = append(e.rest, p...)
	for {
		end := bytes.IndexByte(e.rest, '\n')
		if end < 0 {
			return len(p), nil
		}
		e.line(string(e.rest[:end]))
		e.rest = e.rest[end+1:]
	}
}

func (e *exposition) line(line string) {
	fields := strings.SplitN(line, " ", 4)
	switch {
	case len(fields) == 4 && fields[0] == "#" && fields[1] == "HELP":
		e.families = append(e.families, &metricFamily{name: fields[2], help: fields[3]})
	case len(e.families) == 0:
	case len(fields) == 4 && fields[0] == "#" && fields[1] == "TYPE":
		e.families[len(e.families)-1].kind = fields[3]
	case line != "" && line[0] != '#':
		e.families[len(e.families)-1].add(line)
	}
}

// add takes a sample: a name, labels in braces, which may have spaces, and a value.
func (f *metricFamily) add(line string) {
	f.series++
	at := strings.LastIndexByte(line, ' ')
	if at < 0 || len(f.samples) >= keptSamples {
		return
	}
	f.samples = append(f.samples, metricSample{strings.TrimPrefix(line[:at], f.name), line[at+1:]})
}

// metrics lists the metrics with their meaning and values; a search for a whole name shows all its series.
func (v *visit) metrics() (*reply, error) {
	if !v.scope().Gateway {
		return nil, failed(http.StatusForbidden, "This page is about the gateway itself, which users of other accounts, and those who may not read its state and statistics, do not see.")
	}
	w := readView("/metrics", v.r.URL.Query())
	l := &listing{Noun: "metrics", Table: &table{Caption: "Metrics", Empty: "No metric has all of these words.", Headings: []heading{{Label: "Metric"}, {Label: "Meaning"}, number1("Value")}}}
	var found []*metricFamily
	for _, f := range v.expose() {
		if f.name == w.search {
			l.Note, l.Table.Headings = f.name+": "+sentence(f.help), []heading{{Label: "Labels"}, number1("Value")}
			l.Table.Rows, l.Total = f.rows(), f.series
			l.around(w, min(f.series, keptSamples), len(l.Table.Rows))
			l.Next = ""
			return &reply{template: "list", data: l}, nil
		}
		if hasWords(f.name+" "+f.help, w.search) {
			found = append(found, f)
		}
	}
	shown := found[min(w.skip(), len(found)):min(w.skip()+pageRows, len(found))]
	for _, f := range shown {
		l.Table.Rows = append(l.Table.Rows, f.row())
	}
	l.around(w, len(found), len(shown))
	return &reply{template: "list", data: l}, nil
}

// expose has the metrics written.
func (v *visit) expose() []*metricFamily {
	if v.Metrics == nil {
		return nil
	}
	e := &exposition{header: http.Header{}}
	request, err := http.NewRequestWithContext(v.ctx, http.MethodGet, "/metrics", http.NoBody)
	if err != nil {
		return nil
	}
	v.Metrics.ServeHTTP(e, request)
	return e.families
}

func hasWords(text, words string) bool {
	text = strings.ToLower(text)
	for _, word := range strings.Fields(strings.ToLower(words)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// row is a metric in one line.
func (f *metricFamily) row() []cell {
	name, value := cell{Text: f.name, Title: f.kind, Code: true, Path: "/metrics?" + url.Values{"q": {f.name}}.Encode()}, cell{Text: grouped(int64(f.series)) + " series"}
	if f.series == 1 && len(f.samples) == 1 {
		value = metricValue(f.samples[0].value)
	}
	return []cell{name, {Text: f.help}, value}
}

// rows are the series of a metric.
func (f *metricFamily) rows() (rows [][]cell) {
	for _, s := range f.samples {
		rows = append(rows, []cell{{Text: dash(s.labels), Code: true}, metricValue(s.value)})
	}
	return rows
}

// metricValue is a value for people; as it is written is in the title.
func metricValue(text string) cell {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return cell{Text: text}
	}
	shown := strconv.FormatFloat(v, 'g', 6, 64)
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		shown = grouped(int64(v))
	}
	if shown == text {
		return cell{Text: text}
	}
	return cell{Text: shown, Title: text}
}
