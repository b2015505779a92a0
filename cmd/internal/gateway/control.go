package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"mirrorgw/cmd/internal/version"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/server"
	"mirrorgw/dpdk"
)

// shutdownTime is how long requests under way may take once the gateway stops. Changes take
// milliseconds; a client that is still sending its request is cut off.
const shutdownTime = 2 * time.Second

// maxConnections is how many clients are served at once, those that only wait included; what they
// cost is some 20 KiB each, of the control plane's memory. More are told to come back.
const maxConnections = 2048

// control is the control socket. All methods may be called on nil: without [ctl] there is none.
type control struct {
	listener net.Listener
	server   *server.Server // nil until serve
	log      *slog.Logger
	ended    chan struct{} // closed when nobody is served any more
}

// listen makes the socket. Clients that connect before serve wait.
func listen(cfg *config.Config, log *slog.Logger) (*control, error) {
	c := &cfg.Ctl
	if c.Socket == "" {
		return nil, nil
	}
	if dir := filepath.Dir(c.Socket); dir == config.RunDirectory {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("[ctl]: the directory %s cannot be made (%w); make it for this user, or choose another socket", dir, err)
		}
	}
	listener, err := server.Listen(server.SocketOptions{Path: c.Socket, Mode: c.Mode, AdminGroup: c.AdminGroup, ReaderGroup: c.ReaderGroup})
	if err != nil {
		return nil, err
	}
	return &control{listener: listener, log: log, ended: make(chan struct{})}, nil
}

// newAPI makes the control API, which the socket and the console are doors to.
func (l *life) newAPI() (*server.Server, error) {
	roles, err := server.LookupRoles(l.cfg.Ctl.AdminGroup, l.cfg.Ctl.ReaderGroup)
	if err != nil {
		return nil, err
	}
	o := server.Options{
		Store: l.loaded.store, Status: l.data.status, Report: l.data.report, Explainer: l.data, Capturer: l.data, States: l.data.ways.states, Fault: l.loaded.fault,
		Version: version.String(), DPDK: dpdk.Version(), Config: l.cfg, Roles: roles, Log: l.o.Log,
		Limits: server.Limits{Connections: maxConnections}, Tally: &l.tally,
		Directory: l.directory, Region: l.cfg.AWS.Region, Audit: l.audit, Reloader: l.again,
	}
	l.console.links(&o)
	return server.New(o), nil
}

// serve answers from now on. Whatever goes wrong with clients is logged: production goes on.
func (c *control) serve(l *life, api *server.Server) {
	if c == nil {
		return
	}
	c.server = api
	go func() {
		defer close(c.ended)
		if err := api.Serve(c.listener); err != nil {
			c.log.Error("the control socket is not served any more; production goes on", "error", err)
		}
	}()
	c.log.Info("ready", "socket", l.cfg.Ctl.Socket)
}

// close stops accepting, lets requests under way finish, and removes the socket.
func (c *control) close() {
	if c == nil {
		return
	}
	if c.server == nil {
		c.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := c.server.Shutdown(ctx); err != nil {
		c.log.Warn("clients were cut off", "error", err)
	}
	<-c.ended
}
