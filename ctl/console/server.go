package console

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/console/past"
	"mirrorgw/ctl/door"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
)

// API is what the console asks: the control API of this process.
type API interface {
	Transport() http.RoundTripper
	May(c *server.Caller, method, path string) bool
}

// Options are what a console is made of.
type Options struct {
	API         API
	Gateway     string            // name of the gateway, on every page
	Version     string            // of the daemon
	Listen      netip.AddrPort    // where it is reached
	URL         string            // what links begin with: scheme, host and port
	Names       []string          // hosts that browsers may ask for besides the address itself
	Certificate *door.Certificate // nil: no TLS
	Keys        iam.Keys          // access keys that log in; nil: one-time links only
	Idle, Life  time.Duration     // after which log-ins end: without use, and whatever happens; 0: an hour, 12 hours
	Audit       *audit.Log        // nil: there is none

	// Events answers GET /events of those who are logged in: server-sent events, until the context of
	// the request ends. The context has the caller (server.CallerOf). nil: pages do not move.
	Events http.Handler

	Live *live.Hub  // numbers of the moment, and Events where that is nil; nil: there are none
	Past *past.Past // plots of the history; nil: there is none

	Config  func() *config.Config // what the gateway runs by, now; nil: it is not shown
	Metrics http.Handler          // writes the metrics as Prometheus reads them; nil: none are shown

	Limits Limits
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: nowhere
}

// Limits keep browsers from using up the daemon. Zero fields have the value of DefaultLimits. Streams
// of events have no WriteTime.
type Limits struct {
	door.Limits
	Sessions int // log-ins at once; a further one ends the one that was not used for longest
	PerUser  int // the same, of one user
}

// DefaultLimits are those of production.
var DefaultLimits = Limits{door.Limits{
	Connections: 512, HeaderBytes: 16 << 10, BodyBytes: 2 << 20,
	HeaderTime: 5 * time.Second, BodyTime: 30 * time.Second, WriteTime: 60 * time.Second, IdleTime: 60 * time.Second,
}, 1024, 64}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	return Limits{l.Limits.Or(d.Limits), cmp.Or(l.Sessions, d.Sessions), cmp.Or(l.PerUser, d.PerUser)}
}

// Server is the console. Make it with New.
type Server struct {
	Options
	api      *client.Client
	sessions *sessions
	links    *links
	attempts attempts
	health   healthCache
	pages    []*page
	http     *http.Server
	ended    context.Context // of Shutdown: event streams end
	end      context.CancelFunc
}

// New makes a console. It answers once Serve is called.
func New(o Options) *Server {
	o.Limits = o.Limits.withDefaults()
	o.Idle, o.Life = cmp.Or(o.Idle, time.Hour), cmp.Or(o.Life, 12*time.Hour)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Events == nil && o.Live != nil {
		o.Events = o.Live.Handler(o.API)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{Options: o, api: client.Over("the gateway", o.API.Transport()), sessions: newSessions(&o), links: newLinks(o.Now)}
	s.attempts.setRates(o.Listen.Addr().Unmap().IsLoopback())
	s.ended, s.end = context.WithCancel(context.Background())
	s.pages = s.allPages()
	s.http = door.NewServer(s.Handler(), s.Limits.Limits, o.Log)
	s.http.BaseContext = func(net.Listener) context.Context { return s.ended }
	return s
}

// Listen opens the console's TCP socket; nobody is answered before Server.Serve. Without TLS only a
// loopback address is accepted.
func Listen(address netip.AddrPort, withTLS bool) (net.Listener, error) {
	if !withTLS && !address.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("the console may not listen on %s without TLS; set tls_certificate and tls_key in [console], or listen on 127.0.0.1:%d", address, address.Port())
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("the console cannot listen on %s (%w); free the port or set [console] listen to another", address, err)
	}
	return listener, nil
}

// Serve answers on a listener, usually one of Listen, until Shutdown; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	return door.Serve(s.http, l, s.Limits.Connections, s.Certificate)
}

// Shutdown stops listening, ends event streams and waits for the requests under way, at most until
// ctx is done; then their connections are cut and ctx's error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	stopped := make(chan error, 1)
	go func() { stopped <- s.http.Shutdown(ctx) }()
	s.end()
	err := <-stopped
	if err != nil {
		s.http.Close()
	}
	return err
}
