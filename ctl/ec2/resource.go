package ec2

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// resource is a type of resource, as EC2 speaks of it.
type resource struct {
	kind     store.Kind
	name     string // in ARNs and tags: "traffic-mirror-target"
	word     string // in sentences
	prefix   string // of identifiers
	notFound string // code of the fault when there is none
}

var (
	targetResource  = &resource{store.KindTarget, "traffic-mirror-target", "traffic mirror target", ctl.PrefixTarget, "InvalidTrafficMirrorTargetId.NotFound"}
	filterResource  = &resource{store.KindFilter, "traffic-mirror-filter", "traffic mirror filter", ctl.PrefixFilter, "InvalidTrafficMirrorFilterId.NotFound"}
	ruleResource    = &resource{store.KindRule, "traffic-mirror-filter-rule", "traffic mirror filter rule", ctl.PrefixRule, "InvalidTrafficMirrorFilterRuleId.NotFound"}
	sessionResource = &resource{store.KindSession, "traffic-mirror-session", "traffic mirror session", ctl.PrefixSession, "InvalidTrafficMirrorSessionId.NotFound"}
	eniResource     = &resource{store.KindInterface, "network-interface", "network interface", ctl.PrefixInterface, "InvalidNetworkInterfaceID.NotFound"}
)

// viewer is an account that looks at the state.
type viewer struct {
	*store.View
	account string
	region  string
}

// kind is a type of resource with what can be told of it. R is a record, with what else its answer
// needs. Answers list by ascending key, so that pages do not move when resources come and go.
type kind[R any] struct {
	*resource
	set   string // element that lists them
	ids   string // parameter that names some of them; empty: there is none
	find  func(v *viewer, ref string) (R, bool)
	all   func(v *viewer, after string, yield func(R)) // those that the account sees whose key is greater than after
	key   func(R) string                               // unique; of a resource its identifier
	owner func(R) string
	tags  func(R) map[string]string
	write func(*document, R)

	// attributes are what the filters of Describe look at, by their names. What is not set has no
	// values, and no filter finds it.
	attributes map[string]func(R) []string

	alone bool // identifiers and MaxResults exclude each other
}

// subject is a resource that an action is on.
type subject struct {
	*resource
	id      string // as the request has it, where there is no such resource
	account string // of its owner
	tags    map[string]string
	record  any  // *R of its kind; nil: there is none that the caller can see
	mine    bool // the caller's account owns it
}

// seek finds what a request names. What the caller cannot see is not there, and told exactly like
// what does not exist.
func (k *kind[R]) seek(v *viewer, ref string) subject {
	s := subject{resource: k.resource, id: ref, account: v.account, mine: true}
	if r, ok := k.find(v, ref); ok {
		s.id, s.account, s.tags, s.record = k.key(r), k.owner(r), k.tags(r), r
		s.mine = s.account == v.account
	}
	return s
}

// arn is the subject's name in policies.
func (s *subject) arn(region string) string {
	return iam.ResourceARN(region, s.account, s.name, s.id)
}

// one is the record of a subject that exists.
func one[R any](s *subject) R { return s.record.(R) }

// fault says that a resource is not there.
func (r *resource) fault(ref string) error {
	if r == eniResource && !ctl.IsID(ref) {
		return invalid("InvalidNetworkInterfaceId.Malformed", "Invalid id: %s (expecting eni- and 17 digits of 0-9a-f)", quoted(ref))
	}
	return invalid(r.notFound, "The %s %s does not exist", r.word, quoted(ref))
}

// exist says which of the subjects is not there, if any.
func exist(subjects []subject) error {
	for i := range subjects {
		if s := &subjects[i]; s.record == nil {
			return s.fault(s.id)
		}
	}
	return nil
}

// own refuses a subject that the caller merely sees.
func own(s *subject) error {
	if !s.mine {
		return invalid("OperationNotPermitted", "The %s %s belongs to account %s; only its owner may change it", s.word, s.id, s.account)
	}
	return nil
}
