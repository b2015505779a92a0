package simulate

import (
	"strings"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/iam"
)

// Question makes a question of a request: tags of the resources come as condition keys too,
// and what the request does not say of the time and the region is filled in.
func Question(w *api.SimulateRequest, region string, now time.Time) *iam.Question {
	q := &iam.Question{Principal: iam.Principal{Account: w.OwnerID, User: w.User}, Action: w.Action, Context: map[string][]string{}}
	tags := map[string]string{}
	for key, values := range w.Context {
		if tag, ok := resourceTag(key); ok && len(values) > 0 {
			tags[tag] = values[len(values)-1]
			continue
		}
		q.Context[key] = values
	}
	for key, values := range (&iam.RequestFacts{Time: now, TLS: true, Region: region}).Context() {
		if !hasKey(w.Context, key) {
			q.Context[key] = values
		}
	}
	for _, name := range w.Resources {
		q.Resources = append(q.Resources, iam.Resource{ARN: name, Tags: tags})
	}
	return q
}

func hasKey(context map[string][]string, name string) bool {
	for key := range context {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

// resourceTag is the tag in a condition key of a resource's tags.
func resourceTag(key string) (string, bool) {
	service, rest, _ := strings.Cut(key, ":")
	name, tag, found := strings.Cut(rest, "/")
	known := strings.EqualFold(service, "aws") || strings.EqualFold(service, "ec2")
	return tag, found && known && strings.EqualFold(name, "ResourceTag")
}

// Wire is a result as the API tells it.
func Wire(s *iam.Simulation) api.Simulation {
	return api.Simulation{Allowed: s.Allowed, Reason: s.Reason, Policy: s.Policy, Statement: s.Statement, Resource: s.Resource,
		Principal: s.Principal.ARN(), Groups: s.Principal.Groups, Policies: s.Policies}
}
