package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/server"
)

func (w *world) dial() net.Conn {
	w.t.Helper()
	conn, err := net.Dial("unix", w.socket)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// countingReader is an endless body that knows how much of it was read.
type countingReader struct{ read atomic.Int64 }

func (r *countingReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	r.read.Add(int64(len(p)))
	return len(p), nil
}

func TestBodiesThatAreTooLong(t *testing.T) {
	w := newWorld(t, server.Limits{DocumentBytes: 4 << 20})
	for path, limit := range map[string]int64{api.PathInterfaces: 1 << 20, api.PathApply: 4 << 20} {
		for _, announced := range []int64{1 << 30, -1} {
			body := &countingReader{}
			request := must(http.NewRequest("POST", "http://x"+path, io.LimitReader(body, 1<<30)))(t)
			request.ContentLength = announced
			response, err := w.raw().Do(request)
			if err != nil {
				// The answer was written before the connection was closed, but the transport may have
				// been busy with its body: what matters is that the body was not taken.
				t.Logf("%s: %v", path, err)
			} else {
				var e api.ErrorBody
				if err := json.NewDecoder(response.Body).Decode(&e); err != nil || response.StatusCode != 413 || e.Error.Code != api.CodeTooLarge || !response.Close {
					t.Errorf("%s: %d %+v, closed %v, %v", path, response.StatusCode, e, response.Close, err)
				}
				response.Body.Close()
			}
			if read := body.read.Load(); read > limit+(2<<20) {
				t.Errorf("%s: %d bytes of the body were taken", path, read)
			}
		}
	}
	if status, _, _ := w.curl("POST", api.PathInterfaces, `{"name":"a"}`+strings.Repeat(" ", 1<<20-12)); status != http.StatusCreated {
		t.Errorf("a body of exactly the limit: %d", status)
	}
}

func TestHalfRequestsAreClosed(t *testing.T) {
	w := newWorld(t, server.Limits{HeaderTime: 50 * time.Millisecond, BodyTime: 50 * time.Millisecond, IdleTime: 50 * time.Millisecond})
	for _, part := range []string{"", "GET /v1/sta", "GET /v1/state HTTP/1.1\r\nHost: x\r\n", "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /v1/interfaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"name\"",
		"POST /v1/interfaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"na"} {
		conn := w.dial()
		io.WriteString(conn, part)
		answer, err := io.ReadAll(conn) // ends when the server closes
		if err != nil {
			t.Errorf("%q: not closed: %v", part, err)
		}
		if strings.HasPrefix(part, "POST") && !bytes.Contains(answer, []byte(api.CodeMalformedRequest)) {
			t.Errorf("%q: answered %s", part, answer)
		}
	}
	if state := must(w.client.State(background))(t); state.Revision != 0 {
		t.Errorf("half a request changed something")
	}
}

func TestHeadersThatAreTooLong(t *testing.T) {
	w := newWorld(t, server.Limits{})
	status, _, _ := w.curl("GET", api.PathState, "", "X", strings.Repeat("x", 40<<10))
	if status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", status)
	}
}

func TestTooManyConnectionsAreTold(t *testing.T) {
	w := newWorld(t, server.Limits{Connections: 8})
	var held []net.Conn
	for range 8 {
		conn := w.dial()
		fmt.Fprintf(conn, "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n")
		if response := must(http.ReadResponse(bufio.NewReader(conn), nil))(t); response.StatusCode != 200 {
			t.Fatalf("status %d", response.StatusCode)
		}
		held = append(held, conn)
	}
	status, text, _ := w.curl("POST", api.PathInterfaces, `{"name":"a"}`)
	if status != http.StatusServiceUnavailable || !strings.Contains(text, api.CodeUnavailable) || !strings.Contains(text, "8 connections") {
		t.Errorf("%d %s", status, text)
	}
	for _, conn := range held {
		conn.Close()
	}
	eventually(t, func() bool { _, err := w.client.Version(background); return err == nil })
}

// eventually waits for what happens soon, without saying when.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	deadline, look := time.After(10*time.Second), time.NewTicker(2*time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatal("it has not come true in 10 s")
		}
	}
}

// TestManyClients: a thousand at once, each creates, reads and deletes. Those above the limit of
// connections are told, come again, and nothing is lost or made twice.
func TestManyClients(t *testing.T) {
	const n = 1000
	w := newWorld(t, server.Limits{})
	var group sync.WaitGroup
	var refusals atomic.Int64
	for i := range n {
		group.Add(1)
		go func() {
			defer group.Done()
			c := client.New(w.socket)
			defer c.Close()
			name := fmt.Sprintf("web-%d", i)
			token := client.ClientToken(name)
			w.insist(&refusals, func() error {
				_, err := c.Filters().Create(background, api.TrafficMirrorFilter{Common: api.Common{Name: name}}, token)
				return err
			})
			w.insist(&refusals, func() error { _, err := c.Filters().Get(background, name); return err })
			if i%2 == 1 {
				w.insist(&refusals, func() error { _, err := c.Filters().Delete(background, name); return err })
			}
		}()
	}
	group.Wait()
	state := must(w.client.State(background))(t)
	if state.Resources.Filters != n/2 || state.Revision != n+n/2 {
		t.Errorf("%d filters at revision %d", state.Resources.Filters, state.Revision)
	}
	t.Logf("%d refusals", refusals.Load())
}

// insist repeats what was refused for want of room, and what no answer came to: then a delete may
// find that it was done.
func (w *world) insist(refusals *atomic.Int64, do func() error) {
	lost := false
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := do()
		var refused *api.Error
		switch isRefused := errors.As(err, &refused); {
		case err == nil, lost && isRefused && refused.Code == api.CodeNotFound:
			return
		case isRefused && refused.Code == api.CodeUnavailable:
			refusals.Add(1)
		case !isRefused:
			lost = true
		default:
			w.t.Errorf("%v", err)
			return
		}
		ctx, cancel := context.WithTimeout(background, pause)
		<-ctx.Done()
		cancel()
	}
}
