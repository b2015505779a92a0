package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/report"
)

// Bounds of a bundle.
const (
	MaxPiece    = 16 << 20         // bytes of a piece; the rest of it is left out
	MaxBundle   = 128 << 20        // bytes of all pieces; pieces beyond are left out
	pieceTime   = 15 * time.Second // for one piece
	DefaultTime = 2 * time.Minute  // for everything
)

// Gateway is what a bundle asks of a daemon.
type Gateway interface {
	State(ctx context.Context, options ...client.Option) (*api.State, error)
	Health(ctx context.Context) (*api.Health, error)
	Version(ctx context.Context) (*api.Version, error)
	Stats(ctx context.Context, q client.StatsQuery) (*report.Report, error)
	Export(ctx context.Context, contentType string) ([]byte, error)
}

// Options say what is gathered.
type Options struct {
	Config    string        // path of gateway.toml
	Unit      string        // of systemd, whose log is taken
	Since     time.Duration // how far back the log goes
	Interval  time.Duration // between the counters that are taken twice
	Anonymize bool          // map addresses
	Version   string        // of the program that gathers
	Gateway   Gateway
	Now       func() time.Time

	Root string // where the host's files are; empty: /
	// Run runs a program and returns what it printed; nil: as it is.
	Run func(ctx context.Context, argv ...string) ([]byte, error)
	// Wait waits, for the interval; nil: by the clock.
	Wait func(ctx context.Context, d time.Duration) error
}

// piece is one file of a bundle.
type piece struct {
	name   string
	about  string
	gather func(ctx context.Context) ([]byte, error)
}

// gatherer is one run.
type gatherer struct {
	Options
	cfg      *config.Config // nil: it cannot be read
	cfgFault error
}

// Write gathers everything and writes it as a compressed tar archive. The index in it says what became of
// each piece; an error means that the archive could not be written.
func Write(ctx context.Context, w io.Writer, o Options) (*Index, error) {
	if o.Run == nil {
		o.Run = run
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Root == "" {
		o.Root = "/"
	}
	g := &gatherer{Options: o}
	g.cfg, g.cfgFault = config.Load(g.Config)
	index := &Index{Time: o.Now().UTC().Truncate(time.Second), Version: o.Version, Config: o.Config, Anonymized: o.Anonymize}
	clean, err := newScrubber(g.cfg, o.Anonymize)
	if err != nil {
		return nil, err
	}
	a := newArchive(w, "mirrorgw-support-"+index.Time.Format("20060102-150405"), index.Time)
	left := MaxBundle
	for _, p := range g.pieces() {
		data, entry := g.take(ctx, &p, left)
		data = clean.clean(data)
		entry.Bytes = len(data)
		left -= len(data)
		index.Pieces = append(index.Pieces, entry)
		if len(data) == 0 {
			continue
		}
		if err := a.add(p.name, data); err != nil {
			return nil, err
		}
	}
	index.Removed = clean.removed
	return index, a.finish(index, clean)
}

// pieces are all files, in the order in which they are gathered: the counters first and again after the
// rest, so that the time between them is not spent waiting.
func (g *gatherer) pieces() (all []piece) {
	first, second := g.counters("1"), g.counters("2")
	began := g.Now()
	all = append(all, g.gatewayPieces()...)
	all = append(all, first...)
	all = append(all, g.configurationPieces()...)
	all = append(all, g.hostPieces()...)
	second[0].gather = g.after(&began, second[0].gather)
	return append(append(all, second...), g.historyPiece())
}

// after has a piece wait until the interval has passed since the first counters.
func (g *gatherer) after(began *time.Time, gather func(context.Context) ([]byte, error)) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		if left := g.Interval - g.Now().Sub(*began); left > 0 {
			if err := g.Wait(ctx, left); err != nil {
				return nil, err
			}
		}
		return gather(ctx)
	}
}

// take gathers a piece, within its limits and what is left of those of the bundle.
func (g *gatherer) take(ctx context.Context, p *piece, left int) ([]byte, Piece) {
	entry := Piece{Name: p.name, About: p.about}
	if left <= 0 {
		entry.Error = fmt.Sprintf("left out: the bundle has %d MiB already", MaxBundle>>20)
		return nil, entry
	}
	if err := ctx.Err(); err != nil {
		entry.Error = "left out: the time of the bundle is over"
		return nil, entry
	}
	ctx, cancel := context.WithTimeout(ctx, pieceTime+g.Interval)
	defer cancel()
	began := time.Now()
	data, err := safely(ctx, p.gather)
	entry.Milliseconds = time.Since(began).Milliseconds()
	if err != nil {
		entry.Error = err.Error()
	}
	if most := min(MaxPiece, left); len(data) > most {
		entry.Truncated = true
		data = wholeLines(data[:most])
	}
	return data, entry
}

// wholeLines leaves out a line that a cut has gone through: what is left of a secret in it is none that could
// be found.
func wholeLines(text []byte) []byte {
	if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
		return text[:end+1]
	}
	return text
}

// safely is gather whose defects cost one piece.
func safely(ctx context.Context, gather func(context.Context) ([]byte, error)) (data []byte, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("this piece failed by a defect: %v", reason)
		}
	}()
	return gather(ctx)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run runs a program of the host. What it prints to standard error is part of a failure.
func run(ctx context.Context, argv ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, found(argv[0]), argv[1:]...)
	c.Env = append(os.Environ(), "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0")
	c.WaitDelay = time.Second
	var out, errs limited
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no program %s on this host", argv[0])
	case err != nil:
		said := strings.TrimSpace(string(errs.kept[:min(len(errs.kept), 500)]))
		return out.kept, fmt.Errorf("%s: %w; it said: %s", argv[0], err, said)
	}
	return out.kept, nil
}

// found is the path of a program: the daemon's may lie beside this one instead of on the path.
func found(program string) string {
	if _, err := exec.LookPath(program); err == nil {
		return program
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path := filepath.Join(dir, program); isFile(path) {
			return path
		}
	}
	if own, err := os.Executable(); err == nil {
		if path := filepath.Join(filepath.Dir(own), program); isFile(path) {
			return path
		}
	}
	return program
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// limited keeps one byte more than a piece may have of what is written, so that it shows.
type limited struct{ kept []byte }

func (l *limited) Write(p []byte) (int, error) {
	l.kept = append(l.kept, p[:min(len(p), MaxPiece+1-len(l.kept))]...)
	return len(p), nil
}
