package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/config"
)

// preparedReload is a reload of which everything was read and found good, and nothing is in force.
type preparedReload struct {
	life    *life
	before  *config.Config
	running *config.Config // before, with what is taken over

	useDirectory func() (undo func())
	use          []func() // the rest that was read; cannot fail
}

// prepare reads everything again and tells what would change. An error holds one sentence a line.
func (r *reloader) prepare(result *ctl.Reload) (*preparedReload, error) {
	l := r.life
	r.mu.Lock()
	p := &preparedReload{life: l, before: r.running}
	r.mu.Unlock()
	fresh, err := config.Load(l.o.Config)
	if err == nil {
		p.compare(fresh, result)
	}
	return p, errors.Join(err, p.read(result))
}

// compare tells what a configuration changes, and what it cannot.
func (p *preparedReload) compare(fresh *config.Config, result *ctl.Reload) {
	for _, d := range p.before.Differences(fresh) {
		if d.Reloads {
			result.Changed = append(result.Changed, d.String())
		} else {
			result.RestartNeeded = append(result.RestartNeeded, d.String())
		}
	}
	running := *p.before
	running.TakeOver(fresh)
	p.running = &running
	result.Notes = p.lowered()
}

// lowered says which quotas existing resources are above.
func (p *preparedReload) lowered() (notes []string) {
	if p.life.loaded.store == nil {
		return nil
	}
	for _, excess := range p.life.loaded.store.AboveQuotas(p.running.Quotas) {
		notes = append(notes, excess+"; what exists stays, new ones are refused")
	}
	return notes
}

// read reads the files that the running configuration names.
func (p *preparedReload) read(result *ctl.Reload) (err error) {
	l := p.life
	keep := func(path string, use func(), failed error) {
		err = errors.Join(err, failed)
		if failed == nil {
			p.use, result.Read = append(p.use, use), append(result.Read, path)
		}
	}
	if d := l.aws; d != nil {
		use, failed := d.keys.Prepare()
		keep(d.keys.Path, use, failed)
		if d.certificate != nil {
			use, failed := d.certificate.Prepare()
			keep(l.cfg.AWS.TLSCertificate, use, failed)
		}
	}
	l.console.prepareReload(l.cfg, keep)
	if path := l.cfg.IAM.Directory; path != "" {
		use, failed := l.directory.Prepare()
		err = errors.Join(err, failed)
		p.useDirectory, result.Read = use, append(result.Read, path)
	}
	return err
}

// commit puts everything in force: first what can fail, which is undone if something does. From the first
// change on ctx ends nothing any more: half of a reload is none.
func (p *preparedReload) commit(ctx context.Context, result *ctl.Reload) error {
	resources := p.life.loaded.store
	if err := resources.Reconfigure(ctx, p.running); err != nil && !noteStalled(err, result) {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if p.useDirectory != nil {
		undo := p.useDirectory()
		if _, err := resources.Reassess(ctx); err != nil && !noteStalled(err, result) {
			undo()
			if back := resources.Reconfigure(ctx, p.before); back != nil && !noteStalled(back, result) {
				err = errors.Join(err, fmt.Errorf("what is never mirrored could not be set back either: %w", back))
			}
			return fmt.Errorf("shares could not be judged by the new directory of users and policies: %w", err)
		}
		result.Notes = append(result.Notes, p.life.directory.Warnings()...)
	}
	for _, use := range p.use {
		use()
	}
	p.limits()
	return nil
}

// noteStalled reports whether a change is made though an lcore does not run, and says so.
func noteStalled(err error, result *ctl.Reload) bool {
	if !errors.Is(err, ctl.ErrStalled) {
		return false
	}
	if note := err.Error(); !slices.Contains(result.Notes, note) {
		result.Notes = append(result.Notes, note)
	}
	return true
}

// limits takes over what cannot fail.
func (p *preparedReload) limits() {
	l, c := p.life, p.running
	l.o.Level.Set((&prepared{cfg: c}).level())
	if l.o.Format != nil {
		l.o.Format(c.LogFormat)
	}
	l.aws.setRates(&c.AWS)
	l.console.setLives(&c.Console)
	l.kept.setLimits(&c.History)
	l.audit.SetLimits(audit.Limits{MaxBytes: int64(c.Audit.MaxMB) << 20, Files: c.Audit.Files, Refuse: c.Audit.OnFailure == config.OnFailureRefuse})
	l.audit.Reopen()
}
