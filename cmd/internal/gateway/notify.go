package gateway

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// notifier tells the service manager how the gateway does, as sd_notify(3) describes: one datagram
// a message, to the socket that NOTIFY_SOCKET names. All methods may be called on nil: without a
// service manager there is none. Any goroutine may call it.
type notifier struct {
	address  *net.UnixAddr
	watchdog time.Duration // within which a sign of life is due; 0: nobody waits for one
	log      *slog.Logger

	mu     sync.Mutex
	failed bool // the last message; told once, until one arrives again
}

// sendTime is how long a message may take. A service manager that does not read must not hold up
// who watches the lcores.
const sendTime = 100 * time.Millisecond

// takeNotifier reads what the service manager asks for and removes it from the environment, so
// that nobody whom this process starts speaks in its name. It is called once, before any thread
// that reads the environment.
func takeNotifier(log *slog.Logger) *notifier {
	socket, usec, pid := takeVariable("NOTIFY_SOCKET"), takeVariable("WATCHDOG_USEC"), takeVariable("WATCHDOG_PID")
	if socket == "" {
		return nil
	}
	if socket[0] != '/' && socket[0] != '@' {
		log.Warn("the service manager is not told anything: NOTIFY_SOCKET is neither a path nor an abstract name with @", "socket", socket)
		return nil
	}
	watchdog, err := watchdogTime(usec, pid)
	if err != nil {
		log.Warn("the watchdog is not fed", "error", err)
	}
	return &notifier{address: &net.UnixAddr{Name: socket, Net: "unixgram"}, watchdog: watchdog, log: log}
}

func takeVariable(name string) string {
	value := os.Getenv(name)
	os.Unsetenv(name)
	return value
}

// watchdogTime is the time of WATCHDOG_USEC, or 0 when the watchdog is not for this process.
func watchdogTime(usec, pid string) (time.Duration, error) {
	if usec == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	n, err := strconv.ParseInt(usec, 10, 64)
	if limit := int64((1<<63 - 1) / time.Microsecond); err != nil || n <= 0 || n > limit {
		return 0, fmt.Errorf("WATCHDOG_USEC %q is not a number of microseconds from 1 to %d", usec, limit)
	}
	return time.Duration(n) * time.Microsecond, nil
}

// watchdogTime is how long the service manager waits for a sign of life; 0: it does not.
func (n *notifier) watchdogTime() time.Duration {
	if n == nil {
		return 0
	}
	return n.watchdog
}

// send sends assignments such as READY=1 as one message. That it does not arrive is logged only:
// production does not depend on it.
func (n *notifier) send(assignments ...string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	err := n.write(strings.Join(assignments, "\n"))
	if err != nil && !n.failed {
		n.log.Warn("the service manager cannot be told how the gateway does", "message", assignments[0], "error", err)
	}
	n.failed = err != nil
}

func (n *notifier) write(message string) error {
	conn, err := net.DialUnix("unixgram", nil, n.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(message))
	return err
}
