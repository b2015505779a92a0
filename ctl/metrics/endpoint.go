package metrics

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/tally"
)

// Options are what an Endpoint tells of. The functions are called from several goroutines, but by
// one scrape at a time.
type Options struct {
	Store   *store.Store
	Config  *config.Config
	Status  func() ctl.Status                 // of the data path, now
	Report  func(report.Kinds) *report.Report // counters, now; it belongs to the scrape
	Reasons Reasons
	Fault   error  // why the state on disk is not in use; nil: it is, or there is none
	Version string // of the daemon
	DPDK    string // version of DPDK; may be empty
	Log     *slog.Logger

	Mempools func() []Mempool         // that the workers use, now; nil: nothing is known
	Xstats   func(port int) []Xstat   // of a port's driver, by index in the configuration, now; nil: likewise
	History  func() *history.Counts   // what the history has, now; nil, or one that returns nil: there is none
	Control  *tally.Control           // what the control server does; nil: there is none
	Audit    *audit.Log               // nil: there is none
	Captured func() ctl.CaptureTotals // nil: nothing can be captured
	AWS      *tally.Control           // what the AWS endpoint does, by service; nil: there is none

	Configuration func() ctl.Configuration // that is in force, now; nil: nothing is told of it
}

// Reasons are the reasons that ports count by, which have series from the start.
type Reasons struct{ Dropped, Ignored, Unclassified, Fragments []string }

// What a scraper may take. An answer of 65,536 sessions has some 150 MB.
const (
	MaxConnections = 16 // at once, over all listeners
	headerBytes    = 8 << 10
	headerTime     = 5 * time.Second
	writeTime      = 60 * time.Second
	idleTime       = 2 * time.Minute // scrapers come every minute at the least
	writeBuffer    = 64 << 10
)

// contentType is that of the text format.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Endpoint answers GET /metrics. Make it with New.
type Endpoint struct {
	options Options
	http    *http.Server
	places  chan struct{} // one for each open connection
	turn    chan struct{} // holds one token: the data path is asked for one scrape at a time
	watch   cloudWatch    // of whoever has the turn
}

// New makes an endpoint. It answers once Serve is called.
func New(o Options) *Endpoint {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e := &Endpoint{options: o, places: make(chan struct{}, MaxConnections), turn: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.metrics)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "mirrorgw "+o.Version+"\nGET /metrics has the metrics.\n")
	})
	e.http = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       headerTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return e
}

// Handler answers without a listener, for another door of this process.
func (e *Endpoint) Handler() http.Handler { return e.http.Handler }

// Serve answers on a listener until Shutdown; then it returns nil. It may be called for several
// listeners, each in a goroutine of its own.
func (e *Endpoint) Serve(l net.Listener) error {
	err := e.http.Serve(&limitedListener{Listener: l, places: e.places})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown closes the listeners and waits for the scrapes under way, at most until ctx is done;
// then their connections are cut and ctx's error is returned.
func (e *Endpoint) Shutdown(ctx context.Context) error {
	err := e.http.Shutdown(ctx)
	if err != nil {
		e.http.Close()
	}
	return err
}

// metrics gathers in turn and writes on its own: a slow reader keeps nobody waiting.
func (e *Endpoint) metrics(w http.ResponseWriter, r *http.Request) {
	select {
	case e.turn <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	s := func() *scene {
		defer func() { <-e.turn }()
		return look(&e.options, &e.watch)
	}()
	w.Header().Set("Content-Type", contentType)
	if err := write(bufio.NewWriterSize(w, writeBuffer), s); err != nil {
		e.options.Log.Debug("a scraper has gone", "error", err)
	}
}
