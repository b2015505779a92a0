package metrics

import (
	"bufio"
	"strings"

	"github.com/VictoriaMetrics/metrics"
)

// kind is the type of a metric, in the words of the format.
type kind string

const (
	counter kind = "counter" // only grows, and begins again at 0 with the daemon or the resource
	gauge   kind = "gauge"

	histogram kind = "histogram" // of seconds; counters, by the label le
)

// family is one metric. All its series have the same labels.
type family struct {
	name   string
	kind   kind
	labels []string
	help   string // one line, without a full stop
	each   func(s *scene, o *out)
}

// families are all metrics, in the order of the exposition.
var families = concat(portFamilies, sourceFamilies, sessionFamilies, ruleFamilies, targetFamilies, balancerFamilies,
	underlayFamilies, lcoreFamilies, mempoolFamilies, gatewayFamilies, controlFamilies, cloudWatchFamilies, processFamilies,
	omittedFamilies)

func concat(groups ...[]family) (all []family) {
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

// write writes every family that has series. It gives up when the reader has gone.
func write(w *bufio.Writer, s *scene) error {
	for i := range families {
		o := out{w: w, family: &families[i]}
		families[i].each(s, &o)
		s.omitted.note(&o)
		if _, err := w.Write(nil); err != nil {
			return err
		}
	}
	return w.Flush()
}

// out writes the series of one family.
type out struct {
	w      *bufio.Writer
	family *family
	begun  bool
	series strings.Builder

	written, omitted int // series; see limitOf
}

// count writes a counter. Label values are in the order of the family's labels.
func (o *out) count(n int64, values ...string) {
	if name, ok := o.name(values); ok {
		metrics.WriteCounterUint64(o.w, name, uint64(n))
	}
}

// gauge writes a gauge.
func (o *out) gauge(n float64, values ...string) {
	if name, ok := o.name(values); ok {
		metrics.WriteGaugeFloat64(o.w, name, n)
	}
}

// flag writes a gauge that is 1 or 0.
func (o *out) flag(is bool, values ...string) {
	n := uint64(0)
	if is {
		n = 1
	}
	if name, ok := o.name(values); ok {
		metrics.WriteGaugeUint64(o.w, name, n)
	}
}

// seconds writes a counter of seconds.
func (o *out) seconds(n float64, values ...string) {
	if name, ok := o.name(values); ok {
		metrics.WriteCounterFloat64(o.w, name, n)
	}
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// name is name and labels of a series; not ok: the family has too many already.
func (o *out) name(values []string) (name string, ok bool) {
	if !o.begin(1) {
		return "", false
	}
	return o.label("", values, ""), true
}

// begin makes room for so many series more, if they may be. The metadata goes before the first
// one: the library would repeat it for each.
func (o *out) begin(series int) bool {
	if o.written+series > limitOf(o.family) {
		o.omitted += series
		return false
	}
	o.written += series
	if f := o.family; !o.begun {
		o.begun = true
		o.w.WriteString("# HELP " + f.name + " " + f.help + "\n# TYPE " + f.name + " " + string(f.kind) + "\n")
	}
	return true
}

// label is the family's name with a suffix, and the labels; le is one more unless it is empty.
func (o *out) label(suffix string, values []string, le string) string {
	f, b := o.family, &o.series
	b.Reset()
	b.WriteString(f.name)
	b.WriteString(suffix)
	before := byte('{')
	pair := func(name, value string) {
		b.WriteByte(before)
		before = ','
		b.WriteString(name)
		b.WriteString(`="`)
		b.WriteString(escapeLabel.Replace(strings.ToValidUTF8(value, "\uFFFD")))
		b.WriteByte('"')
	}
	for i, value := range values {
		pair(f.labels[i], value)
	}
	if le != "" {
		pair("le", le)
	}
	if before == ',' {
		b.WriteByte('}')
	}
	return b.String()
}
