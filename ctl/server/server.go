package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/tally"
)

// Options are what a Server answers with. The functions are called from many goroutines.
type Options struct {
	Store     *store.Store
	Config    *config.Config
	Status    func() ctl.Status                 // of the data path, now
	Report    func(report.Kinds) *report.Report // counters of some kinds, now; others may be there too. The server may alter the maps
	Explainer ctl.Explainer
	Capturer  ctl.Capturer     // nil: frames cannot be captured
	States    *ctl.StateEvents // changes of state, for change streams; nil: there are none
	Fault     error            // why the state on disk is not in use, which health says; nil: it is, or there is none
	Version   string           // of the daemon
	DPDK      string           // version of DPDK; may be empty
	Roles     Roles            // from LookupRoles; who is in Directory is judged by it instead
	Directory *iam.Directory   // nil: accounts have no users
	Region    string           // in the ARNs that policies name; empty: DefaultRegion
	Audit     *audit.Log       // nil: there is none
	Reloader  ctl.Reloader     // nil: nothing can be read again
	Log       *slog.Logger
	Limits    Limits
	Tally     *tally.Control // what is counted of requests; nil: nothing

	// ConsoleLink makes a link with which a caller logs in to the console, and says until when; nil: there
	// is no console.
	ConsoleLink func(Caller) (url string, until time.Time, err error)
}

// Server answers the control API. Make it with New.
type Server struct {
	Options
	started   time.Time
	http      *http.Server
	routes    []*route
	closing   chan struct{} // closed when Shutdown begins: change streams end
	once      sync.Once
	watchers  atomic.Int64
	applying  chan struct{} // holds one token: one large document is read at a time
	large     places        // for bodies of more than BodyBytes
	counting  places        // for reports of counters
	diskFault atomic.Pointer[string]
	captures  captures
}

// New makes a server. It answers once Serve is called.
func New(o Options) *Server {
	o.Limits = o.Limits.withDefaults()
	if o.Directory == nil {
		o.Directory = iam.RootsOnly()
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Report == nil {
		o.Report = func(report.Kinds) *report.Report { return report.New() }
	}
	if o.Status == nil {
		o.Status = func() ctl.Status { return ctl.Status{} }
	}
	s := &Server{Options: o, started: time.Now(), closing: make(chan struct{}), applying: make(chan struct{}, 1),
		large: newPlaces(o.Limits.LargeBodies), counting: newPlaces(o.Limits.Stats)}
	s.routes = s.allRoutes()
	for _, r := range s.routes {
		r.action = operationID(r)
	}
	s.http = &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: o.Limits.HeaderTime,
		ReadTimeout:       o.Limits.HeaderTime + o.Limits.BodyTime,
		IdleTimeout:       o.Limits.IdleTime,
		MaxHeaderBytes:    o.Limits.HeaderBytes,
		ConnContext:       withPeer,
		ConnState:         s.countConnection,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// countConnection is told of the connections that have a place.
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
	err := s.http.Serve(&limitedListener{Listener: l, limit: int64(s.Limits.Connections), tally: s.Tally})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown removes the socket, ends the change streams and waits for the requests under way, at
// most until ctx is done; then their connections are cut and ctx's error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(func() { close(s.closing) })
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	return err
}
