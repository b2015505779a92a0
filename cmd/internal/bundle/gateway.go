package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// gatewayPieces are what the daemon says of itself.
func (g *gatherer) gatewayPieces() []piece {
	return []piece{
		{"gateway/version.json", "versions of the daemon", func(ctx context.Context) ([]byte, error) { return answer(g.Gateway.Version(ctx)) }},
		{"gateway/health.json", "what its health check finds", func(ctx context.Context) ([]byte, error) { return answer(g.Gateway.Health(ctx)) }},
		{"gateway/state.json", "what it is and does: ports, lcores, congestion, underlay, reloads", func(ctx context.Context) ([]byte, error) { return answer(g.Gateway.State(ctx)) }},
		{"gateway/resources.toml", "interfaces, targets, filters, sessions, load balancers, shares", g.resources},
	}
}

// counters are taken twice, so that rates are seen.
func (g *gatherer) counters(when string) []piece {
	return []piece{
		{"gateway/stats-" + when + ".json", "all counters", func(ctx context.Context) ([]byte, error) { return answer(g.Gateway.Stats(ctx, client.StatsQuery{})) }},
		{"gateway/metrics-" + when + ".txt", "what Prometheus reads", g.metrics},
	}
}

func answer[T any](value *T, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(value, "", "  ")
}

// resources asks the daemon, or reads the state of one that does not run.
func (g *gatherer) resources(ctx context.Context) ([]byte, error) {
	text, err := g.Gateway.Export(ctx, api.ContentTypeTOML)
	if err == nil {
		return text, nil
	}
	if g.cfg == nil || g.cfg.State.Path == "" {
		return nil, err
	}
	text, offline := g.Run(ctx, "mirrorgw", "state", "export", "--config", g.Config)
	if offline != nil {
		return nil, errors.Join(err, offline)
	}
	return append([]byte("# The daemon does not answer: this is its state on disk.\n"), text...), nil
}

// metrics asks the endpoint that the configuration has.
func (g *gatherer) metrics(ctx context.Context) ([]byte, error) {
	if g.cfg == nil {
		return nil, errors.New("the configuration cannot be read, so the endpoint is not known")
	}
	m := &g.cfg.Metrics
	network, address := "unix", m.Socket
	switch {
	case m.Socket == "" && !m.Listen.IsValid():
		return nil, errors.New("there is no [metrics] in the configuration")
	case m.Socket == "":
		network, address = "tcp", m.Listen.String()
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://mirrorgw/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("the metrics at %s: %w", address, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, MaxPiece+1))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the metrics at %s: %s", address, response.Status)
	}
	return text, err
}

// configurationPieces are what the gateway was told, and how it is run.
func (g *gatherer) configurationPieces() []piece {
	return []piece{
		{"config/gateway.toml", "the configuration", func(context.Context) ([]byte, error) { return os.ReadFile(g.Config) }},
		{"config/plan.txt", "what the gateway makes of it: mirrorgw --check-config", g.plan},
		{"config/files.txt", "owner, mode and size of the files that it names; of access keys nothing else", g.files},
		{"config/unit.txt", "the unit as systemd has it", g.program("systemctl", "cat", "--no-pager", g.Unit)},
		{"config/unit-state.txt", "what systemd knows of it: restarts, limits, rights", g.program("systemctl", "show", "--no-pager", g.Unit)},
		{"log/journal.txt", "the log of the unit", g.journal},
		{"host/doctor.json", "what mirrorgw doctor finds on the host", g.doctor},
	}
}

// program is a piece that a program prints.
func (g *gatherer) program(argv ...string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) { return g.Run(ctx, argv...) }
}

// Lines of the unit's log: asked for at first, and the fewest that are.
const mostLines, leastLines = 50000, 1000

// journal is the end of the unit's log: of lines that are too long for a piece, fewer.
func (g *gatherer) journal(ctx context.Context) (text []byte, err error) {
	since := g.Now().Add(-g.Since).Format("2006-01-02 15:04:05")
	for lines := mostLines; lines >= leastLines; lines /= 2 {
		text, err = g.Run(ctx, "journalctl", "--no-pager", "--output=short-iso-precise", "--unit", g.Unit, "--since", since, "--lines="+strconv.Itoa(lines))
		if err != nil || len(text) <= MaxPiece {
			break
		}
	}
	return text, err
}

func (g *gatherer) plan(ctx context.Context) ([]byte, error) {
	text, err := g.Run(ctx, "mirrorgw", "--config", g.Config, "--check-config")
	return text, errors.Join(g.cfgFault, err)
}

// doctor ends with 1 when it finds something, which is no failure.
func (g *gatherer) doctor(ctx context.Context) ([]byte, error) {
	text, err := g.Run(ctx, "mirrorgw", "doctor", "--config", g.Config, "--json")
	if json.Valid(text) {
		return text, nil
	}
	return text, err
}

// files describes files without reading them.
func (g *gatherer) files(context.Context) ([]byte, error) {
	paths := []string{g.Config}
	if c := g.cfg; c != nil {
		paths = append(paths, c.State.Path, c.Ctl.Socket, c.Metrics.Socket, c.AWS.Keys, c.AWS.TLSCertificate, c.AWS.TLSKey,
			c.Console.Keys, c.Console.TLSCertificate, c.Console.TLSKey, c.IAM.Directory, c.Audit.Path, c.History.Path)
		if c.History.Path != "" {
			more, _ := filepath.Glob(filepath.Join(c.History.Path, "*")) // a pattern without special characters of its own has no error
			paths = append(paths, more...)
		}
	}
	var b strings.Builder
	for _, path := range paths {
		if path == "" {
			continue
		}
		info, err := os.Lstat(path)
		if err != nil {
			fmt.Fprintf(&b, "%s: %v\n", path, err)
			continue
		}
		fmt.Fprintf(&b, "%s %s %10d %s %s\n", info.Mode(), ownerOf(info), info.Size(), info.ModTime().UTC().Format("2006-01-02T15:04:05Z"), path)
	}
	return []byte(b.String()), nil
}
