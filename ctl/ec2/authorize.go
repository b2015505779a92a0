package ec2

import (
	"net/http"
	"strconv"
	"time"

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
	tagging.Context["ec2:CreateAction"] = []string{x.action.name}
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
	c := map[string][]string{
		"aws:CurrentTime":      {x.Time.UTC().Format(time.RFC3339)},
		"aws:EpochTime":        {strconv.FormatInt(x.Time.Unix(), 10)},
		"aws:SecureTransport":  {strconv.FormatBool(x.TLS)},
		"aws:PrincipalAccount": {x.account()},
		"aws:PrincipalArn":     {x.Principal.ARN()},
		"aws:RequestedRegion":  {x.service.region},
		"ec2:Region":           {x.service.region},
	}
	if x.SourceIP.IsValid() {
		c["aws:SourceIp"] = []string{x.SourceIP.Unmap().String()}
	}
	if x.UserAgent != "" {
		c["aws:UserAgent"] = []string{x.UserAgent}
	}
	if x.Principal.User != "" {
		c["aws:username"] = []string{x.Principal.User}
	}
	for key, value := range x.tags {
		c["aws:RequestTag/"+key] = []string{value}
	}
	if len(x.tagKeys) > 0 {
		c["aws:TagKeys"] = x.tagKeys
	}
	return c
}
