package balancer

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// ask sends one probe for real and waits for its result.
func ask(t *testing.T, prober *NetProber, protocol Protocol, at netip.AddrPort, path string, timeout time.Duration) Result {
	t.Helper()
	answer := make(chan Result, 2)
	check := Check{Protocol: protocol, Port: int(at.Port()), Path: path, Timeout: timeout}.WithDefaults()
	prober.Probe(Probe{at.Addr(), check}, func(r Result) { answer <- r })
	return <-answer
}

func listenTCP(t *testing.T, address string) (net.Listener, netip.AddrPort) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, netip.MustParseAddrPort(l.Addr().String())
}

func TestProbeTCP(t *testing.T) {
	l, at := listenTCP(t, "127.0.0.1:0")
	if r := ask(t, &NetProber{}, TCP, at, "", time.Second); !r.OK || r.RTT <= 0 {
		t.Errorf("a listening port: %+v", r)
	}
	l.Close()
	if r := ask(t, &NetProber{}, TCP, at, "", time.Second); r.OK || r.Reason != "connection refused" {
		t.Errorf("a closed port: %+v", r)
	}
}

func TestProbeTCPv6(t *testing.T) {
	_, at := listenTCP(t, "[::1]:0")
	if r := ask(t, &NetProber{}, TCP, at, "", time.Second); !r.OK {
		t.Errorf("%+v", r)
	}
}

func TestProbeHTTP(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RequestURI() {
		case "/", "/health?deep=1":
		case "/moved":
			http.Redirect(w, r, "/broken", http.StatusFound)
		case "/endless":
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-release
		case "/slow":
			<-release
		case "/headers":
			w.Header().Set("X-Much", strings.Repeat("x", 64<<10))
		case "/hangup":
			panic(http.ErrAbortHandler)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(func() { close(release); server.Close() })
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	for _, test := range []struct{ path, reason string }{
		{"", ""}, {"/health?deep=1", ""}, {"/moved", ""}, {"/endless", ""},
		{"/broken", "HTTP status 500, not 200 to 399"},
		{"/slow", "timed out"},
		{"/hangup", "the connection was closed without an answer"},
		{"/headers", "server response headers exceeded"},
	} {
		timeout := 10 * time.Second
		if test.path == "/slow" {
			timeout = 50 * time.Millisecond
		}
		r := ask(t, &NetProber{}, HTTP, at, test.path, timeout)
		if r.OK != (test.reason == "") || !strings.Contains(r.Reason, test.reason) {
			t.Errorf("path %q: %+v", test.path, r)
		}
	}
}

// What speaks no HTTP, or nothing, fails in time.
func TestProbeHTTPOfSomethingElse(t *testing.T) {
	l, at := listenTCP(t, "127.0.0.1:0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("SSH-2.0-x\r\n"))
			_ = c.Close()
		}
	}()
	if r := ask(t, &NetProber{}, HTTP, at, "/", 5*time.Second); r.OK || r.Reason == "" {
		t.Errorf("%+v", r)
	}
}

// echoes answers ICMP probes.
type echoes func(netip.Addr, time.Duration) (time.Duration, error)

func (e echoes) Echo(to netip.Addr, timeout time.Duration, done func(time.Duration, error)) {
	done(e(to, timeout))
}

func TestProbeICMP(t *testing.T) {
	at := netip.AddrPortFrom(addr(1), 0)
	prober := &NetProber{Echo: echoes(func(to netip.Addr, timeout time.Duration) (time.Duration, error) {
		if to != addr(1) || timeout != 3*time.Second {
			return 0, errors.New("wrong question")
		}
		return time.Millisecond, nil
	})}
	if r := ask(t, prober, ICMP, at, "", 3*time.Second); !r.OK || r.RTT != time.Millisecond {
		t.Errorf("%+v", r)
	}
	if r := ask(t, prober, ICMP, at, "", time.Second); r.OK || r.Reason != "wrong question" {
		t.Errorf("%+v", r)
	}
	if r := ask(t, &NetProber{}, ICMP, at, "", time.Second); r.OK || r.Reason != errNoEcho.Error() {
		t.Errorf("without a tunnel: %+v", r)
	}
}
