package testbed

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/control"
)

const (
	gibibyte = 1 << 30

	// crowdGrowth is how much memory one bad client may cost the daemon at most: its request up to
	// the limit, and what the rest of the daemon does meanwhile.
	crowdGrowth = 32 << 20
)

// raw is a client that does not keep to anything.
type raw struct {
	t *testing.T
	net.Conn
	sent int64 // bytes that the daemon took
}

func (c *crowd) dial(t *testing.T) *raw {
	t.Helper()
	conn, err := net.DialTimeout("unix", c.socket, streamWait)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(streamWait)); err != nil {
		t.Fatal(err)
	}
	return &raw{t: t, Conn: conn}
}

// send sends the beginning of a request, and then as much of its endless body as the daemon takes.
func (r *raw) send(head string, body []byte, length int64) {
	_, err := io.WriteString(r, head)
	for r.sent < length && err == nil {
		var n int
		n, err = r.Write(body)
		r.sent += int64(n)
	}
}

// answer reads the answer, which must be an error of the API.
func (r *raw) answer(status int, code string) *api.Error {
	r.t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(r), nil)
	if err != nil {
		r.t.Errorf("no answer: %v", err)
		return nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	var body api.ErrorBody
	if err == nil {
		err = json.Unmarshal(text, &body)
	}
	if err != nil || response.StatusCode != status || body.Error.Code != code || body.Error.Message == "" {
		r.t.Errorf("the answer is %s %.300s (%v), want %d %s", response.Status, text, err, status, code)
	}
	return &body.Error
}

// giants sends bodies of a GiB, said to be that long or without an end. Each must be refused early,
// and the daemon must not keep what it has read.
func (c *crowd) giants(t *testing.T) {
	piece := []byte(strings.Repeat(" ", 64<<10))
	chunk := []byte(fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece))
	for _, g := range []struct {
		name, path, length string
		body               []byte
		taken, growth      int64 // at most, bytes
	}{
		{"target with a length", api.PathTargets, fmt.Sprintf("Content-Length: %d", gibibyte), piece, 4 << 20, crowdGrowth},
		{"target without a length", api.PathTargets, "Transfer-Encoding: chunked", chunk, 4 << 20, crowdGrowth},
		{"document with a length", api.PathApply, fmt.Sprintf("Content-Length: %d", gibibyte), piece, 4 << 20, crowdGrowth},
		{"document without a length", api.PathApply, "Transfer-Encoding: chunked", chunk, 80 << 20, 3 * (64 << 20)},
	} {
		t.Run(g.name, func(t *testing.T) {
			before := control.MemoryOf(t, c.pid).Total()
			control.ResetPeak(t, c.pid)
			r := c.dial(t)
			begin := time.Now()
			sending := newSignal()
			go func() {
				defer close(sending)
				r.send(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: mirrorgw\r\nContent-Type: %s\r\n%s\r\n\r\n", g.path, api.ContentType, g.length), g.body, gibibyte)
			}()
			r.answer(http.StatusRequestEntityTooLarge, api.CodeTooLarge)
			took := time.Since(begin)
			r.Close()
			<-sending
			grown := control.Peak(t, c.pid) - before
			t.Logf("refused after %v and %.1f MiB; memory grew by %.1f MiB at most", took.Round(time.Millisecond), control.MiB(r.sent), control.MiB(grown))
			if r.sent > g.taken || grown > g.growth {
				t.Errorf("%d bytes were taken and the memory grew by %d, at most %d and %d are right", r.sent, grown, g.taken, g.growth)
			}
		})
	}
}

// nonsense sends requests that make no sense, whole ones.
func (c *crowd) nonsense(t *testing.T) {
	deep := 400_000
	for _, n := range []struct{ name, path, body, code string }{
		{"empty", api.PathTargets, "", api.CodeMalformedRequest},
		{"no JSON", api.PathTargets, "name = \"ids\"", api.CodeMalformedRequest},
		{"half an object", api.PathTargets, `{"name": "ids", `, api.CodeMalformedRequest},
		{"two objects", api.PathTargets, `{"name": "x1", "ipAddress": "192.0.2.10"} {}`, api.CodeMalformedRequest},
		{"a list", api.PathTargets, `["ids"]`, api.CodeMalformedRequest},
		{"number for a name", api.PathTargets, `{"name": 7, "ipAddress": "192.0.2.10"}`, api.CodeInvalidValue},
		{"no UTF-8", api.PathTargets, "{\"name\": \"x\xff\xfe\", \"ipAddress\": \"192.0.2.10\"}", api.CodeMalformedRequest},
		{"unknown field", api.PathTargets, `{"name": "x2", "ipAddres": "192.0.2.10"}`, api.CodeUnknownField},
		{"unknown field inside", api.PathFilters, `{"name": "x3", "ingressFilterRules": [{"number": 1}]}`, api.CodeUnknownField},
		{"name twice", api.PathTargets, `{"name": "x4", "name": "x5", "ipAddress": "192.0.2.10"}`, api.CodeMalformedRequest},
		{"deep list", api.PathTargets, strings.Repeat("[", deep), api.CodeMalformedRequest},
		{"deep object", api.PathTargets, strings.Repeat(`{"a":`, deep/5), api.CodeMalformedRequest},
		{"deep tags", api.PathTargets, `{"name": "x6", "tags": {"a": ` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}}`, api.CodeMalformedRequest},
		{"deep document", api.PathApply, `{"interfaces": ` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`, api.CodeMalformedRequest},
		{"no port", api.PathInterfaces, `{"name": "x7", "port": "wire99"}`, api.CodeInvalidValue},
	} {
		t.Run(n.name, func(t *testing.T) {
			control.ResetPeak(t, c.pid)
			before := control.MemoryOf(t, c.pid).Total()
			r := c.dial(t)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: mirrorgw\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", n.path, api.ContentType, len(n.body))
			r.send(head, []byte(n.body), int64(len(n.body)))
			r.answer(api.StatusOf(n.code), n.code)
			if grown := control.Peak(t, c.pid) - before; grown > crowdGrowth {
				t.Errorf("the memory grew by %.1f MiB", control.MiB(grown))
			}
		})
	}
	targets, err := c.story.api.Targets().List(t.Context())
	for _, target := range targets {
		if strings.HasPrefix(target.Name, "x") {
			t.Errorf("target %q was made of nonsense", target.Name)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// staying are clients that send a part of a request and wait.
type staying struct {
	header, body *raw
	since        time.Time
}

func (c *crowd) stay() *staying {
	s := &staying{header: c.dial(c.t), body: c.dial(c.t), since: time.Now()}
	_, e1 := io.WriteString(s.header, "POST /v1/targets HTTP/1.1\r\nHost: mirr")
	_, e2 := io.WriteString(s.body, "POST /v1/targets HTTP/1.1\r\nHost: mirrorgw\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"name\":")
	if err := errors.Join(e1, e2); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// judge waits until the daemon has had enough of half a header: five seconds. Half a body may take
// longer; all others were served meanwhile.
func (s *staying) judge(t *testing.T) {
	rest, err := io.ReadAll(s.header)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("half a header is kept for %v: %v", time.Since(s.since), err)
	}
	t.Logf("half a header was cut off within %v, with %q", time.Since(s.since).Round(100*time.Millisecond), rest)
	s.body.Close()
}
