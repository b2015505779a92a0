package main

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestScraper reads a gateway that receives a thousand frames from one scrape to the next.
func TestScraper(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	gateway := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# HELP x\nx 1\nmirrorgw_port_rx_packets_total{port=\"wire1\"} 5\n%s%d\n", receivedBy, 1000*asked.Add(1))
	})}
	go gateway.Serve(listener)
	defer gateway.Close()
	s := newScraper(path)
	defer s.CloseIdleConnections()
	for _, every := range []time.Duration{0, 5 * time.Millisecond} {
		const length = 50 * time.Millisecond
		before := asked.Load()
		mpps, n, took, err := s.interval(t.Context(), length, every)
		frames := 1000 * float64(asked.Load()-before-1)
		if err != nil || mpps <= 0 || mpps > frames/length.Seconds()/1e6 {
			t.Errorf("every %v: %v Mpps of %v frames (%v)", every, mpps, frames, err)
		}
		if int64(n) != asked.Load()-before-2 || (n == 0) != (every == 0) || (took == 0) != (every == 0) || n > 10 {
			t.Errorf("every %v: %d scrapes that took %v, of %d asked for", every, n, took, asked.Load()-before)
		}
	}
}

func TestScraperRefusesOtherAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	gateway := &http.Server{Handler: http.NotFoundHandler()}
	go gateway.Serve(listener)
	defer gateway.Close()
	s := newScraper(path)
	defer s.CloseIdleConnections()
	if _, _, _, err := s.interval(t.Context(), time.Millisecond, 0); err == nil {
		t.Error("an answer without metrics was taken for one")
	}
}
