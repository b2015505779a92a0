package ctl

import (
	"fmt"
	"strings"

	"mirrorgw/rules"
)

// quotas enforces the numbers per account and the engine's limit on sessions.
func (b *builder) quotas() {
	sessions, targets, filters := counter{}, counter{}, counter{}
	q := &b.cfg.Quotas
	for i := range b.doc.Sessions {
		s := &b.doc.Sessions[i]
		b.count(sessions, &s.Common, s.subject(), "sessions_per_account", q.SessionsPerAccount)
	}
	for i := range b.doc.Targets {
		t := &b.doc.Targets[i]
		b.count(targets, &t.Common, t.subject(), "targets_per_account", q.TargetsPerAccount)
	}
	for i := range b.doc.Filters {
		f := &b.doc.Filters[i]
		b.count(filters, &f.Common, f.subject(), "filters_per_account", q.FiltersPerAccount)
	}
	if n := len(b.doc.Sessions); n > rules.MaxSessions {
		b.fail(nil, "", "", "%s: there are %d sessions in all accounts; keep at most %d", b.doc.File, n, rules.MaxSessions)
	}
}

type counter map[string]int

// count reports the first resource of an account that is one too many.
func (b *builder) count(n counter, c *Common, subject, quota string, limit int) {
	n[c.Account]++
	if n[c.Account] == limit+1 {
		b.fail(c.src, subject, "", "account %s has more than the %d allowed by %s; %s", c.Account, limit, quota, b.raise(quota))
	}
}

// raise is the remedy for a quota.
func (b *builder) raise(quota string) string {
	return fmt.Sprintf("remove some or raise [quotas] %s in %s", quota, b.cfg.File)
}

func (b *builder) checkFilter(f *Filter) {
	if n, limit := len(f.Rules), b.cfg.Quotas.RulesPerFilter; n > limit {
		b.fail(f.src, f.subject(), "", "the filter has %d rules, more than the %d allowed by rules_per_filter; %s",
			n, limit, b.raise("rules_per_filter"))
	}
	type key struct {
		direction rules.Direction
		number    int
	}
	first := map[key]int{}
	ids := map[string]bool{}
	for i := range f.Rules {
		r := &f.Rules[i]
		subject := fmt.Sprintf("%s %s rule %d", f.subject(), r.Direction, r.Number)
		k := key{r.Direction, r.Number}
		if other, taken := first[k]; taken {
			b.fail(r.src, subject, "number", "the number is taken in this direction by rule %d of the filter; choose another", other+1)
		} else {
			first[k] = i
		}
		if ids[r.ID] {
			b.fail(r.src, subject, "id", "the id is taken by another rule of the filter; remove one of the two")
		}
		ids[r.ID] = true
	}
}

// checkNumbers enforces session numbers that are unique per source, and sessions_per_source.
func (b *builder) checkNumbers(links []link) {
	type key struct{ source, number int }
	first := map[key]*Session{}
	perSource := map[int]int{}
	limit := b.cfg.Quotas.SessionsPerSource
	for _, l := range links {
		k := key{l.source, l.Number}
		if other := first[k]; other != nil {
			b.fail(l.src, l.subject(), "number", "number %d is taken on source %q by session %q; choose another", l.Number, l.Source, other.Name)
		} else {
			first[k] = l.Session
		}
		if perSource[l.source]++; perSource[l.source] == limit+1 {
			b.fail(l.src, l.subject(), "source", "source %q has more than the %d sessions allowed by sessions_per_source; %s",
				l.Source, limit, b.raise("sessions_per_source"))
		}
	}
}

// checkRoles refuses an interface that is a source and a target at the same time.
func (b *builder) checkRoles(links []link) {
	targets := map[int]string{}
	for i, via := range b.targetInterface {
		if via >= 0 {
			targets[via] = b.doc.Targets[i].Name
		}
	}
	for _, l := range links {
		if target, both := targets[l.source]; both {
			b.fail(l.src, l.subject(), "source", "interface %q is a source here and the target %q too; mirror another interface or send to another one",
				b.doc.Interfaces[l.source].Name, target)
		}
	}
}

// checkSourcesPerTarget applies the quota to interfaces of instances; targets that are mere
// addresses have none.
func (b *builder) checkSourcesPerTarget(links []link) {
	sources := map[int]map[int]bool{}
	for _, l := range links {
		t := &b.doc.Targets[l.target]
		via := b.targetInterface[l.target]
		if t.Interface == "" || via < 0 || b.doc.Interfaces[via].Instance == "" {
			continue
		}
		if sources[via] == nil {
			sources[via] = map[int]bool{}
		}
		quota, limit := b.sourcesQuota(&b.doc.Interfaces[via])
		if before := len(sources[via]); before == limit && !sources[via][l.source] {
			b.fail(l.src, l.subject(), "target", "interface %q is the target of more than the %d sources allowed by %s; %s",
				t.Interface, limit, quota, b.raise(quota))
		}
		sources[via][l.source] = true
	}
}

// sourcesQuota: a dedicated instance, for us one whose type is bare metal, takes more sources.
func (b *builder) sourcesQuota(f *Interface) (name string, limit int) {
	if _, size, _ := strings.Cut(f.InstanceType, "."); size == "metal" || strings.HasPrefix(size, "metal-") {
		return "sources_per_target_dedicated", b.cfg.Quotas.SourcesPerTargetDedicated
	}
	return "sources_per_target", b.cfg.Quotas.SourcesPerTarget
}
