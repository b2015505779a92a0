package iam

import "fmt"

// Versions of the policy language. The older one has no policy variables.
const (
	Version    = "2012-10-17"
	versionOld = "2008-10-17"
)

// Limits of a policy document.
const (
	MaxPolicyBytes = 32 << 10
	maxPolicyDepth = 8 // policy, statements, statement, Condition, operator, key, values, value
	maxStatements  = 200
)

// Policy is a policy document that was read by ParsePolicy. It is read-only.
type Policy struct {
	Name       string // as policies are attached by; of the gateway, not of the document
	ID         string // element Id
	Version    string
	Source     string // the document as it was read
	statements []*statement
}

// statement is one statement of a policy.
type statement struct {
	sid          string
	number       int // from 1
	allow        bool
	actions      []glyphs // lower case
	actionTexts  []string // as written
	notActions   bool     // actions are those that it is not about
	resources    []*arnPattern
	notResources bool
	conditions   []*condition
}

// name is what a decision calls the statement.
func (s *statement) name() string {
	if s.sid != "" {
		return s.sid
	}
	return fmt.Sprint(s.number)
}

// words names the statement in sentences.
func (s *statement) words() string {
	if s.sid != "" {
		return fmt.Sprintf("statement %q", s.sid)
	}
	return fmt.Sprintf("statement %d", s.number)
}

// about tells whether the statement is about an action, in lower case.
func (s *statement) about(action string) bool {
	for _, pattern := range s.actions {
		if pattern.matches(action) {
			return !s.notActions
		}
	}
	return s.notActions
}

// on tells whether the statement is about a resource.
func (s *statement) on(arn string, f *facts) answer {
	found := some(s.resources, func(p *arnPattern) answer {
		match, decided := p.matches(arn, f)
		if !decided {
			return unknown
		}
		return answerOf(match)
	})
	if s.notResources {
		return found.not()
	}
	return found
}

// when tells whether the statement's conditions hold; failed is the first that does not.
func (s *statement) when(f *facts) (a answer, failed *condition) {
	a = yes
	for _, c := range s.conditions {
		switch c.holds(f) {
		case no:
			return no, c
		case unknown:
			if a == yes {
				a, failed = unknown, c
			}
		}
	}
	return a, failed
}

// settle makes a decision of what cannot be told: a statement that allows does not apply then, one
// that denies does.
func (s *statement) settle(a answer) bool { return a == yes || a == unknown && !s.allow }
