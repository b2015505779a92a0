package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/tally"
)

// Limits keep one client from using up the daemon. Zero fields have the value of DefaultLimits.
type Limits struct {
	Connections   int           // at once; those above are told so and closed
	Watchers      int           // at once, of the change stream
	Stats         int           // at once, of the requests for counters; others wait, for WriteTime at most
	LargeBodies   int           // at once, of the requests with more than BodyBytes
	HeaderBytes   int           // of a request
	BodyBytes     int64         // of a request
	DocumentBytes int64         // of an apply
	HeaderTime    time.Duration // to send the headers
	BodyTime      time.Duration // to send the body
	WriteTime     time.Duration // to take the answer, or one piece of the change stream
	IdleTime      time.Duration // between two requests of a connection
	Heartbeat     time.Duration // between two signs of life of the change stream
}

// DefaultLimits are those of production.
var DefaultLimits = Limits{
	Connections: 512, Watchers: 64, Stats: 8, LargeBodies: 4,
	HeaderBytes: 16 << 10, BodyBytes: 1 << 20, DocumentBytes: 64 << 20,
	HeaderTime: 5 * time.Second, BodyTime: 30 * time.Second, WriteTime: 30 * time.Second,
	IdleTime: 60 * time.Second, Heartbeat: 15 * time.Second,
}

func orDefault[T int | int64 | time.Duration](value *T, otherwise T) {
	if *value == 0 {
		*value = otherwise
	}
}

func (l Limits) withDefaults() Limits {
	d := &DefaultLimits
	orDefault(&l.Connections, d.Connections)
	orDefault(&l.Watchers, d.Watchers)
	orDefault(&l.Stats, d.Stats)
	orDefault(&l.LargeBodies, d.LargeBodies)
	orDefault(&l.HeaderBytes, d.HeaderBytes)
	orDefault(&l.BodyBytes, d.BodyBytes)
	orDefault(&l.DocumentBytes, d.DocumentBytes)
	orDefault(&l.HeaderTime, d.HeaderTime)
	orDefault(&l.BodyTime, d.BodyTime)
	orDefault(&l.WriteTime, d.WriteTime)
	orDefault(&l.IdleTime, d.IdleTime)
	orDefault(&l.Heartbeat, d.Heartbeat)
	return l
}

// limitedListener counts connections and turns away those above the limit with an answer, so
// that a client is told rather than left waiting in the backlog.
type limitedListener struct {
	net.Listener
	limit   int64
	open    atomic.Int64
	refused atomic.Int64 // being told so at this moment
	tally   *tally.Control
}

// maxRefusing bounds the clients that are being told at one moment. Those above it find the
// connection closed, with the answer in it if they look.
const maxRefusing = 1024

// refusalTime is how long a refused client may take to ask, and again to read why.
const refusalTime = time.Second

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.limit {
			return l.counted(conn), nil
		}
		l.open.Add(-1)
		l.tally.Answer(tally.NoAction, http.StatusServiceUnavailable)
		patiently := l.refused.Add(1) <= maxRefusing
		go func() {
			defer l.refused.Add(-1)
			l.refuse(conn, patiently)
		}()
	}
}

// refuse answers whatever is asked. HTTP clients distrust an answer that comes before they have
// asked, and one whose request is not taken may not look for the answer: so, if there is time, the
// beginning of the request is waited for, and the rest of it is read away.
func (l *limitedListener) refuse(conn net.Conn, patiently bool) {
	defer conn.Close()
	body, err := json.Marshal(api.ErrorBody{Error: api.Error{Code: api.CodeUnavailable,
		Message: fmt.Sprintf("there are %d connections already; close some or try again in a moment", l.limit)}})
	if err != nil {
		return
	}
	conn.SetDeadline(time.Now().Add(refusalTime))
	if patiently {
		conn.Read(make([]byte, 4096)) // if nothing comes it is told all the same
		conn.SetDeadline(time.Now().Add(refusalTime))
	}
	fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nRetry-After: 1\r\nConnection: close\r\n\r\n%s",
		http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable), api.ContentType, len(body), body)
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	if !patiently {
		return
	}
	io.Copy(io.Discard, io.LimitReader(conn, 1<<20))
}

func (l *limitedListener) counted(conn net.Conn) net.Conn {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return &otherConn{Conn: conn, listener: l}
	}
	return &countedConn{UnixConn: unixConn, listener: l}
}

// countedConn gives its place back when it is closed, once.
type countedConn struct {
	*net.UnixConn // with its CloseWrite and SyscallConn
	listener      *limitedListener
	once          sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.listener.open.Add(-1) })
	return c.UnixConn.Close()
}

// otherConn is the same for listeners that are not ours; its peer is unknown.
type otherConn struct {
	net.Conn
	listener *limitedListener
	once     sync.Once
}

func (c *otherConn) Close() error {
	c.once.Do(func() { c.listener.open.Add(-1) })
	return c.Conn.Close()
}
