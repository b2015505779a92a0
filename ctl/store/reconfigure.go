package store

import (
	"context"
	"slices"

	"mirrorgw/ctl/config"
)

// Reconfigure takes over what of a configuration may change while the gateway runs: the quotas, what is
// never mirrored, and the resolvers. What exists stays, also where a quota is below it now; such a quota
// refuses new resources only. A change of what is never mirrored is compiled and put in force like a
// change of resources, without being one: there is no event, and the revision stays. It returns when
// everything is in force on every lcore. An error that does not wrap ctl.ErrStalled: nothing changed.
func (s *Store) Reconfigure(ctx context.Context, cfg *config.Config) error {
	_, err := s.submit(ctx, &job{configure: cfg})
	return err
}

// reconfigure is Reconfigure in the writer.
func (s *Store) reconfigure(cfg *config.Config) error {
	s.mu.Lock()
	before := s.st.ways
	s.st.ways = before.with(cfg)
	if !before.excludesOthers(s.st.ways) {
		s.mu.Unlock()
		return nil
	}
	prepared, err := s.prepareIfStarted()
	if err != nil {
		s.st.ways = before
	}
	s.mu.Unlock()
	if err != nil || prepared == nil {
		return err
	}
	return s.publish(prepared)
}

// with is w with what a configuration says that may change while the gateway runs.
func (w *ways) with(cfg *config.Config) *ways {
	merged, fresh := *w.cfg, *w
	merged.TakeOver(cfg)
	fresh.cfg = &merged
	return &fresh
}

// excludesOthers tells whether snapshots by two ways are different.
func (w *ways) excludesOthers(than *ways) bool {
	return w.cfg.Exclude != than.cfg.Exclude || !slices.Equal(w.cfg.Resolvers, than.cfg.Resolvers)
}
