package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"mirrorgw/ctl/report"
)

// sample is the counters at one moment. The time has a monotonic reading, so that a step of the
// clock does not show as traffic.
type sample struct {
	at    time.Time
	stats *report.Report
}

// rates are per second.
type rates struct {
	ports    []portRate
	sessions []sessionRate
	skipped  report.Counts // copies since the daemon started, all sessions, without sampled ones
	skipping float64       // likewise, copies skipped per second
	laws     report.Laws
}

type portRate struct {
	name, role                           string
	rxPackets, rxBits, txPackets, txBits float64
	copies, dropping                     float64
	dropped                              report.Counts // since the daemon started
}

type sessionRate struct {
	name, source, target    string
	matched, mirrored, bits float64
	skipping, sampling      float64       // sampling: those of skipping that nobody wants
	skipped                 report.Counts // since the daemon started
}

// ratesBetween computes what happened per second between two samples. What was not there before
// has been counted from 0; a counter that went back, because the daemon was restarted, counts as
// still.
func ratesBetween(before, after sample) rates {
	seconds := after.at.Sub(before.at).Seconds()
	per := func(old, now int64) float64 {
		if seconds <= 0 || now < old {
			return 0
		}
		return float64(now-old) / seconds
	}
	r := rates{laws: after.stats.Laws, skipped: report.Counts{}}
	for name, p := range after.stats.Ports {
		old := before.stats.Ports[name]
		r.ports = append(r.ports, portRate{name: name, role: p.Role,
			rxPackets: per(old.RxPackets, p.RxPackets), rxBits: 8 * per(old.RxBytes, p.RxBytes),
			txPackets: per(old.TxPackets, p.TxPackets), txBits: 8 * per(old.TxBytes, p.TxBytes),
			copies: per(old.CopiesPackets, p.CopiesPackets), dropping: per(old.Dropped.Sum(), p.Dropped.Sum()), dropped: p.Dropped})
	}
	for name, s := range after.stats.Sessions {
		one := sessionBetween(before.stats.Sessions[name], s, per)
		one.name = name
		r.sessions = append(r.sessions, one)
		r.skipping += one.skipping - one.sampling
		for reason, n := range one.skipped {
			if reason != sampled {
				r.skipped[reason] += n
			}
		}
	}
	return r
}

func sessionBetween(old, s report.Session, per func(old, now int64) float64) sessionRate {
	one := sessionRate{source: s.Source, target: s.Target, skipped: report.Counts{}}
	add := func(old, now report.Direction) {
		one.matched += per(old.MatchedPackets, now.MatchedPackets)
		one.mirrored += per(old.MirroredPackets, now.MirroredPackets)
		one.bits += 8 * per(old.MirroredBytes, now.MirroredBytes)
		one.skipping += per(old.Skipped.Sum(), now.Skipped.Sum())
		one.sampling += per(old.Skipped[sampled], now.Skipped[sampled])
		for reason, n := range now.Skipped {
			one.skipped[reason] += n
		}
	}
	add(old.Ingress, s.Ingress)
	add(old.Egress, s.Egress)
	return one
}

// sampled is the reason of copies that nobody wants: no cause for alarm.
const sampled = "sampled"

var sortKeys = []string{"packets", "bits", "skipped", "name"}

// sort orders ports and sessions, the busiest first or by name.
func (r *rates) sort(key string) {
	slices.SortFunc(r.ports, func(a, b portRate) int {
		return cmp.Or(descending(a.key(key), b.key(key)), cmp.Compare(a.name, b.name))
	})
	slices.SortFunc(r.sessions, func(a, b sessionRate) int {
		return cmp.Or(descending(a.key(key), b.key(key)), cmp.Compare(a.name, b.name))
	})
}

func descending(a, b float64) int { return cmp.Compare(b, a) }

func (p portRate) key(key string) float64 {
	return map[string]float64{"packets": p.rxPackets + p.txPackets, "bits": p.rxBits + p.txBits, "skipped": p.dropping}[key]
}

func (s sessionRate) key(key string) float64 {
	return map[string]float64{"packets": s.matched, "bits": s.bits, "skipped": s.skipping}[key]
}

// si writes a rate with three digits: 12.3k, 1.23M.
func si(v float64) string {
	for _, unit := range []string{"", "k", "M", "G", "T"} {
		if v < 999.5 || unit == "T" {
			return significant(v, unit) + unit
		}
		v /= 1000
	}
	return ""
}

func significant(v float64, unit string) string {
	switch {
	case v == 0 || unit == "" && v >= 9.95 || v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995 || unit == "":
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// reasons writes counts, the largest first.
func reasons(c report.Counts) string {
	names := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		return cmp.Or(cmp.Compare(c[b], c[a]), cmp.Compare(a, b))
	})
	text := ""
	for _, name := range names {
		if c[name] == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s %s", name, grouped(c[name]))
	}
	return orDash(text)
}
