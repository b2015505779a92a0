package store

import (
	"context"
	"fmt"
	"maps"
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

// AboveQuotas names, in a sentence each, quotas that what exists is above, the first account, source,
// target or filter of each.
func (s *Store) AboveQuotas(q config.Quotas) (list []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st := s.st
	for _, of := range []struct {
		quota string
		limit int
		count map[string]int
	}{
		{"sessions_per_account", q.SessionsPerAccount, st.sessions.count}, {"targets_per_account", q.TargetsPerAccount, st.targets.count},
		{"filters_per_account", q.FiltersPerAccount, st.filters.count},
	} {
		for _, account := range slices.Sorted(maps.Keys(of.count)) {
			if n := of.count[account]; n > of.limit {
				list = append(list, fmt.Sprintf("[quotas] %s = %d is below what account %s has (%d)", of.quota, of.limit, account, n))
				break
			}
		}
	}
	if i := slices.IndexFunc(st.interfaces.order, func(n *interfaceNode) bool { return len(n.sessions) > q.SessionsPerSource }); i >= 0 {
		n := st.interfaces.order[i]
		list = append(list, fmt.Sprintf("[quotas] sessions_per_source = %d is below what source %q has (%d)", q.SessionsPerSource, n.rec.Name, len(n.sessions)))
	}
	if i := slices.IndexFunc(st.filters.order, func(n *filterNode) bool { return len(n.rec.Rules) > q.RulesPerFilter }); i >= 0 {
		n := st.filters.order[i]
		list = append(list, fmt.Sprintf("[quotas] rules_per_filter = %d is below what filter %q has (%d)", q.RulesPerFilter, n.rec.Name, len(n.rec.Rules)))
	}
	return append(list, st.crowdedTargets(&q)...)
}

// crowdedTargets is AboveQuotas for the sources of a target.
func (st *state) crowdedTargets(q *config.Quotas) (list []string) {
	told := map[string]bool{}
	for _, n := range st.interfaces.order {
		if n.rec.Instance == "" {
			continue
		}
		if quota, limit := sourcesQuota(q, n.rec); len(n.feeds) > limit && !told[quota] {
			told[quota] = true
			list = append(list, fmt.Sprintf("[quotas] %s = %d is below what interface %q is the target of (%d)", quota, limit, n.rec.Name, len(n.feeds)))
		}
	}
	return list
}
