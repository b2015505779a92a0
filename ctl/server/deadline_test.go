package server_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/server"
)

// TestNeverReads: a client that asks on and on and reads no answer is cut off, whatever it asks
// for; else it would keep its place among the connections for ever.
func TestNeverReads(t *testing.T) {
	w := newWorld(t, server.Limits{WriteTime: 50 * time.Millisecond})
	for _, request := range []string{"GET /v1/version", "GET /nowhere", "POST /v1/version"} {
		conn, err := net.Dial("unix", w.socket)
		if err != nil {
			t.Fatal(err)
		}
		many := []byte(strings.Repeat(request+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 100))
		end := time.Now().Add(5 * time.Second)
		for err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			if time.Now().After(end) {
				t.Errorf("%s: it is still served", request)
				break
			}
			conn.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
			_, err = conn.Write(many)
		}
		conn.Close()
	}
}
