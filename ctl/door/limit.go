package door

import (
	"net"
	"sync"
	"sync/atomic"
)

// Limit lets a listener have so many connections at once. Those above are closed: clients try again
// after that, and over TLS there is nothing that they could be told in.
func Limit(l net.Listener, connections int) net.Listener {
	return &limitedListener{Listener: l, limit: int64(connections)}
}

type limitedListener struct {
	net.Listener
	limit int64
	open  atomic.Int64
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.limit {
			return &countedConn{Conn: conn, listener: l}, nil
		}
		l.open.Add(-1)
		conn.Close()
	}
}

type countedConn struct {
	net.Conn
	listener *limitedListener
	once     sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.listener.open.Add(-1) })
	return c.Conn.Close()
}
