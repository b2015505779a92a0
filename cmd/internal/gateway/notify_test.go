package gateway

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manager is a service manager that reads what it is told.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	name string // for NOTIFY_SOCKET
}

func newManager(t *testing.T, name string) *manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t, conn, name}
}

// told returns the messages that have arrived. A datagram is there once it has been sent.
func (m *manager) told() (messages []string) {
	m.t.Helper()
	buffer := make([]byte, 4096)
	for {
		if err := m.conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			m.t.Fatal(err)
		}
		n, err := m.conn.Read(buffer)
		if err != nil {
			return messages
		}
		messages = append(messages, string(buffer[:n]))
	}
}

// asked is a notifier for what the environment says, and its log.
func asked(t *testing.T, socket, usec, pid string) (*notifier, *bytes.Buffer) {
	t.Helper()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", usec)
	t.Setenv("WATCHDOG_PID", pid)
	var text bytes.Buffer
	n := takeNotifier(slog.New(slog.NewTextHandler(&text, nil)))
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if value, there := os.LookupEnv(name); there {
			t.Errorf("%s=%s is left for children", name, value)
		}
	}
	return n, &text
}

func TestMessagesArrive(t *testing.T) {
	for kind, name := range map[string]string{
		"path":     filepath.Join(t.TempDir(), "notify"),
		"abstract": fmt.Sprintf("@mirrorgw-test-%d-%d", os.Getpid(), time.Now().UnixNano()),
	} {
		t.Run(kind, func(t *testing.T) {
			m := newManager(t, name)
			n, text := asked(t, name, "", "")
			n.send("READY=1", "STATUS=all is well")
			n.send("STOPPING=1")
			if got := fmt.Sprintf("%q", m.told()); got != `["READY=1\nSTATUS=all is well" "STOPPING=1"]` || text.Len() > 0 {
				t.Errorf("%s arrived; log: %s", got, text)
			}
		})
	}
}

func TestWatchdogVariables(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		warning   string
	}{
		{"", "", 0, ""},
		{"5000000", "", 5 * time.Second, ""},
		{"5000000", own, 5 * time.Second, ""},
		{"5000000", "1", 0, ""},
		{"", own, 0, ""},
		{"0", own, 0, `WATCHDOG_USEC \"0\" is not a number of microseconds from 1 to 9223372036854775`},
		{"-5", "", 0, "is not a number of microseconds"},
		{"soon", "", 0, "is not a number of microseconds"},
		{"9223372036854776", "", 0, "is not a number of microseconds"},
	} {
		n, text := asked(t, "/nowhere", c.usec, c.pid)
		if got := n.watchdogTime(); got != c.want {
			t.Errorf("USEC %q, PID %q: %v, want %v", c.usec, c.pid, got, c.want)
		}
		if (c.warning == "") != (text.Len() == 0) || !strings.Contains(text.String(), c.warning) {
			t.Errorf("USEC %q, PID %q: log %q, want %q", c.usec, c.pid, text, c.warning)
		}
	}
}

func TestNobodyToTell(t *testing.T) {
	for _, socket := range []string{"", "vsock:2:1234"} {
		n, text := asked(t, socket, "5000000", "")
		n.send("READY=1")
		if n != nil || n.watchdogTime() != 0 || (socket == "") != (text.Len() == 0) {
			t.Errorf("%q: notifier %v, log: %s", socket, n, text)
		}
	}
}

// TestManagerGoesAndComes: it is said once that messages do not arrive, until some did.
func TestManagerGoesAndComes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	n, text := asked(t, name, "", "")
	warnings := func() int { return strings.Count(text.String(), "cannot be told") }
	n.send("READY=1")
	n.send("WATCHDOG=1")
	if warnings() != 1 {
		t.Errorf("log: %s", text)
	}
	m := newManager(t, name)
	n.send("WATCHDOG=1")
	if got := m.told(); len(got) != 1 || warnings() != 1 {
		t.Errorf("%q arrived; log: %s", got, text)
	}
	m.conn.Close()
	n.send("WATCHDOG=1")
	if warnings() != 2 {
		t.Errorf("log: %s", text)
	}
}

// TestManagerThatDoesNotRead holds nobody up for long.
func TestManagerThatDoesNotRead(t *testing.T) {
	m := newManager(t, filepath.Join(t.TempDir(), "notify"))
	n, text := asked(t, m.name, "", "")
	for range 100_000 {
		if n.send("WATCHDOG=1"); text.Len() > 0 {
			break
		}
	}
	if !strings.Contains(text.String(), "i/o timeout") {
		t.Errorf("log: %s", text)
	}
}
