package gateway

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
)

// prepared is everything that could be decided without touching a device.
type prepared struct {
	cfg     *config.Config
	doc     *ctl.Document // nil without --apply
	spec    lcore.Spec
	mainCPU int

	directory *iam.Directory // never nil
}

// prepare reads and checks all files.
func prepare(o *Options) (*prepared, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	cfg, err := config.Load(o.Config)
	if err != nil {
		return nil, err
	}
	if err := checkFiles(cfg, o.CheckConfig); err != nil {
		return nil, err
	}
	p := &prepared{cfg: cfg}
	if p.directory, err = loadDirectory(cfg); err != nil {
		return nil, err
	}
	allowed, err := dpdk.AllowedCPUs()
	if err != nil {
		return nil, err
	}
	lcores, err := dpdk.LcoreCPUs()
	if err != nil {
		return nil, err
	}
	if p.mainCPU, err = config.CheckCPUs(cfg, allowed, lcores); err != nil {
		return nil, err
	}
	if p.spec, err = specOf(cfg); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	if err := p.checkMemory(); err != nil {
		return nil, err
	}
	if o.Apply == "" {
		return p, nil
	}
	if p.doc, err = ctl.LoadDocument(o.Apply); err != nil {
		return nil, err
	}
	_, err = store.Check(p.doc, cfg)
	return p, err
}

// checkFiles looks at everything that the configuration names on this machine. A state that cannot
// be used is no reason not to start when the configuration says so, but for --check-config it is
// always a fault.
func checkFiles(cfg *config.Config, always bool) error {
	err := errors.Join(config.CheckFiles(cfg), config.CheckControl(cfg), config.CheckMetrics(cfg), config.CheckAudit(cfg), config.CheckBypass(cfg), checkAWS(cfg), checkConsole(cfg))
	if always || cfg.State.OnDamage == config.OnDamageRefuse {
		err = errors.Join(err, config.CheckState(cfg))
	}
	if always { // else production goes on without, and the log says why
		err = errors.Join(err, config.CheckHistory(cfg))
	}
	return err
}

// checkMemory refuses memory_mb that cannot hold the mempools, on whatever pages.
func (p *prepared) checkMemory() error {
	m := lcore.PlanMempools(&p.spec)
	page := dpdk.PageSizeHuge
	if p.cfg.EAL.Hugepages == config.HugepagesNever {
		page = dpdk.PageSizeNoHuge
	}
	if need := mib(m.Bytes(page)); need > p.cfg.EAL.MemoryMB {
		return fmt.Errorf("%s: [eal]: memory_mb = %d is too small for %d ports, whose mempools need %d; raise it, or lower rx_descriptors and tx_descriptors",
			p.cfg.File, p.cfg.EAL.MemoryMB, len(p.spec.Ports), need)
	}
	return nil
}

// level is [log] level; the configuration has checked the word.
func (p *prepared) level() (level slog.Level) {
	if err := level.UnmarshalText([]byte(p.cfg.LogLevel)); err != nil {
		return slog.LevelInfo
	}
	return level
}

// print writes what --check-config shows: the plan, and what the mempools will hold.
func (p *prepared) print(w io.Writer) error {
	if err := p.cfg.Plan().Print(w); err != nil {
		return err
	}
	m := lcore.PlanMempools(&p.spec)
	_, err := fmt.Fprintf(w, "\nmain lcore     CPU %d\nmempools       rx %d mbufs of %d bytes, header %d, indirect %d: %d MiB on 2 MiB pages, %d MiB on 4 KiB pages, of %d MiB\n",
		p.mainCPU, m.Rx, m.RxRoom, m.Header, m.Indirect, mib(m.Bytes(dpdk.PageSizeHuge)), mib(m.Bytes(dpdk.PageSizeNoHuge)), p.cfg.EAL.MemoryMB)
	if err != nil {
		return err
	}
	if err := printNotes(w, p.cfg); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\na reload takes over (systemctl reload, mirrorctl reload):\n    %s\n", strings.Join(config.ReloadPlan(), "\n    "))
	return err
}

func mib(bytes int) int { return (bytes + 1<<20 - 1) >> 20 }
