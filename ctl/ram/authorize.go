package ram

import (
	"net/http"
	"strconv"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// permit asks whether the caller may do the action on a resource; an empty ARN is an action without
// resource-level permissions. tags are those of the resource, requested those that it shall get,
// keys those that are set or taken away.
func (x *request) permit(arn string, tags, requested map[string]string, keys []string) error {
	q := &iam.Question{Principal: x.Principal, Action: "ram:" + x.action.name, Context: x.conditions()}
	if arn != "" {
		q.Resources = []iam.Resource{{ARN: arn, Tags: tags}}
	}
	for key, value := range requested {
		q.Context["aws:RequestTag/"+key] = []string{value}
	}
	if len(keys) > 0 {
		q.Context["aws:TagKeys"] = keys
	}
	d := x.service.authorizer.Authorize(q)
	if d.Allowed {
		return nil
	}
	text := "User: " + x.Principal.ARN() + " is not authorized to perform: " + q.Action
	if d.Resource != "" {
		text += " on resource: " + d.Resource
	}
	if d.Reason != "" {
		text += ". " + d.Reason
	}
	return fault(http.StatusForbidden, "AccessDeniedException", "%s", text)
}

// permitAll asks for an action without resource-level permissions.
func (x *request) permitAll() error { return x.permit("", nil, nil, nil) }

// owned finds a share of the caller, who may do the action on it.
func (x *request) owned(v *store.View, arn string) (*ctl.Share, error) {
	return x.ownedFor(v, arn, nil, nil)
}

func (x *request) ownedFor(v *store.View, arn string, requested map[string]string, keys []string) (*ctl.Share, error) {
	r, err := x.permittedShare(v, arn, requested, keys)
	if err != nil {
		return nil, err
	}
	if r.Account != x.account() {
		return nil, refused("OperationNotPermittedException", "The resource share %s belongs to another account, which alone can change it.", arn)
	}
	return r, nil
}

// permittedShare finds a share that the caller sees and may do the action on. Who may not do it is not told
// whether there is such a share.
func (x *request) permittedShare(v *store.View, arn string, requested map[string]string, keys []string) (*ctl.Share, error) {
	if _, err := shareName(arn); err != nil {
		return nil, err
	}
	r, missing := x.share(v, arn)
	var tags map[string]string
	if r != nil && r.Account == x.account() { // they are the owner's
		tags = r.Tags
	}
	if err := x.permit(arn, tags, requested, keys); err != nil {
		return nil, err
	}
	return r, missing
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
	return c
}
