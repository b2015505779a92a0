package iam

import (
	"fmt"
	"strings"
)

// Attached is a policy and whom it is attached to.
type Attached struct {
	Policy *Policy
	To     string // `user "alice"` or `group "analysts"`
}

// words names the policy in sentences.
func (a *Attached) words() string { return fmt.Sprintf("policy %q of %s", a.Policy.Name, a.To) }

// Evaluate answers a question by policies (IAM User Guide, "Policy evaluation logic"): a statement
// that denies wins over all that allow, and what no statement allows is denied. Each resource of
// the question must be allowed; the first that is not decides.
func Evaluate(policies []Attached, q *Question) Decision {
	if err := checkQuestion(q); err != nil {
		return Decision{Reason: "denied: " + err.Error(), Resource: resourcesOf(q)[0].ARN}
	}
	f := factsOf(q)
	var allowed Decision
	resources := resourcesOf(q)
	for i := range resources {
		d := evaluateOne(policies, q, f.forResource(&resources[i]))
		if !d.Allowed {
			return d
		}
		if i == 0 {
			allowed = d
		}
	}
	if len(resources) > 1 {
		allowed.Reason += fmt.Sprintf(", and so are its %d other resources", len(resources)-1)
	}
	return allowed
}

var anyResources = []Resource{{ARN: anyResource}}

func resourcesOf(q *Question) []Resource {
	if len(q.Resources) == 0 {
		return anyResources
	}
	return q.Resources
}

// checkQuestion refuses what would match by accident.
func checkQuestion(q *Question) error {
	service, action, found := strings.Cut(q.Action, ":")
	if !found || service == "" || action == "" || strings.ContainsAny(q.Action, "*?") {
		return fmt.Errorf("%q is not an action like ec2:CreateTrafficMirrorSession", q.Action)
	}
	for _, r := range resourcesOf(q) {
		if err := checkARN(r.ARN); err != nil {
			return fmt.Errorf("%q: %w", r.ARN, err)
		}
	}
	return nil
}

// evaluateOne answers for one resource.
func evaluateOne(policies []Attached, q *Question, f *facts) Decision {
	action := strings.ToLower(q.Action)
	var allowing *Decision
	near := ""
	for i := range policies {
		for _, s := range policies[i].Policy.statements {
			if !s.about(action) {
				continue
			}
			applies, why := s.applies(f)
			switch {
			case applies && !s.allow:
				return decided(q, f, &policies[i], s)
			case applies && allowing == nil:
				d := decided(q, f, &policies[i], s)
				allowing = &d
			case !applies && s.allow && near == "":
				near = fmt.Sprintf("%s of %s is about it, but %s", s.words(), policies[i].words(), why)
			}
		}
	}
	if allowing != nil {
		return *allowing
	}
	return undecided(q, f, len(policies), near)
}

// applies tells whether a statement about the action applies to the resource, and if not, why.
func (s *statement) applies(f *facts) (applies bool, why string) {
	on := s.on(f.resource.ARN, f)
	if !s.settle(on) {
		return false, "not for this resource"
	}
	when, failed := s.when(f)
	if s.settle(when) {
		return true, ""
	}
	if when == unknown {
		return false, fmt.Sprintf("its condition %s cannot be judged for this request", failed.words)
	}
	return false, fmt.Sprintf("its condition %s does not hold", failed.words)
}

func decided(q *Question, f *facts, a *Attached, s *statement) Decision {
	d := Decision{Allowed: s.allow, Policy: a.Policy.Name, Statement: s.name()}
	verdict, verb := "allowed", "allows"
	if !s.allow {
		d.Resource, verdict, verb = f.resource.ARN, "denied", "denies"
	}
	d.Reason = fmt.Sprintf("%s: %s of %s %s %s on %s", verdict, s.words(), a.words(), verb, q.Action, f.resource.ARN)
	return d
}

// undecided is the answer where no statement applies.
func undecided(q *Question, f *facts, policies int, near string) Decision {
	d := Decision{Resource: f.resource.ARN}
	if policies == 0 {
		d.Reason = fmt.Sprintf("denied: no policy is attached to %s, so nothing allows %s on %s", q.Principal.ARN(), q.Action, f.resource.ARN)
		return d
	}
	d.Reason = fmt.Sprintf("denied: no statement of the policies of %s allows %s on %s", q.Principal.ARN(), q.Action, f.resource.ARN)
	if near != "" {
		d.Reason += "; " + near
	}
	return d
}
