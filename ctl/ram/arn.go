package ram

import (
	"regexp"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// targetType is the only type of resource that is shared.
const targetType = "ec2:TrafficMirrorTarget"

// permissionARN is the only permission there is (AWS RAM guide, "Managed permissions").
const permissionARN = "arn:aws:ram::aws:permission/AWSRAMDefaultPermissionTrafficMirror"

const (
	shareWord      = "resource-share"
	invitationWord = "resource-share-invitation"
	targetWord     = "traffic-mirror-target"
)

// name is an ARN taken apart (AWS General Reference, "Amazon Resource Names").
type name struct{ service, region, account, kind, id string }

// parseARN reads arn:aws:SERVICE:REGION:ACCOUNT:KIND/ID.
func parseARN(text string) (name, *aws.Fault) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] != "aws" || parts[2] == "" || parts[5] == "" || len(text) > 2048 {
		return name{}, refused("MalformedArnException", "The specified Amazon Resource Name (ARN) %q is not valid.", clip(text))
	}
	kind, id, _ := strings.Cut(parts[5], "/")
	return name{parts[2], parts[3], parts[4], kind, id}, nil
}

func (s *Service) ramARN(account, kind, id string) string {
	return strings.Join([]string{"arn:aws:ram", s.region, account, kind + "/" + id}, ":")
}

func (s *Service) shareARN(r *ctl.Share) string { return s.ramARN(r.Account, shareWord, r.ID) }

func (s *Service) invitationARN(r *ctl.Share, p *ctl.SharePrincipal) string {
	return s.ramARN(r.Account, invitationWord, p.Invitation)
}

func (s *Service) targetARN(account, id string) string {
	return iam.ResourceARN(s.region, account, targetWord, id)
}

// shareName reads the ARN of a share.
func shareName(arn string) (name, error) {
	n, f := parseARN(arn)
	if f != nil {
		return n, f
	}
	if n.service != "ram" || n.kind != shareWord {
		return n, refused("MalformedArnException", "%q is not the Amazon Resource Name (ARN) of a resource share.", clip(arn))
	}
	return n, nil
}

// share finds a share that the caller sees by its ARN.
func (x *request) share(v *store.View, arn string) (*ctl.Share, error) {
	n, err := shareName(arn)
	if err != nil {
		return nil, err
	}
	r, ok := v.Share("", n.id)
	if !ok || !ctl.IsUUID(n.id) || r.Account != n.account || n.region != x.service.region || !v.MaySeeShare(x.account(), r) {
		return nil, unknown(arn)
	}
	return r, nil
}

// checkShares refuses a list of ARNs of which one is not that of a share that the caller sees.
func (x *request) checkShares(v *store.View, arns []string) error {
	for _, arn := range once(arns) {
		if _, err := x.share(v, arn); err != nil {
			return err
		}
	}
	return nil
}

// target returns the ID of a target of the caller by its ARN.
func (x *request) target(v *store.View, arn string) (string, error) {
	n, f := parseARN(arn)
	switch {
	case f != nil:
		return "", f
	case n.service != "ec2" || n.kind != targetWord:
		return "", invalid("The resource %s cannot be shared. Resources of the type %s can be.", clip(arn), targetType)
	case n.account != x.account():
		return "", refused("OperationNotPermittedException", "The resource %s belongs to another account. You can share only resources that you own.", clip(arn))
	}
	r, ok := v.Target("", n.id)
	if !ok || !ctl.IsID(n.id) || r.Account != n.account || n.region != x.service.region {
		return "", unknown(arn)
	}
	return r.ID, nil
}

// targets returns the IDs of a list of targets, each once.
func (x *request) targets(v *store.View, arns []string) ([]string, error) {
	var ids []string
	seen := map[string]bool{}
	for _, arn := range arns {
		id, err := x.target(v, arn)
		if err != nil {
			return nil, err
		}
		if !seen[id] {
			seen[id], ids = true, append(ids, id)
		}
	}
	return ids, nil
}

var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

// checkPrincipal refuses who a target cannot be shared with (AWS RAM guide, "Shareable resources":
// traffic mirror targets with any account and with the organization, not with users and roles).
func (x *request) checkPrincipal(id string) error {
	p := ctl.SharePrincipal{ID: id}
	switch {
	case p.IsOrganization():
		return nil
	case accountForm.MatchString(id):
		if id == x.account() {
			return invalid("The principal %s is the owner of the resource share. Share with another account.", id)
		}
		return nil
	case strings.HasPrefix(id, "arn:aws:iam::"):
		return invalid("Resources of the type %s cannot be shared with individual IAM users and roles. Share with an account or with the organization.", targetType)
	case strings.HasPrefix(id, "arn:aws:organizations::"):
		return invalid("The principal %s is not an organization. Organizational units are not available: share with accounts, or with the organization.", clip(id))
	}
	return invalid("The principal %q is not valid. It must be an account of 12 digits, or the ARN of the organization.", clip(id))
}

func (x *request) checkPrincipals(ids []string) error {
	for _, id := range ids {
		if err := x.checkPrincipal(id); err != nil {
			return err
		}
	}
	return nil
}

// checkCounts refuses lists that are longer than a share may have them: in the change all are compared with each
// other, and nobody else is answered meanwhile.
func checkCounts(resources, principals []string) error {
	const code = "ResourceShareLimitExceededException"
	switch {
	case len(resources) > ctl.MaxShareTargets:
		return refused(code, "The request names %d resources. A resource share has at most %d.", len(resources), ctl.MaxShareTargets)
	case len(principals) > ctl.MaxSharePrincipals:
		return refused(code, "The request names %d principals. A resource share has at most %d.", len(principals), ctl.MaxSharePrincipals)
	}
	return nil
}
