package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/tally"
)

// TestRequestsAreTallied asks for what there is and what there is not: each request counts once, by
// the action and the status that were answered, and by nothing that the client made up.
func TestRequestsAreTallied(t *testing.T) {
	w := newWorld(t, server.Limits{})
	for _, r := range []struct{ method, path, body string }{
		{"GET", "/v1/version", ""}, {"GET", "/v1/version", ""},
		{"GET", "/v1/stats?kind=nonsense", ""},
		{"GET", "/v1/made-up-by-the-client", ""},
		{"GET", "/v1//version", ""},
		{"BREW", "/v1/version", ""},
		{"POST", "/v1/filters", `{"name":"web"}`},
		{"POST", "/v1/filters", `{"name":"web"}`},
	} {
		w.curl(r.method, r.path, r.body)
	}
	w.path.panics.Store(true)
	w.curl("GET", "/v1/stats", "")
	got := map[string]uint64{}
	for _, a := range w.tally.Answers() {
		got[fmt.Sprint(a.Action, " ", a.Status)] = a.Count
	}
	want := map[string]uint64{"getVersion 200": 2, "getStats 400": 1, "none 404": 2, "none 405": 1, "postFilters 201": 1, "postFilters 409": 1, "getStats 500": 1}
	for _, key := range keysOf(want, got) {
		if got[key] != want[key] {
			t.Errorf("%q was counted %d times, want %d", key, got[key], want[key])
		}
	}
}

func keysOf(maps ...map[string]uint64) (keys []string) {
	for _, m := range maps {
		for key := range m {
			keys = append(keys, key)
		}
	}
	return keys
}

// TestActionsAreThoseOfTheDocument: whoever reads the counter looks them up in openapi.json.
func TestActionsAreThoseOfTheDocument(t *testing.T) {
	w := newWorld(t, server.Limits{})
	_, text, _ := w.curl("GET", api.PathOpenAPI, "")
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for path, item := range document.Paths {
		for method, operation := range item {
			known[operation.OperationID] = true
			w.curl(strings.ToUpper(method), strings.NewReplacer("{", "", "}", "").Replace(path)+"?no-such-parameter=1", "")
		}
	}
	for _, a := range w.tally.Answers() {
		if !known[a.Action] {
			t.Errorf("%s is not in the document", a.Action)
		}
	}
	if n := len(w.tally.Answers()); n < len(known) {
		t.Errorf("%d actions were counted of %d", n, len(known))
	}
}

// TestWatchersAndConnectionsAreTallied opens two change streams and one connection more than there
// is place for.
func TestWatchersAndConnectionsAreTallied(t *testing.T) {
	w := newWorld(t, server.Limits{Connections: 2})
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for range 2 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://x"+api.PathWatch, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := w.raw().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
	}
	if n, open := w.tally.Watchers(), w.tally.Connections(); n != 2 || open != 2 {
		t.Errorf("%d watchers on %d connections, want 2 on 2", n, open)
	}
	conn, err := net.Dial("unix", w.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	conn.Read(make([]byte, 1))
	cancel()
	for deadline := time.Now().Add(10 * time.Second); w.tally.Watchers() != 0 || w.tally.Connections() != 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d watchers and %d connections are left", w.tally.Watchers(), w.tally.Connections())
		}
	}
	if a := w.tally.Answers(); len(a) != 2 || a[0] != (tally.Answered{Action: "getWatch", Status: 200, Count: 2}) || a[1] != (tally.Answered{Action: tally.NoAction, Status: 503, Count: 1}) {
		t.Errorf("%v", a)
	}
}
