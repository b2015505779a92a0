package ec2

import (
	"net/http"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
)

// permitted asks whether the caller may do the action on all of its resources, among them the one
// that is made, which has no identifier yet, and whether it may give that one its tags.
func (x *request) permitted(on []subject) error {
	q := &iam.Question{Principal: x.Principal, Action: "ec2:" + x.action.name, Context: x.conditions()}
	for i := range on {
		q.Resources = append(q.Resources, iam.Resource{ARN: on[i].arn(x.service.region), Tags: on[i].tags})
	}
	if !x.action.creates {
		return x.ask(q)
	}
	created := iam.Resource{ARN: iam.ResourceARN(x.service.region, x.account(), x.action.about.name, "*")}
	if x.action.about != sessionResource { // the AWS guide's policy for sessions names what they join only
		q.Resources = append(q.Resources, created)
	}
	if err := x.ask(q); err != nil || len(x.tags) == 0 {
		return err
	}
	tagging := &iam.Question{Principal: x.Principal, Action: "ec2:CreateTags", Resources: []iam.Resource{created}, Context: x.conditions()}
	tagging.Context[iam.KeyCreateAction] = []string{x.action.name}
	return x.ask(tagging)
}

func (x *request) ask(q *iam.Question) error {
	decision := x.service.authorizer.Authorize(q)
	if decision.Allowed {
		return nil
	}
	return unauthorized(q, &decision)
}

func unauthorized(q *iam.Question, d *iam.Decision) *aws.Fault {
	text := "You are not authorized to perform this operation. User: " + q.Principal.ARN() + " is not authorized to perform: " + q.Action
	if d.Resource != "" {
		text += " on resource: " + d.Resource
	}
	if d.Reason != "" {
		text += ". " + d.Reason
	}
	return &aws.Fault{Status: http.StatusForbidden, Code: "UnauthorizedOperation", Message: text}
}

// conditions are the condition keys of the request.
func (x *request) conditions() map[string][]string {
	facts := iam.RequestFacts{SourceIP: x.SourceIP, Time: x.Time, TLS: x.TLS, UserAgent: x.UserAgent, Region: x.Region}
	c := facts.Context()
	for key, value := range x.tags {
		c[iam.KeyRequestTag+key] = []string{value}
	}
	if len(x.tagKeys) > 0 {
		c[iam.KeyTagKeys] = x.tagKeys
	}
	return c
}
