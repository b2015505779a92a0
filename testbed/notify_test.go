package testbed

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/daemon"
)

// serviceManager listens where the gateway is told to tell how it does.
type serviceManager struct {
	t    *testing.T
	conn *net.UnixConn
}

// notified has the gateways that this test starts tell a service manager at the named socket.
func notified(t *testing.T, name string, watchdog time.Duration) *serviceManager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", fmt.Sprint(watchdog.Microseconds()))
	return &serviceManager{t, conn}
}

// next returns the next message, or nothing when none comes within the time.
func (m *serviceManager) next(within time.Duration) string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		m.t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	n, err := m.conn.Read(buffer)
	if err != nil && !os.IsTimeout(err) {
		m.t.Fatal(err)
	}
	return string(buffer[:n])
}

// await returns the messages up to the first that starts with the text.
func (m *serviceManager) await(start string) (messages []string) {
	m.t.Helper()
	for end := time.Now().Add(daemon.Timeout); ; {
		message := m.next(time.Until(end))
		if message == "" {
			m.t.Fatalf("no message %q, but %q", start, messages)
		}
		messages = append(messages, message)
		if strings.HasPrefix(message, start) {
			return messages
		}
	}
}

const signOfLife = "WATCHDOG=1"

// withSocket adds a control socket to the gateway of a directory.
func withSocket(t *testing.T, dir string) (socket string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "ctl.sock")
	writeFile(t, filepath.Join(dir, "gateway.toml"), string(text)+"\n[ctl]\nsocket = \""+socket+"\"\n")
	return socket
}

// ask gets a path from the control socket.
func ask(t *testing.T, socket, path string) (code int, said string) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport, Timeout: daemon.Timeout}).Get("http://mirrorgw" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestServiceManagerIsTold: READY when traffic passes and the socket answers, signs of life, STOPPING.
func TestServiceManagerIsTold(t *testing.T) {
	for kind, name := range map[string]string{
		"path": filepath.Join(t.TempDir(), "notify"), "abstract": fmt.Sprintf("@mirrorgw-testbed-%d", os.Getpid()),
	} {
		t.Run(kind, func(t *testing.T) {
			manager := notified(t, name, time.Second)
			dir := lifeDir(t, true)
			socket := withSocket(t, dir)
			p := daemon.Start(t, dir, running...)
			if before := manager.await("READY=1\nSTATUS=forwarding, lcores: 1"); len(before) != 2 || before[0] != "STATUS=loading the resources" {
				t.Errorf("at the start: %q", before)
			}
			if code, said := ask(t, socket, api.PathReady); code != http.StatusOK {
				t.Errorf("after READY the gateway says %d: %s", code, said)
			}
			for range 3 {
				if message := manager.next(daemon.Timeout); message != signOfLife {
					t.Errorf("%q while traffic passes", message)
				}
			}
			p.Signal(syscall.SIGTERM)
			checkCleanEnd(t, p.Wait())
			if last := manager.await("STOPPING=1"); slices.ContainsFunc(last[:len(last)-1], func(m string) bool { return m != signOfLife }) {
				t.Errorf("at the end: %q", last)
			}
		})
	}
}

// TestNobodyAsksForSignsOfLife: the watchdog of another process is not fed.
func TestNobodyAsksForSignsOfLife(t *testing.T) {
	manager := notified(t, filepath.Join(t.TempDir(), "notify"), 20*time.Millisecond)
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	p := daemon.Start(t, lifeDir(t, true), running...)
	manager.await("READY=1")
	if message := manager.next(200 * time.Millisecond); message != "" {
		t.Errorf("%q after READY", message)
	}
	p.Signal(syscall.SIGTERM)
	checkCleanEnd(t, p.Wait())
}

// pipeOut is the far end of a port's capture: while it is not emptied, the lcore hangs in its driver.
type pipeOut struct {
	t      *testing.T
	reader *os.File
	ended  chan struct{}
}

func (o *pipeOut) empty() {
	if err := o.reader.SetReadDeadline(time.Time{}); err != nil {
		o.t.Fatal(err)
	}
	ended := make(chan struct{})
	o.ended = ended
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, o.reader) // until stall, or until the file is closed
	}()
}

func (o *pipeOut) stall() {
	if err := o.reader.SetReadDeadline(time.Now()); err != nil {
		o.t.Fatal(err)
	}
	<-o.ended
}

// intoPipe makes a port of an endless gateway write to a pipe, which is being emptied.
func intoPipe(t *testing.T, dir string) *pipeOut {
	t.Helper()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "gateway.toml"), strings.Replace(string(text), "net_null1,no-rx=1", "net_pcap2,tx_pcap=pipe", 1))
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0) // it does not wait for a writer
	if err != nil {
		t.Fatal(err)
	}
	o := &pipeOut{t: t, reader: reader}
	t.Cleanup(func() {
		reader.Close()
		<-o.ended
	})
	o.empty()
	return o
}

// TestStalledLcoreIsNotAlive: the only lcore hangs in its driver and goes on again. Meanwhile it is named
// in the log and there is no sign of life, although Go runs.
func TestStalledLcoreIsNotAlive(t *testing.T) {
	const watchdog = time.Second
	manager := notified(t, filepath.Join(t.TempDir(), "notify"), watchdog)
	dir := lifeDir(t, true)
	pipe, socket := intoPipe(t, dir), withSocket(t, dir)
	p := daemon.Start(t, dir, running...)
	manager.await("READY=1")
	manager.await(signOfLife)
	pipe.stall()
	manager.await("STATUS=lcore 1 on CPU 1 stands still since ")
	p.AwaitLog(`msg="an lcore stands still`)
	if code, said := ask(t, socket, api.PathHealth); code != http.StatusServiceUnavailable || !strings.Contains(said, "lcore 1 on CPU 1") {
		t.Errorf("health is %d: %s", code, said)
	}
	if message := manager.next(2 * watchdog); message != "" {
		t.Errorf("%q while the lcore stands still", message)
	}
	pipe.empty()
	manager.await("STATUS=forwarding, lcores: 1")
	manager.await(signOfLife)
	p.Signal(syscall.SIGTERM)
	result := p.Wait()
	checkCleanEnd(t, result)
	for _, what := range []string{`level=ERROR msg="an lcore stands still`, `msg="an lcore goes on that stood still" lcore=1 cpu=1 since=`} {
		if n := strings.Count(result.Stderr, what); n != 1 {
			t.Errorf("%d times %q in:\n%s", n, what, result.Stderr)
		}
	}
}

// TestStallIsLoggedWithoutServiceManager: nobody has to ask for it.
func TestStallIsLoggedWithoutServiceManager(t *testing.T) {
	dir := lifeDir(t, true)
	pipe := intoPipe(t, dir)
	p := daemon.Start(t, dir, running...)
	p.AwaitLog(daemon.Forwarding)
	pipe.stall()
	p.AwaitLog(`lost; see what else runs on its CPU" lcore=1 cpu=1 since=`)
	pipe.empty()
	p.AwaitLog(`msg="an lcore goes on that stood still" lcore=1 cpu=1 since=`)
	p.Signal(syscall.SIGTERM)
	checkCleanEnd(t, p.Wait())
}
