package iam

import (
	"fmt"
	"strings"
)

// Warnings are sentences about parts of the policy that are right and have no effect here: actions
// that the gateway does not have, and resources for actions that are allowed on "*" only. Policies
// brought along from elsewhere often have such parts.
func (p *Policy) Warnings() []string {
	var all []string
	for _, s := range p.statements {
		if !s.notActions {
			all = append(all, s.actionWarnings(p.Name)...)
		}
		if idle := s.idleActions(); idle != "" {
			all = append(all, fmt.Sprintf("policy %q: %s: %s has no resource-level permissions, so that only \"Resource\": \"*\" is about it", p.Name, s.words(), idle))
		}
	}
	return all
}

func (s *statement) actionWarnings(policy string) (all []string) {
	for i, pattern := range s.actions {
		known := false
		for _, a := range actions {
			known = known || pattern.matches(strings.ToLower(a.Name))
		}
		if known {
			continue
		}
		var names []string
		for _, a := range actions {
			names = append(names, a.Name)
		}
		remedy := didYouMean(s.actionTexts[i], names, "")
		if strings.HasPrefix(remedy, "there are") {
			remedy = "remove it, or see the table of actions"
		}
		all = append(all, fmt.Sprintf("policy %q: %s: this gateway has no action %q; %s", policy, s.words(), s.actionTexts[i], remedy))
	}
	return all
}

// idleActions names an action that the statement names in full and that its resources keep it from.
func (s *statement) idleActions() string {
	if s.notActions || s.notResources {
		return ""
	}
	for _, p := range s.resources {
		if p.all {
			return ""
		}
	}
	for _, text := range s.actionTexts {
		if a, ok := FindAction(text); ok && len(a.Kinds) == 0 {
			return a.Name
		}
	}
	return ""
}
