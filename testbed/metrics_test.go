package testbed

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

// scraper reads the metrics of a gateway from its unix socket, or over TCP.
type scraper struct {
	*http.Client
	url string
}

func unixScraper(socket string) scraper {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return scraper{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}, "http://mirrorgw/metrics"}
}

// scrape returns the values by series.
func (s scraper) scrape(t *testing.T) map[string]float64 {
	t.Helper()
	answer, err := s.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(answer.Body)
		t.Fatalf("status %d: %s", answer.StatusCode, body)
	}
	series := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if series[line[:at]], err = strconv.ParseFloat(line[at+1:], 64); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	return series
}

// freeAddress is a loopback address that nobody listens on at this moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestMetricsWhileRunning scrapes a gateway at full work: no counter falls, the laws hold at every
// scrape, the counters lie between those that mirrorctl shows before and after, and however much
// traffic there is, it makes no series.
func TestMetricsWhileRunning(t *testing.T) {
	g := newSteered(t)
	listen, socket := freeAddress(t), filepath.Join(g.dir, "metrics.sock")
	g.more = "\n[metrics]\nlisten = \"" + listen + "\"\nsocket = \"metrics.sock\"\n"
	g.write()
	s := g.start()
	s.mirrorAll()
	s.awaitFrames()
	before, last, half := s.counters(), map[string]float64{}, 0
	places := []scraper{unixScraper(socket), {&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://" + listen + "/metrics"}}
	for i := range 50 {
		now := places[i%2].scrape(t)
		for name, n := range now {
			if strings.HasPrefix(name, "mirrorgw_law_") && n != 0 {
				t.Fatalf("scrape %d: %s is %v", i, name, n)
			}
			if family, _, _ := strings.Cut(name, "{"); strings.HasSuffix(family, "_total") && n < last[name] {
				t.Errorf("scrape %d: %s fell from %v to %v", i, name, last[name], n)
			}
		}
		if last = now; i == 25 {
			half = countTraffics(now)
		}
	}
	if n := countTraffics(last); n != half || n == 0 {
		t.Errorf("there are %d series at first and %d later", half, n)
	}
	checkBetween(t, before, last, s.counters())
	if last["mirrorgw_forwarding"] != 1 || last["mirrorgw_port_up{port=\"wire0\"}"] != 1 || last["mirrorgw_generation"] < 2 {
		t.Errorf("forwarding %v, generation %v", last["mirrorgw_forwarding"], last["mirrorgw_generation"])
	}
	s.end()
}

// countTraffics is how many series there are, without the events that the gateway itself causes.
func countTraffics(series map[string]float64) (n int) {
	for name := range series {
		if !strings.HasPrefix(name, "mirrorgw_underlay_events_total{") {
			n++
		}
	}
	return n
}

// TestMetricsEqualStats lets a capture pass and then compares figure by figure.
func TestMetricsEqualStats(t *testing.T) {
	g := newSteered(t)
	g.more = "\n[metrics]\nsocket = \"metrics.sock\"\n"
	g.write()
	text := strings.Replace(readText(t, g.dir, "gateway.toml"), ",infinite_rx=1", "", 1)
	writeFile(t, filepath.Join(g.dir, "gateway.toml"), text)
	s := g.start("--apply", "resources.toml")
	for s.counters().Ports["wire0"].RxPackets < 50 {
	}
	s.awaitBeats(2)
	want := s.counters()
	now := unixScraper(filepath.Join(g.dir, "metrics.sock")).scrape(t)
	checkBetween(t, want, now, s.counters())
	if want.Sessions["all"].Egress.MirroredPackets == 0 {
		t.Errorf("nothing was mirrored: %+v", want.Sessions)
	}
	s.end()
}

// awaitBeats returns when every worker has polled on, so that what it had received is counted.
func (s *steered) awaitBeats(n uint64) {
	s.t.Helper()
	for first := uint64(0); ; {
		state, err := s.State(s.context())
		if err != nil {
			s.t.Fatal(err)
		}
		beat := state.Lcores[0].Heartbeat
		if first == 0 {
			first = beat
		}
		if beat >= first+n {
			return
		}
	}
}

// TestMetricsAddressTaken: a gateway whose metrics nobody could read does not start.
func TestMetricsAddressTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	g := newSteered(t)
	g.more = "\n[metrics]\nlisten = \"" + l.Addr().String() + "\"\n"
	g.write()
	g.refused(regexp.QuoteMeta("mirrorgw: [metrics]: listen " + l.Addr().String() +
		" cannot be had (address already in use); see who else listens there, or choose another address or port"))
}

// counters are those of mirrorctl stats.
func (s *steered) counters() *report.Report {
	s.t.Helper()
	r, err := s.Stats(s.context(), client.StatsQuery{})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// checkBetween finds each figure of two reports in a scrape made between them.
func checkBetween(t *testing.T, before *report.Report, now map[string]float64, after *report.Report) {
	t.Helper()
	first, last := seriesOf(before), seriesOf(after)
	for name := range last {
		if n, there := now[name]; !there || n < float64(first[name]) || n > float64(last[name]) {
			t.Errorf("%s is %v (there: %v), and the statistics say %d before and %d after", name, n, there, first[name], last[name])
		}
	}
}

// seriesOf is what the scrape must say of a report, written down a second time.
func seriesOf(r *report.Report) map[string]int64 {
	series := map[string]int64{}
	for name, p := range r.Ports {
		of := `{port="` + name + `"}`
		series["mirrorgw_port_rx_packets_total"+of], series["mirrorgw_port_rx_bytes_total"+of] = p.RxPackets, p.RxBytes
		series["mirrorgw_port_tx_packets_total"+of], series["mirrorgw_port_tx_bytes_total"+of] = p.TxPackets, p.TxBytes
		series["mirrorgw_port_copies_packets_total"+of], series["mirrorgw_port_copies_bytes_total"+of] = p.CopiesPackets, p.CopiesBytes
	}
	for name, source := range r.Sources {
		of := `{id="` + source.ID + `",name="` + name + `",owner="000000000000",direction="egress"}`
		series["mirrorgw_source_seen_packets_total"+of], series["mirrorgw_source_matched_packets_total"+of] = source.Egress.Seen, source.Egress.Matched
		series["mirrorgw_source_missed_packets_total"+of] = source.Egress.Missed
	}
	for name, session := range r.Sessions {
		of, e := `{id="`+session.ID+`",name="`+name+`",owner="000000000000",direction="egress"}`, session.Egress
		series["mirrorgw_session_matched_packets_total"+of], series["mirrorgw_session_matched_bytes_total"+of] = e.MatchedPackets, e.MatchedBytes
		series["mirrorgw_session_mirrored_packets_total"+of], series["mirrorgw_session_mirrored_bytes_total"+of] = e.MirroredPackets, e.MirroredBytes
	}
	return series
}
