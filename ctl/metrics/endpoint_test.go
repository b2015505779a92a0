package metrics

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serve answers on TCP and on a unix socket until the test ends.
func serve(t *testing.T) (tcp, unix string) {
	t.Helper()
	e := New(newWorld(t).options)
	served := make(chan error, 2)
	path := filepath.Join(t.TempDir(), "m.sock")
	for _, at := range []struct{ network, address string }{{"tcp", "127.0.0.1:0"}, {"unix", path}} {
		l, err := net.Listen(at.network, at.address)
		if err != nil {
			t.Fatal(err)
		}
		if at.network == "tcp" {
			tcp = l.Addr().String()
		}
		go func() { served <- e.Serve(l) }()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := e.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		for range 2 {
			if err := <-served; err != nil {
				t.Errorf("Serve: %v", err)
			}
		}
	})
	return tcp, path
}

// ask sends a request as text and returns the answer.
func ask(t *testing.T, network, address, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, request)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestRequests(t *testing.T) {
	tcp, unix := serve(t)
	const rest = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	for _, test := range []struct {
		name, request string
		status        int
		body          string
	}{
		{"metrics", "GET /metrics" + rest + "\r\n", 200, "mirrorgw_generation 3\n"},
		{"root", "GET /" + rest + "\r\n", 200, "mirrorgw 1.2.3\nGET /metrics has the metrics.\n"},
		{"another path", "GET /debug/pprof/" + rest + "\r\n", 404, ""},
		{"below metrics", "GET /metrics/x" + rest + "\r\n", 404, ""},
		{"another method", "POST /metrics" + rest + "Content-Length: 0\r\n\r\n", 405, ""},
		{"large header", "GET /metrics" + rest + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431, ""},
	} {
		for network, address := range map[string]string{"tcp": tcp, "unix": unix} {
			t.Run(test.name+" by "+network, func(t *testing.T) {
				answer := ask(t, network, address, test.request)
				body, _ := io.ReadAll(answer.Body)
				if answer.StatusCode != test.status || !strings.Contains(string(body), test.body) {
					t.Errorf("status %d, body %.200q", answer.StatusCode, body)
				}
				if test.name == "metrics" {
					parse(t, string(body))
					if kind := answer.Header.Get("Content-Type"); kind != "text/plain; version=0.0.4; charset=utf-8" {
						t.Errorf("Content-Type %q", kind)
					}
				}
			})
		}
	}
}

// TestConnectionsAreLimited opens as many as there may be, over both listeners together, and one
// more; when one ends there is a place again.
func TestConnectionsAreLimited(t *testing.T) {
	tcp, unix := serve(t)
	const keep = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	var open []net.Conn
	for i := range MaxConnections {
		network, address := "tcp", tcp
		if i%2 == 1 {
			network, address = "unix", unix
		}
		conn, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, keep)
		if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != 200 {
			t.Fatalf("connection %d: %v, %v", i, answer, err)
		}
		open = append(open, conn)
	}
	for network, address := range map[string]string{"tcp": tcp, "unix": unix} {
		conn, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != 503 {
			t.Errorf("one connection too many by %s: %v, %v", network, answer, err)
		}
		conn.Close()
	}
	open[0].Close()
	for deadline := time.Now().Add(10 * time.Second); ; { // until the server has seen it
		if ask(t, "tcp", tcp, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").StatusCode == 200 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a closed connection does not give its place back")
		}
	}
}
