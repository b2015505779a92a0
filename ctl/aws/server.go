package aws

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"mirrorgw/ctl/door"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/sigv4"
	"mirrorgw/ctl/tally"
)

// Limits keep clients from using up the daemon, whether they have a key or not. Zero fields have
// the value of DefaultLimits.
type Limits struct {
	door.Limits
	LargeBodies int // at once, of more than SmallBody bytes; those above are told to try again
}

// DefaultLimits are those of production. What they allow at worst is 512 small and 16 large bodies,
// some 48 MiB.
var DefaultLimits = Limits{door.Limits{
	Connections: 512, BodyBytes: 1 << 20, HeaderBytes: 16 << 10,
	HeaderTime: 5 * time.Second, BodyTime: 30 * time.Second, WriteTime: 60 * time.Second, IdleTime: 60 * time.Second,
}, 16}

// smallBody is what a body may have without a place among the large ones, bytes.
const smallBody = 64 << 10

func (l Limits) withDefaults() Limits {
	return Limits{l.Limits.Or(DefaultLimits.Limits), cmp.Or(l.LargeBodies, DefaultLimits.LargeBodies)}
}

// Options are what a server is made of.
type Options struct {
	// Services answer, each what is signed for its name. The first one also answers what is
	// addressed to none, always with a refusal. There is at least one.
	Services []Service

	Keys      iam.Keys
	Region    string // the gateway's own: others are refused, but for the empty one
	AnyRegion bool   // accept whatever region clients have signed for
	Rates     Rates  // see DefaultRates; zero: no limits
	Limits    Limits

	Certificate *door.Certificate // nil: no TLS
	Audit       func(Record)      // called once a request, before it is answered; nil: nobody is told
	Ready       func() error      // says why nothing may change now, in one sentence; nil: nothing stands against it
	Tally       *tally.Control    // counts answers by service; nil: nothing
	Now         func() time.Time  // nil: time.Now
	Log         *slog.Logger      // nil: nowhere
}

// Server is the door. Make it with New.
type Server struct {
	Options
	services map[string]Service
	verifier *sigv4.Verifier
	byKey    door.Buckets[string]
	failed   door.Buckets[netip.Prefix]
	large    chan struct{} // holds one token for each large body that is read or served
	http     *http.Server
}

// New makes a server. It answers once Serve is called.
func New(o Options) *Server {
	o.Limits = o.Limits.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{Options: o, services: map[string]Service{}, verifier: sigv4.New(sigv4.Options{Keys: o.Keys, Now: o.Now}), large: make(chan struct{}, o.Limits.LargeBodies)}
	for _, service := range o.Services {
		s.services[service.Name()] = service
	}
	s.SetRates(o.Rates)
	s.http = door.NewServer(s, s.Limits.Limits, o.Log)
	s.http.ConnState = s.countConnection
	return s
}

// SetRates changes the rate limits, from any goroutine.
func (s *Server) SetRates(r Rates) {
	s.byKey.Set(r.Key)
	s.failed.Set(r.Failed)
}

func (s *Server) countConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.Tally.Connect(1)
	case http.StateClosed, http.StateHijacked:
		s.Tally.Connect(-1)
	}
}

// Serve answers on a listener, usually one of Listen, until Shutdown; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	return door.Serve(s.http, l, s.Limits.Connections, s.Certificate)
}

// Shutdown stops listening and waits for the requests under way, at most until ctx is done; then
// their connections are cut and ctx's error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	return err
}
