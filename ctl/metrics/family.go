package metrics

import (
	"bufio"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/metrics"
)

// kind is the type of a metric, in the words of the format.
type kind string

const (
	counter kind = "counter" // only grows, and begins again at 0 with the daemon or the resource
	gauge   kind = "gauge"

	histogram kind = "histogram" // its series are NAME_bucket with the label le, NAME_sum and NAME_count
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
	underlayFamilies, lcoreFamilies, congestionFamilies, gatewayFamilies, configFamilies, bypassFamilies, cloudWatchFamilies, processFamilies, mempoolFamilies, controlFamilies, historyFamilies, auditFamilies, captureFamilies,
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
	if o.begin(1) {
		metrics.WriteCounterUint64(o.w, o.name(values), uint64(n))
	}
}

// gauge writes a gauge.
func (o *out) gauge(n float64, values ...string) {
	if o.begin(1) {
		metrics.WriteGaugeFloat64(o.w, o.name(values), n)
	}
}

// flag writes a gauge that is 1 or 0.
func (o *out) flag(is bool, values ...string) {
	n := uint64(0)
	if is {
		n = 1
	}
	if o.begin(1) {
		metrics.WriteGaugeUint64(o.w, o.name(values), n)
	}
}

// seconds writes a counter of seconds.
func (o *out) seconds(n float64, values ...string) {
	if o.begin(1) {
		metrics.WriteCounterFloat64(o.w, o.name(values), n)
	}
}

// bucket is how many values were at most le, and more than the bucket before; the last one of a
// histogram has +Inf.
type bucket struct {
	le float64
	n  uint64
}

// histogram writes a histogram. Its family's labels are without le.
func (o *out) histogram(buckets []bucket, sum float64, values ...string) {
	if !o.begin(len(buckets) + 2) {
		return
	}
	var count uint64
	for _, b := range buckets {
		count += b.n
		le := "+Inf"
		if !math.IsInf(b.le, 1) {
			le = strconv.FormatFloat(b.le, 'g', -1, 64)
		}
		metrics.WriteCounterUint64(o.w, o.part("_bucket", append(slices.Clone(values), le)), count)
	}
	metrics.WriteCounterFloat64(o.w, o.part("_sum", values), sum)
	metrics.WriteCounterUint64(o.w, o.part("_count", values), count)
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// name is name and labels of a series.
func (o *out) name(values []string) string { return o.part("", values) }

// part is the name of a series with an ending; a value more than the family has labels is that of le.
func (o *out) part(ending string, values []string) string {
	f := o.family
	if len(values) == 0 {
		return f.name + ending
	}
	b := &o.series
	b.Reset()
	b.WriteString(f.name)
	b.WriteString(ending)
	for i, value := range values {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		if i < len(f.labels) {
			b.WriteString(f.labels[i])
		} else {
			b.WriteString("le")
		}
		b.WriteString(`="`)
		b.WriteString(escapeLabel.Replace(strings.ToValidUTF8(value, "\uFFFD")))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}
