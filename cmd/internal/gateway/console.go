package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"

	"mirrorgw/cmd/internal/version"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console"
	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/door"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/keyfile"
	"mirrorgw/ctl/metrics"
	"mirrorgw/ctl/server"
)

// consoleDoor is the web console. All methods may be called on nil: without [console] there is none.
type consoleDoor struct {
	listener    net.Listener
	keys        *keyfile.File     // nil: nobody logs in with an access key
	ownKeys     bool              // they are not those of the AWS endpoint
	certificate *door.Certificate // nil: no TLS
	server      *console.Server   // nil until prepare
	hub         *live.Hub         // nil until prepare
	log         *slog.Logger
	ended       chan struct{} // closed when nobody is served any more
}

// listenConsole opens the socket, the access keys and the certificate. Browsers that connect before
// serve wait. Keys of the AWS endpoint, if there is one, are shared with it.
func listenConsole(cfg *config.Config, aws *awsDoor, log *slog.Logger) (*consoleDoor, error) {
	d, err := openConsole(cfg, aws, log)
	if d == nil || err != nil {
		return nil, err
	}
	if d.listener, err = console.Listen(cfg.Console.Listen, d.certificate != nil); err != nil {
		return nil, err
	}
	return d, nil
}

// openConsole is listenConsole without the socket.
func openConsole(cfg *config.Config, aws *awsDoor, log *slog.Logger) (*consoleDoor, error) {
	c := &cfg.Console
	if !c.Listen.IsValid() {
		return nil, nil
	}
	d := &consoleDoor{log: log, ended: make(chan struct{})}
	var keys, certificate error
	switch path := cfg.KeysOf(); {
	case path == "":
	case aws != nil && aws.keys.Path == path:
		d.keys = aws.keys
	default:
		d.ownKeys = true
		d.keys, keys = keyfile.Open(keyfile.Options{Path: path, Account: keysAccount(cfg), Log: log})
	}
	if c.TLSCertificate != "" {
		d.certificate, certificate = door.LoadCertificate("console", c.TLSCertificate, c.TLSKey, log)
	}
	return d, errors.Join(keys, certificate)
}

// keysAccount is whose the access keys are that name no account.
func keysAccount(cfg *config.Config) string {
	if cfg.AWS.Account != "" {
		return cfg.AWS.Account
	}
	return config.DefaultAccount
}

// checkConsole looks at the files that [console] names, for --check-config.
func checkConsole(cfg *config.Config) error {
	_, err := openConsole(cfg, nil, slog.New(slog.DiscardHandler))
	return err
}

// links gives the API what makes one-time links, which the console does once it is there.
func (d *consoleDoor) links(o *server.Options) {
	if d != nil {
		o.ConsoleLink = func(c server.Caller) (string, time.Time, error) { return d.server.Link(c) }
	}
}

// prepare makes the console of an API that has its links from here.
func (d *consoleDoor) prepare(l *life, api *server.Server) {
	if d == nil {
		return
	}
	c := &l.cfg.Console
	var keys iam.Keys // not an interface around a nil pointer
	if d.keys != nil {
		keys = d.keys
	}
	d.hub = live.New(live.Options{Store: l.loaded.store, Config: l.cfg, Status: l.data.status, Report: l.data.report, History: l.kept.history(), Fault: l.loaded.fault, Log: d.log})
	d.server = console.New(console.Options{
		Live: d.hub, Past: l.kept.past(l.cfg), Config: l.again.inForce, Metrics: metrics.New(l.metricsOptions()).Handler(),
		API: api, Gateway: hostName(), Version: version.String(), Listen: c.Listen, URL: c.URL(), Names: c.Names, Certificate: d.certificate,
		Keys: keys, Idle: minutes(c), Life: hours(c), Audit: l.audit, Log: d.log,
	})
}

func minutes(c *config.Console) time.Duration { return time.Duration(c.SessionMinutes) * time.Minute }
func hours(c *config.Console) time.Duration   { return time.Duration(c.SessionHours) * time.Hour }

// hostName is what the console calls the gateway.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "gateway"
	}
	return name
}

// serve answers from now on. Whatever goes wrong with browsers is logged: production goes on.
func (d *consoleDoor) serve(l *life) {
	if d == nil {
		return
	}
	go func() {
		defer close(d.ended)
		if err := d.server.Serve(d.listener); err != nil {
			d.log.Error("the console is not served any more; production goes on", "error", err)
		}
	}()
	d.log.Info("console", "url", l.cfg.Console.URL())
}

// prepareReload reads keys and certificate again. keep is told of each file, what has it used, or why it
// is no good.
func (d *consoleDoor) prepareReload(cfg *config.Config, keep func(path string, use func(), failed error)) {
	if d == nil {
		return
	}
	if d.ownKeys {
		use, failed := d.keys.Prepare()
		keep(d.keys.Path, use, failed)
	}
	if d.certificate != nil {
		use, failed := d.certificate.Prepare()
		keep(cfg.Console.TLSCertificate, use, failed)
	}
}

// setLives takes over how long log-ins last, if there is a console at all.
func (d *consoleDoor) setLives(c *config.Console) {
	if d != nil && c.Listen.IsValid() {
		d.server.SetLives(minutes(c), hours(c))
	}
}

// close stops accepting, ends event streams and lets requests under way finish.
func (d *consoleDoor) close() {
	if d == nil {
		return
	}
	if d.server == nil {
		d.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	d.hub.Close()
	if err := d.server.Shutdown(ctx); err != nil {
		d.log.Warn("browsers were cut off", "error", err)
	}
	<-d.ended
}
