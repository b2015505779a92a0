package metrics

import (
	"io"
	"net"
	"sync"
	"time"
)

// limitedListener turns away connections for which there is no place.
type limitedListener struct {
	net.Listener
	places chan struct{}
}

const refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 47\r\nRetry-After: 1\r\nConnection: close\r\n\r\n" +
	"there are 16 connections already; try it again\n"

// refusalTime is how long the answer may take, which fits in the send buffer of a new connection.
const refusalTime = 100 * time.Millisecond

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.places <- struct{}{}:
			return &placedConn{Conn: conn, places: l.places}, nil
		default:
			conn.SetDeadline(time.Now().Add(refusalTime))
			io.WriteString(conn, refusal)
			conn.Close()
		}
	}
}

// placedConn gives its place back when it is closed, once.
type placedConn struct {
	net.Conn
	places chan struct{}
	once   sync.Once
}

func (c *placedConn) Close() error {
	c.once.Do(func() { <-c.places })
	return c.Conn.Close()
}
