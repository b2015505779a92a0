package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

var background = context.Background()

// serve answers on a socket of its own with a handler in place of the daemon.
func serve(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	directory, err := os.MkdirTemp("", "mgw")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	c := client.New(path)
	t.Cleanup(func() { c.Close(); server.Close(); os.RemoveAll(directory) })
	return c
}

// drop closes the connection without an answer.
func drop(t *testing.T, w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	conn.Close()
}

func TestNobodyThere(t *testing.T) {
	directory := t.TempDir()
	stale := filepath.Join(directory, "stale")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	for path, want := range map[string]string{
		filepath.Join(directory, "absent"): "there is no socket",
		stale:                              "nobody listens on the socket",
		"/" + strings.Repeat("x", 200):     "at most 107 bytes",
	} {
		_, err := client.New(path).State(background)
		var nobody *client.Unreachable
		if !errors.As(err, &nobody) || nobody.Socket != path || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--socket") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestCreatesAreSentAgainWithTheSameToken(t *testing.T) {
	var tokens []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get(api.HeaderClientToken))
		if len(tokens) < 3 {
			drop(t, w)
			return
		}
		json.NewEncoder(w).Encode(api.Changed[api.TrafficMirrorTarget]{Revision: 7})
	})
	changed, err := c.Targets().Create(background, api.TrafficMirrorTarget{})
	if err != nil || changed.Revision != 7 {
		t.Fatalf("%+v, %v", changed, err)
	}
	if len(tokens) != 3 || tokens[0] == "" || tokens[0] != tokens[1] || tokens[1] != tokens[2] {
		t.Errorf("tokens %q", tokens)
	}
}

// TestOtherChangesAreNotSentAgain: whether the first one happened is not known.
func TestOtherChangesAreNotSentAgain(t *testing.T) {
	var calls atomic.Int64
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { calls.Add(1); drop(t, w) })
	for name, do := range map[string]func() error{
		"modify": func() error {
			_, err := c.Sessions().Modify(background, "s", map[string]any{"packetLength": 1})
			return err
		},
		"delete": func() error { _, err := c.Sessions().Delete(background, "s"); return err },
		"apply":  func() error { _, err := c.Apply(background, nil, client.ApplyOptions{}); return err },
	} {
		calls.Store(0)
		if err := do(); err == nil || !strings.Contains(err.Error(), "closed the connection before it answered") || calls.Load() != 1 {
			t.Errorf("%s: %d calls, %v", name, calls.Load(), err)
		}
	}
}

func TestErrorsOfTheDaemon(t *testing.T) {
	answers := []struct {
		body string
		want api.Error
	}{
		{`{"error":{"code":"in-use","message":"m","field":"f","details":[{"code":"x","message":"n"}]}}`, api.Error{Status: 409, Code: "in-use", Message: "m", Field: "f"}},
		{`too bad`, api.Error{Status: 409, Code: api.CodeMalformedRequest, Message: "the daemon answered 409 Conflict: too bad"}},
	}
	for _, answer := range answers {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusConflict)
			w.Write([]byte(answer.body))
		})
		_, err := c.Filters().Get(background, "a")
		var e *api.Error
		if !errors.As(err, &e) || e.Status != answer.want.Status || e.Code != answer.want.Code || e.Message != answer.want.Message || e.Field != answer.want.Field {
			t.Errorf("got %#v, want %#v", err, answer.want)
		}
	}
}

// TestPathsAreEscaped: names are names whatever is in them.
func TestPathsAreEscaped(t *testing.T) {
	var got string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.EscapedPath()
		w.Write([]byte("{}"))
	})
	for ref, want := range map[string]string{"web-1": "web-1", "a/b": "a%2Fb", "..": "%2E%2E", ".": "%2E", "a?b": "a%3Fb", "a.b": "a.b"} {
		if _, err := c.Interfaces().Get(background, ref); err != nil || got != api.PathInterfaces+"/"+want {
			t.Errorf("%q: got %s, %v", ref, got, err)
		}
	}
}

func TestListReadsAllPages(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		page := api.List[api.TrafficMirrorFilter]{Items: []api.TrafficMirrorFilter{{}}, NextToken: r.URL.Query().Get("nextToken") + "x"}
		if page.NextToken == "xxx" {
			page.NextToken = ""
		}
		if got := r.URL.Query()["name"]; len(got) != 2 {
			t.Errorf("filter %q", got)
		}
		json.NewEncoder(w).Encode(page)
	})
	all, err := c.Filters().List(background, client.Where("name", "a*", "b*"))
	if err != nil || len(all) != 3 {
		t.Errorf("%d, %v", len(all), err)
	}
}
