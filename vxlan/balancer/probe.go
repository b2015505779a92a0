package balancer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Echo sends ICMP echo requests through the tunnel port. done is called once, from any goroutine, at
// the latest after the timeout; its error is a clause for people, such as "timed out" or "port
// unreachable". It is an ErrNotSent where the request did not leave.
type Echo interface {
	Echo(to netip.Addr, timeout time.Duration, done func(rtt time.Duration, err error))
}

// NetProber probes for real: ICMP through Echo, TCP and HTTP through the kernel and its routes,
// which is the management network. Each TCP or HTTP probe is one goroutine and one connection, for
// the timeout of the check at most; the Balancer bounds how many there are.
type NetProber struct {
	Echo Echo // nil: every ICMP probe fails, and says so
}

// ErrNotSent says that a probe could not be sent, for reasons that are the gateway's own.
var ErrNotSent = errors.New("not sent")

var errNoEcho = errors.New("ICMP cannot be sent: there is no tunnel port to send it from")

// Probe starts a probe.
func (n *NetProber) Probe(p Probe, done func(Result)) {
	switch {
	case p.Check.Protocol == TCP:
		go func() { done(timed(func() error { return dial(p) })) }()
	case p.Check.Protocol == HTTP:
		go func() { done(timed(func() error { return get(p) })) }()
	case n.Echo == nil:
		done(Result{Reason: errNoEcho.Error()})
	default:
		n.Echo.Echo(p.Address, p.Check.Timeout, func(rtt time.Duration, err error) {
			if err != nil {
				done(Result{Reason: err.Error(), NotSent: errors.Is(err, ErrNotSent)})
				return
			}
			done(Result{OK: true, RTT: rtt})
		})
	}
}

func timed(ask func() error) Result {
	begin := time.Now()
	if err := ask(); err != nil {
		return Result{Reason: reasonOf(err)}
	}
	return Result{OK: true, RTT: time.Since(begin)}
}

// endpoint is address:port of a probe.
func endpoint(p Probe) string {
	return net.JoinHostPort(p.Address.String(), strconv.Itoa(p.Check.Port))
}

// dial opens a connection and closes it.
func dial(p Probe) error {
	connection, err := (&net.Dialer{Timeout: p.Check.Timeout, KeepAlive: -1}).Dial("tcp", endpoint(p))
	if err != nil {
		return err
	}
	return connection.Close()
}

// statusError is an answer with a status that is not a good one.
type statusError int

func (s statusError) Error() string {
	return "HTTP status " + strconv.Itoa(int(s)) + ", not 200 to 399"
}

// get asks for a path. A status from 200 to 399 is good, as with an AWS Network Load Balancer; a
// redirect is not followed, the body not read, the connection not kept. No proxy of the environment
// is used.
func get(p Probe) error {
	transport := &http.Transport{
		DialContext:            (&net.Dialer{KeepAlive: -1}).DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 16 << 10,
	}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), p.Check.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+endpoint(p)+p.Check.Path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "mirrorgw-health-check")
	answer, err := transport.RoundTrip(request) // follows no redirect
	if err != nil {
		return err
	}
	_ = answer.Body.Close() // unread: it closes the connection
	if answer.StatusCode < 200 || answer.StatusCode > 399 {
		return statusError(answer.StatusCode)
	}
	return nil
}

// reasonOf shortens an error of package net to what people want to know.
func reasonOf(err error) string {
	var number syscall.Errno
	var timeout net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timed out"
	case errors.As(err, &number):
		return number.Error()
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	}
	return err.Error()
}
