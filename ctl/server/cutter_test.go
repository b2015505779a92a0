package server_test

import (
	"bufio"
	"io"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// cutter is a proxy that breaks its first connection after some events.
type cutter struct {
	socket      string
	after       int
	connections atomic.Int64
}

func (c *cutter) listen(t *testing.T) string {
	path := filepath.Join(socketDirectory(t), "cut.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go c.relay(conn, c.connections.Add(1) == 1)
		}
	}()
	return path
}

func (c *cutter) relay(client net.Conn, cut bool) {
	defer client.Close()
	server, err := net.Dial("unix", c.socket)
	if err != nil {
		return
	}
	defer server.Close()
	go io.Copy(server, client)
	if !cut {
		io.Copy(client, server)
		return
	}
	lines := bufio.NewReader(server)
	for events := 0; events < c.after; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		io.WriteString(client, line)
		if line[0] == '{' {
			events++
		}
	}
}
