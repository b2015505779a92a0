package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What the scrape rows do, and what is wanted of them: production does not change.
const (
	scrapePause  = 10 * time.Millisecond
	scrapeRatio  = 0.97
	scrapeSocket = "metrics.sock"
	receivedBy   = `mirrorgw_port_rx_packets_total{port="wire0"} `
)

// scraped are the workloads of which one more row says what it costs to be scraped.
var scraped = []string{"forward-64", "mirror-64"}

func scrapeWorkload() workload { return workload{name: "scrape", measure: (*bench).measureScrapes} }

// measureScrapes measures each workload in one life of the gateway, in intervals with a scraper and
// without, in another order from pair to pair.
func (b *bench) measureScrapes(ctx context.Context) (rows []row, err error) {
	release, err := confine()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	for _, name := range scraped {
		chosen, err := choose(workloads(), name, true)
		if err != nil {
			return nil, err
		}
		r, err := b.measureScraped(ctx, chosen[0])
		if err != nil {
			return nil, err
		}
		rows = append(rows, *r)
	}
	return rows, nil
}

func (b *bench) measureScraped(ctx context.Context, w workload) (*row, error) {
	dir := filepath.Join(b.dir, "scrape-"+w.name)
	if _, err := prepare(dir, w); err != nil {
		return nil, err
	}
	text := gatewayTOML(&w) + "\n[metrics]\nsocket = \"" + scrapeSocket + "\"\n"
	if err := os.WriteFile(filepath.Join(dir, gatewayFile), []byte(text), 0o644); err != nil {
		return nil, err
	}
	if err := b.huge.ensure(memoryMB); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	command := newCommand(ctx, dir, b.bin, "--config", gatewayFile, "--apply", resourcesFile, "--report", reportFile)
	log := newOutput("msg=metrics")
	command.Stdout, command.Stderr = log, log
	if err := startEverywhere(command); err != nil {
		cancel()
		return nil, err
	}
	end := waitFor(command)
	defer cancelAndWait(cancel, end)
	if err := awaitMarker(ctx, "mirrorgw", log, end); err != nil {
		return nil, err
	}
	r := &row{Name: "scrape-" + w.name, Unit: "Mpps", Peer: "no-scraper", Threshold: scrapeRatio}
	if err := b.scrapePairs(ctx, filepath.Join(dir, scrapeSocket), r); err != nil {
		return nil, err
	}
	r.summarize()
	return r, errors.Join(command.Process.Signal(syscall.SIGTERM), awaitEnd("mirrorgw", log, end))
}

// scrapePairs fills a row.
func (b *bench) scrapePairs(ctx context.Context, socket string, r *row) error {
	s := newScraper(socket)
	defer s.CloseIdleConnections()
	for i := range 2 * b.runs {
		scrapes := i%4 == 1 || i%4 == 2
		every := time.Duration(0)
		if scrapes {
			every = scrapePause
		}
		mpps, n, took, err := s.interval(ctx, b.interval, every)
		if err != nil {
			return err
		}
		if scrapes {
			r.Values = append(r.Values, mpps)
			fmt.Printf("%-17s %7.2f Mpps   %.0f scrapes a second, %.2f ms each\n", r.Name, mpps, float64(n)/b.interval.Seconds(), took.Seconds()*1e3/float64(n))
			if want := int(b.interval / scrapePause); n < want*9/10 {
				r.Invalid = fmt.Sprintf("%d scrapes of %d were made: the control CPU is too slow or too busy", n, want)
			}
		} else {
			r.PeerValues = append(r.PeerValues, mpps)
			fmt.Printf("%-17s %7.2f Mpps   no scraper\n", r.Name, mpps)
		}
	}
	return nil
}

// scraper reads metrics over one connection that it keeps, as Prometheus does.
type scraper struct{ *http.Client }

func newScraper(socket string) *scraper {
	return &scraper{&http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}}
}

// scrape reads everything, and returns how many frames had been received when it asked.
func (s *scraper) scrape(ctx context.Context) (frames int64, at time.Time, err error) {
	at = time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://mirrorgw/metrics", nil)
	if err != nil {
		return 0, at, err
	}
	answer, err := s.Do(request)
	if err != nil {
		return 0, at, err
	}
	defer answer.Body.Close()
	frames = -1
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), receivedBy); ok {
			if frames, err = strconv.ParseInt(text, 10, 64); err != nil {
				return 0, at, err
			}
		}
	}
	if frames < 0 {
		return 0, at, fmt.Errorf("the metrics have no %s(%v)", receivedBy, lines.Err())
	}
	return frames, at, lines.Err()
}

// interval is the worker's rate in Mpps between two scrapes, with n more in between and the time
// that those took; every 0: none. A scrape is due by the clock, however long the one before took.
func (s *scraper) interval(ctx context.Context, length, every time.Duration) (mpps float64, n int, took time.Duration, err error) {
	before, from, err := s.scrape(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	for due := from; every > 0 && due.Before(from.Add(length-every)); {
		due = due.Add(every)
		if err := waitUntil(ctx, due); err != nil {
			return 0, 0, 0, err
		}
		began := time.Now()
		if _, _, err := s.scrape(ctx); err != nil {
			return 0, 0, 0, err
		}
		n++
		took += time.Since(began)
		if time.Since(from) >= length {
			break
		}
	}
	if err := waitUntil(ctx, from.Add(length)); err != nil {
		return 0, 0, 0, err
	}
	after, to, err := s.scrape(ctx)
	return float64(after-before) / to.Sub(from).Seconds() / 1e6, n, took, err
}

func waitUntil(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
