package testbed

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mirrorgw/ctl/api"
)

// TestBadClients lets clients do their worst while frames pass: each gets a clear answer or none,
// and good clients are served meanwhile.
func TestBadClients(t *testing.T) {
	g := newSteered(t)
	s := g.start()
	s.mirrorAll()
	half := g.dial(t)
	defer half.Close()
	write(t, half, "POST /v1/targets HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"name\":")
	for _, c := range []struct {
		name, request, want string
		status              int
	}{
		{"no HTTP", "hello\r\n\r\n", "", http.StatusBadRequest},
		{"invalid JSON", post("{\"name\":"), api.CodeMalformedRequest, http.StatusBadRequest},
		{"unknown field", post(`{"name":"x","colour":"red"}`), api.CodeUnknownField, http.StatusBadRequest},
		{"1 GiB body", "POST /v1/targets HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n", api.CodeTooLarge, http.StatusRequestEntityTooLarge},
		{"no such path", "GET /v2/targets HTTP/1.1\r\nHost: x\r\n\r\n", api.CodeNoSuchPath, http.StatusNotFound},
		{"endless headers", "GET /v1/targets HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "", http.StatusRequestHeaderFieldsTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := g.dial(t)
			defer conn.Close()
			write(t, conn, c.request)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body) // the daemon may close before it has read all of the request
			if response.StatusCode != c.status || !strings.Contains(string(body), c.want) {
				t.Errorf("%s %s, want %d with %q", response.Status, body, c.status, c.want)
			}
		})
	}
	s.awaitFrames()
	if err := s.createTarget("good"); err != nil {
		t.Errorf("a good client after them: %v", err)
	}
	report := s.end()
	if report.Sessions["all"].Egress.MatchedPackets == 0 {
		t.Error("nothing was mirrored")
	}
}

// TestManyClients: a thousand at once, each creates a target and is answered.
func TestManyClients(t *testing.T) {
	const clients = 1000
	g := newSteered(t)
	s := g.start()
	s.mirrorAll()
	var mu sync.Mutex
	var wait sync.WaitGroup
	answers := map[int]int{}
	for i := range clients {
		wait.Add(1)
		go func() {
			defer wait.Done()
			status := g.create(fmt.Sprintf("t%d", i))
			mu.Lock()
			defer mu.Unlock()
			answers[status]++
		}()
	}
	wait.Wait()
	if answers[http.StatusCreated] != clients {
		t.Errorf("answers by status: %v", answers)
	}
	state, err := s.State(s.context())
	if err != nil || state.Resources.Targets != answers[http.StatusCreated]+1 {
		t.Errorf("%d targets (%v), want %d", state.Resources.Targets, err, answers[http.StatusCreated]+1)
	}
	for _, thread := range threadsOf(t, s.PID()) {
		worker := strings.HasPrefix(thread.name, "rte-worker") || strings.HasPrefix(thread.name, "lcore-worker")
		if !worker && runsOn(thread.cpus, 1) {
			t.Errorf("thread %d (%s) may run on CPUs %s, the worker's among them", thread.id, thread.name, thread.cpus)
		}
	}
	s.awaitFrames()
	s.end()
}

func post(body string) string {
	return fmt.Sprintf("POST /v1/targets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func (g *steeredGateway) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(g.dir, "ctl.sock"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// write sends a request. The daemon may have answered and closed before it has read all of it.
func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Logf("sending: %v", err)
	}
}

// create makes a target on a connection of its own and returns the status of the answer, or 0.
func (g *steeredGateway) create(name string) int {
	conn, err := net.Dial("unix", filepath.Join(g.dir, "ctl.sock"))
	if err != nil {
		return 0
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, post(fmt.Sprintf(`{"name":%q,"ipAddress":"192.0.2.10"}`, name))); err != nil {
		return 0
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	return response.StatusCode
}
