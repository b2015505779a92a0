package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/server"
)

var errEnough = errors.New("enough")

func collect(into *[]string, n int) func(api.Event) error {
	return func(e api.Event) error {
		*into = append(*into, fmt.Sprintf("%d %s %s %s", e.Revision, e.Action, e.Kind, e.Name))
		if len(*into) == n {
			return errEnough
		}
		return nil
	}
}

var built = []string{"1 create interface web-1", "2 create target ids", "3 create filter web", "4 create rule ", "5 create session s1"}

func TestWatchFromTheBeginningAndLive(t *testing.T) {
	w := newWorld(t, server.Limits{Heartbeat: 5 * time.Millisecond})
	w.build()
	var past []string
	if err := w.client.Watch(background, 0, collect(&past, 5)); err != errEnough {
		t.Fatal(err)
	}
	if diff := cmp.Diff(built, past); diff != "" {
		t.Error(diff)
	}
	var live []string
	done := make(chan error, 1)
	go func() { done <- w.client.Watch(background, 3, collect(&live, 3)) }()
	must(w.client.Sessions().Delete(background, "s1"))(t)
	if err := <-done; err != errEnough {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{built[3], built[4], "6 delete session s1"}, live); diff != "" {
		t.Error(diff)
	}
}

func TestWatchLinesAndHeartbeats(t *testing.T) {
	w := newWorld(t, server.Limits{Heartbeat: 5 * time.Millisecond})
	w.build()
	response := must(w.raw().Get("http://x/v1/watch"))(t)
	defer response.Body.Close()
	if response.Header.Get("ETag") != `"5"` || response.Header.Get("Content-Type") != "application/jsonl" {
		t.Errorf("headers %v", response.Header)
	}
	lines := bufio.NewScanner(response.Body)
	if !lines.Scan() || lines.Text() != "" {
		t.Fatalf("no heartbeat: %q", lines.Text())
	}
	must(w.client.Filters().Modify(background, "web", map[string]any{"description": "new"}))(t)
	for lines.Scan() {
		if lines.Text() != "" {
			break
		}
	}
	var e api.Event
	var before, after api.TrafficMirrorFilter
	if err := errors.Join(json.Unmarshal(lines.Bytes(), &e), json.Unmarshal(e.Before, &before), json.Unmarshal(e.After, &after)); err != nil {
		t.Fatalf("%s: %v", lines.Text(), err)
	}
	if e.Revision != 6 || e.Kind != "filter" || before.Description != "" || after.Description != "new" || e.ID != after.TrafficMirrorFilterID {
		t.Errorf("event %s", lines.Text())
	}
}

func TestWatchersAreLimitedAndEndWithTheServer(t *testing.T) {
	w := newWorld(t, server.Limits{Watchers: 2})
	var open []*http.Response
	for range 2 {
		response := must(w.raw().Get("http://x/v1/watch"))(t)
		defer response.Body.Close()
		open = append(open, response)
	}
	w.refused("GET", "/v1/watch", "", api.CodeUnavailable, "")
	ctx, cancel := context.WithTimeout(background, 10*time.Second)
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	for _, response := range open {
		if rest, err := bufio.NewReader(response.Body).ReadString('\n'); err == nil || err.Error() != "EOF" {
			t.Errorf("the stream does not end cleanly: %q, %v", rest, err)
		}
	}
}

// TestWatchResumes cuts the stream in the middle of a revision with several events.
func TestWatchResumes(t *testing.T) {
	w := newWorld(t, server.Limits{WriteTime: 10 * time.Second})
	w.build()
	must(w.client.Apply(background, []byte(strings.Repeat("\n", 1)), client.ApplyOptions{}))(t) // one revision, several events
	var whole []string
	if err := w.client.Watch(background, 0, collect(&whole, 9)); err != errEnough {
		t.Fatal(err)
	}
	var got []string
	cut := &cutter{socket: w.socket, after: 7}
	c := client.New(cut.listen(t))
	if err := c.Watch(background, 0, collect(&got, 9)); err != errEnough {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, got); diff != "" {
		t.Error(diff)
	}
	if cut.connections.Load() < 2 {
		t.Error("the stream was not cut")
	}
}

// TestWatchFromNow sees nothing of the past.
func TestWatchFromNow(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	first := make(chan uint64, 1)
	go w.client.Watch(ctx, client.Now, func(e api.Event) error { first <- e.Revision; return errEnough })
	eventually(t, func() bool {
		must(w.client.Filters().Modify(background, "web", map[string]any{"description": fmt.Sprint(time.Now().UnixNano())}))(t)
		select {
		case revision := <-first:
			if revision <= 5 {
				t.Errorf("the first event is of revision %d", revision)
			}
			return true
		default:
			return false
		}
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	w := newWorld(t, server.Limits{Heartbeat: 5 * time.Millisecond})
	w.build()
	ctx, cancel := context.WithCancel(background)
	err := w.client.Watch(ctx, 4, func(api.Event) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := client.New(w.socket+"x").Watch(background, client.Now, nil); err == nil || !strings.Contains(err.Error(), "--socket") {
		t.Errorf("got %v", err)
	}
}

// TestSlowReaderIsCutOff: a watcher that does not read is closed after WriteTime and leaves its
// place; it holds up nobody.
func TestSlowReaderIsCutOff(t *testing.T) {
	w := newWorld(t, server.Limits{Watchers: 1, WriteTime: 50 * time.Millisecond})
	conn := w.dial()
	fmt.Fprintf(conn, "GET /v1/watch?from=0 HTTP/1.1\r\nHost: x\r\n\r\n")
	long := strings.Repeat("x", 250)
	eventually(t, func() bool {
		must(w.client.Filters().Create(background, api.TrafficMirrorFilter{Common: api.Common{Name: fmt.Sprint("f", time.Now().UnixNano()), Description: long}}))(t)
		response, err := w.raw().Get("http://x/v1/watch")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == 200
	})
}
