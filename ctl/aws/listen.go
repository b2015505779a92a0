package aws

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Listen opens the door's TCP socket; nobody is answered before Server.Serve. Without TLS only a
// loopback address is accepted: signatures keep requests from being forged, not from being read.
func Listen(address netip.AddrPort, withTLS bool) (net.Listener, error) {
	if !withTLS && !address.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("the AWS endpoint may not listen on %s without TLS; set tls_certificate and tls_key in [aws], or listen on 127.0.0.1:%d", address, address.Port())
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("the AWS endpoint cannot listen on %s (%w); free the port or set [aws] listen to another", address, err)
	}
	return listener, nil
}

// limitedListener closes the connections above a limit at once: clients try again after that, and
// over TLS there is nothing that they could be told in.
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
