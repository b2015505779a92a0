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
var families = concat(portFamilies, sourceFamilies, sessionFamilies, ruleFamilies, targetFamilies, limitFamilies, balancerFamilies,
	underlayFamilies, lcoreFamilies, gatewayFamilies, cloudWatchFamilies, processFamilies)

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
}

// count writes a counter. Label values are in the order of the family's labels.
func (o *out) count(n int64, values ...string) {
	metrics.WriteCounterUint64(o.w, o.name(values), uint64(n))
}

// gauge writes a gauge.
func (o *out) gauge(n float64, values ...string) {
	metrics.WriteGaugeFloat64(o.w, o.name(values), n)
}

// flag writes a gauge that is 1 or 0.
func (o *out) flag(is bool, values ...string) {
	n := uint64(0)
	if is {
		n = 1
	}
	metrics.WriteGaugeUint64(o.w, o.name(values), n)
}

// seconds writes a counter of seconds.
func (o *out) seconds(n float64, values ...string) {
	metrics.WriteCounterFloat64(o.w, o.name(values), n)
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// name is name and labels of a series. The metadata goes before the first one: the library would
// repeat it for each.
func (o *out) name(values []string) string {
	f := o.family
	if !o.begun {
		o.begun = true
		o.w.WriteString("# HELP " + f.name + " " + f.help + "\n# TYPE " + f.name + " " + string(f.kind) + "\n")
	}
	if len(values) == 0 {
		return f.name
	}
	b := &o.series
	b.Reset()
	b.WriteString(f.name)
	for i, value := range values {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(f.labels[i])
		b.WriteString(`="`)
		b.WriteString(escapeLabel.Replace(strings.ToValidUTF8(value, "\uFFFD")))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}
