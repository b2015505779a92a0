package store

import (
	"fmt"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// use is what counts against one quota, with those that this change adds to it. Quotas are
// compared when everything is linked. What was there before stays even if the quota was lowered
// below it since.
type use struct {
	quota string // key of [quotas]; empty: a limit of the engine
	limit int
	count func() int
	text  func() string // what is wrong, without the remedy
	key   string
	added []added
}

// useKey tells uses apart: owner is the account or the node that has the quota.
type useKey struct {
	quota string
	owner any
}

// added is a resource that counts.
type added struct {
	entry  *entry
	record record
}

// record is what all records can do.
type record interface {
	Subject() string
	Base() *ctl.Common
}

// count adds a resource to a quota; make describes the quota when it is the first.
func (tx *Tx) count(quota string, owner any, e *entry, r record, make func() *use) {
	if tx.loading || tx.lenient {
		return
	}
	key := useKey{quota, owner}
	u := tx.uses[key]
	if u == nil {
		if tx.uses == nil {
			tx.uses = map[useKey]*use{}
		}
		u = make()
		u.quota = quota
		tx.uses[key] = u
		tx.usesInOrder = append(tx.usesInOrder, u)
	}
	u.added = append(u.added, added{e, r})
}

// checkUses reports one problem for each quota that is exceeded, on the first addition too many.
func (tx *Tx) checkUses() {
	for _, u := range tx.usesInOrder {
		excess := u.count() - u.limit
		if excess <= 0 {
			continue
		}
		a := u.added[max(0, len(u.added)-excess)]
		remedy := "remove some"
		if u.quota != "" {
			remedy = fmt.Sprintf("remove some or raise [quotas] %s in %s", u.quota, tx.st.ways.cfg.File)
		}
		a.entry.touch.put = true
		tx.fail(a.entry, a.record.Base(), a.record.Subject(), api.CodeQuotaExceeded, u.key, "%s; %s", u.text(), remedy)
	}
}

// countAccount counts a new resource against its account's quota.
func (tx *Tx) countAccount(quota string, limit int, count map[string]int, e *entry, r record) {
	if !e.touch.created {
		return
	}
	account := r.Base().Account
	tx.count(quota, account, e, r, func() *use {
		return &use{limit: limit, count: func() int { return count[account] }, text: func() string {
			return fmt.Sprintf("account %s has more than the %d allowed by %s", account, limit, quota)
		}}
	})
}

// countSession counts a session against the quotas of its account and its source and against
// the engine's limit.
func (tx *Tx) countSession(n *sessionNode) {
	st, q := tx.st, &tx.st.ways.cfg.Quotas
	tx.countAccount("sessions_per_account", q.SessionsPerAccount, st.sessions.count, &n.entry, n.rec)
	if n.touch.created {
		tx.count("", nil, &n.entry, n.rec, func() *use {
			return &use{limit: rules.MaxSessions, count: func() int { return len(st.sessions.order) }, text: func() string {
				return fmt.Sprintf("there are more than the %d sessions that the engine has room for", rules.MaxSessions)
			}}
		})
	}
	if n.source == n.was.source {
		return
	}
	source, limit := n.source, q.SessionsPerSource
	tx.count("sessions_per_source", source, &n.entry, n.rec, func() *use {
		return &use{key: "source", limit: limit, count: func() int { return len(source.sessions) }, text: func() string {
			return fmt.Sprintf("source %q has more than the %d sessions allowed by sessions_per_source", source.rec.Name, limit)
		}}
	})
}

// countSource counts a session's source against the quota of a target interface that belongs to
// an instance. Targets that are mere addresses have none.
func (tx *Tx) countSource(n *sessionNode) {
	via := n.via
	if via == nil || via.rec.Instance == "" {
		return
	}
	quota, limit := sourcesQuota(&tx.st.ways.cfg.Quotas, via.rec)
	if n.was.via == via && n.was.source == n.source && !tx.lowersQuota(via, limit) {
		return
	}
	tx.count(quota, via, &n.entry, n.rec, func() *use {
		return &use{key: "target", limit: limit, count: func() int { return len(via.feeds) }, text: func() string {
			return fmt.Sprintf("interface %q is the target of more than the %d sources allowed by %s", via.rec.Name, limit, quota)
		}}
	})
}

// lowersQuota reports whether this change itself gives a target interface a quota, or a lower one.
func (tx *Tx) lowersQuota(via *interfaceNode, limit int) bool {
	if via.touch == nil || via.before == nil {
		return false
	}
	_, before := sourcesQuota(&tx.st.ways.cfg.Quotas, via.before)
	return via.before.Instance == "" || before > limit
}

// sourcesQuota: a dedicated instance, for us one whose type is bare metal, takes more sources.
func sourcesQuota(q *config.Quotas, i *ctl.Interface) (quota string, limit int) {
	if _, size, _ := strings.Cut(i.InstanceType, "."); size == "metal" || strings.HasPrefix(size, "metal-") {
		return "sources_per_target_dedicated", q.SourcesPerTargetDedicated
	}
	return "sources_per_target", q.SourcesPerTarget
}

// countRules counts the rules of a filter that has grown.
func (tx *Tx) countRules(n *filterNode) {
	limit, count := tx.st.ways.cfg.Quotas.RulesPerFilter, len(n.rec.Rules)
	if count <= limit || n.before != nil && count <= len(n.before.Rules) {
		return
	}
	tx.count("rules_per_filter", n, &n.entry, n.rec, func() *use {
		return &use{limit: limit, count: func() int { return count }, text: func() string {
			return fmt.Sprintf("the filter has %d rules, more than the %d allowed by rules_per_filter", count, limit)
		}}
	})
}
