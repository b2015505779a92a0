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
	"mirrorgw/ctl/server"
)

// consoleDoor is the web console. All methods may be called on nil: without [console] there is none.
type consoleDoor struct {
	listener    net.Listener
	keys        *keyfile.File     // nil: nobody logs in with an access key
	certificate *door.Certificate // nil: no TLS
	server      *console.Server   // nil until prepare
	hub         *live.Hub         // nil until prepare
	log         *slog.Logger
	ended       chan struct{} // closed when nobody is served any more
}

// listenConsole opens the socket, the access keys and the certificate. Browsers that connect before
// serve wait.
func listenConsole(cfg *config.Config, log *slog.Logger) (*consoleDoor, error) {
	d, err := openConsole(cfg, log)
	if d == nil || err != nil {
		return nil, err
	}
	if d.listener, err = console.Listen(cfg.Console.Listen, d.certificate != nil); err != nil {
		return nil, err
	}
	return d, nil
}

// openConsole is listenConsole without the socket.
func openConsole(cfg *config.Config, log *slog.Logger) (*consoleDoor, error) {
	c := &cfg.Console
	if !c.Listen.IsValid() {
		return nil, nil
	}
	d := &consoleDoor{log: log, ended: make(chan struct{})}
	var keys, certificate error
	if path := cfg.KeysOf(); path != "" {
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
	_, err := openConsole(cfg, slog.New(slog.DiscardHandler))
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
		Live: d.hub, Past: l.kept.past(l.cfg),
		API: api, Gateway: hostName(), Version: version.String(), Listen: c.Listen, URL: c.URL(), Names: c.Names, Certificate: d.certificate,
		Keys: keys, Idle: c.SessionIdle, Life: c.SessionLife, Audit: l.audit, Log: d.log,
	})
}

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

// reload reads keys and certificate again. What cannot be used leaves what was before.
func (d *consoleDoor) reload() (err error) {
	if d == nil {
		return nil
	}
	if d.keys != nil {
		err = d.keys.Reload()
	}
	if d.certificate != nil {
		err = errors.Join(err, d.certificate.Reload())
	}
	return err
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
