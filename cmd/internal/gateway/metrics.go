package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"mirrorgw/cmd/internal/version"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/metrics"
	"mirrorgw/ctl/server"
	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
)

// scraped is the endpoint of the metrics. All methods may be called on nil: without [metrics] there
// is none.
type scraped struct {
	listeners []net.Listener
	endpoint  *metrics.Endpoint // nil until serve
	log       *slog.Logger
	ended     sync.WaitGroup // of the listeners that are served
}

// listenMetrics makes the listeners. Scrapers that connect before serve wait.
func listenMetrics(cfg *config.Config, log *slog.Logger) (*scraped, error) {
	m := &cfg.Metrics
	s := &scraped{log: log}
	if m.Listen.IsValid() {
		listener, err := net.Listen("tcp", m.Listen.String())
		if err != nil {
			var errno syscall.Errno
			if errors.As(err, &errno) {
				err = errno // the rest repeats the address
			}
			return nil, fmt.Errorf("[metrics]: listen %s cannot be had (%w); see who else listens there, or choose another address or port", m.Listen, err)
		}
		s.listeners = append(s.listeners, listener)
	}
	if m.Socket != "" {
		listener, err := listenMetricsSocket(m)
		if err != nil {
			s.close()
			return nil, err
		}
		s.listeners = append(s.listeners, listener)
	}
	if len(s.listeners) == 0 {
		return nil, nil
	}
	return s, nil
}

func listenMetricsSocket(m *config.Metrics) (net.Listener, error) {
	if dir := filepath.Dir(m.Socket); dir == config.RunDirectory {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("[metrics]: the directory %s cannot be made (%w); make it for this user, or choose another socket", dir, err)
		}
	}
	return server.Listen(server.SocketOptions{Path: m.Socket, Mode: m.Mode, ReaderGroup: m.Group, Name: "metrics socket", Section: "metrics"})
}

// serve answers from now on. Whatever goes wrong with scrapers is logged: production goes on.
func (s *scraped) serve(l *life) {
	if s == nil {
		return
	}
	s.endpoint = metrics.New(l.metricsOptions())
	for _, listener := range s.listeners {
		s.ended.Add(1)
		go func() {
			defer s.ended.Done()
			if err := s.endpoint.Serve(listener); err != nil {
				s.log.Error("the metrics are not served any more; production goes on", "address", listener.Addr(), "error", err)
			}
		}()
	}
	s.log.Info("metrics", "at", l.cfg.Metrics.String())
}

// metricsOptions are what metrics tell of, whoever reads them.
func (l *life) metricsOptions() metrics.Options {
	return metrics.Options{
		Store: l.loaded.store, Config: l.cfg, Status: l.data.status, Report: l.data.report, Fault: l.loaded.fault,
		Reasons: metrics.Reasons{Dropped: pipeline.DropNames, Ignored: pipeline.IgnoreNames,
			Unclassified: pipeline.UnclassifiedNames, Fragments: pipeline.FragmentNames},
		Version: version.String(), DPDK: dpdk.Version(), Log: l.o.Log,
		Mempools: l.data.mempools, Xstats: l.data.xstats, Control: &l.tally, History: l.kept.counts, Audit: l.audit, AWS: l.aws.counts(), Captured: l.data.CaptureTotals,
		Configuration: l.again.Configuration,
	}
}

// close stops accepting and lets scrapes under way finish.
func (s *scraped) close() {
	if s == nil {
		return
	}
	if s.endpoint == nil {
		for _, listener := range s.listeners {
			listener.Close()
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := s.endpoint.Shutdown(ctx); err != nil {
		s.log.Warn("scrapers were cut off", "error", err)
	}
	s.ended.Wait()
}

// mempools is how full the mempools of the workers are.
func (d *dataPath) mempools() (pools []metrics.Mempool) {
	for _, p := range d.group.Mempools() {
		pools = append(pools, metrics.Mempool(p))
	}
	return pools
}

// xstats is what a port's driver counts. One that cannot say counts nothing.
func (d *dataPath) xstats(port int) (all []metrics.Xstat) {
	stats, err := d.group.Xstats(port)
	if err != nil {
		return nil
	}
	for _, x := range stats {
		all = append(all, metrics.Xstat(x))
	}
	return all
}
