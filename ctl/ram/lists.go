package ram

import (
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

type resourcesInput struct {
	Owner        string   `json:"resourceOwner,omitempty"`
	Principal    string   `json:"principal,omitempty"`
	Type         string   `json:"resourceType,omitempty"`
	ResourceARNs []string `json:"resourceArns,omitempty"`
	ShareARNs    []string `json:"resourceShareArns,omitempty"`
	Scope        string   `json:"resourceRegionScope,omitempty"`
	paged
}

type wireResource struct {
	ARN      string   `json:"arn"`
	Type     string   `json:"type"`
	ShareARN string   `json:"resourceShareArn"`
	Status   string   `json:"status"`
	Created  *seconds `json:"creationTime,omitempty"`
	Updated  *seconds `json:"lastUpdatedTime,omitempty"`
	Scope    string   `json:"resourceRegionScope"`
}

type resourcesAnswer struct {
	Resources []wireResource `json:"resources"`
	Next      *string        `json:"nextToken,omitempty"`
}

func (x *request) resource(r *ctl.Share, id, status string) item[wireResource] {
	return item[wireResource]{keyOf(r.Created, r.ID, id), wireResource{ARN: x.service.targetARN(r.Account, id), Type: targetType, ShareARN: x.service.shareARN(r),
		Status: status, Created: secondsOf(r.Created), Updated: secondsOf(r.Updated), Scope: "REGIONAL"}}
}

// listResources lists what the caller shares (SELF), or what is shared with it.
func listResources(x *request, in *resourcesInput) (any, error) {
	if err := checkType(in.Type); err != nil {
		return nil, err
	}
	if err := oneOf("resourceRegionScope", in.Scope, "", "ALL", "REGIONAL", "GLOBAL"); err != nil {
		return nil, err
	}
	for _, arn := range in.ResourceARNs {
		if _, f := parseARN(arn); f != nil {
			return nil, f
		}
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	key := *in
	key.paged = paged{}
	found, next, err := list(x, key, in.paged, func(v *store.View) ([]item[wireResource], error) {
		shares, err := x.shares(v, in.Owner, in.ShareARNs)
		if err != nil || in.Scope == "GLOBAL" {
			return nil, err
		}
		var rows []item[wireResource]
		for _, r := range shares {
			if in.Principal != "" && !x.isBetween(r, in.Principal) {
				continue
			}
			for _, id := range r.Targets {
				row := x.resource(r, id, "AVAILABLE")
				if len(in.ResourceARNs) == 0 || slices.Contains(in.ResourceARNs, row.row.ARN) {
					rows = append(rows, row)
				}
			}
		}
		return rows, nil
	})
	return resourcesAnswer{found, next}, err
}

// isBetween reports whether a share is with a principal if it is the caller's, else from it.
func (x *request) isBetween(r *ctl.Share, principal string) bool {
	if r.Account == x.account() {
		return r.Principal(principal) != nil
	}
	return r.Account == principal
}

func checkType(word string) error {
	if word == "" || word == targetType {
		return nil
	}
	return refused("InvalidResourceTypeException", "The resource type %q is not valid. The type that can be shared is %s.", clip(word), targetType)
}

type principalsInput struct {
	Owner       string   `json:"resourceOwner,omitempty"`
	ResourceARN string   `json:"resourceArn,omitempty"`
	Principals  []string `json:"principals,omitempty"`
	Type        string   `json:"resourceType,omitempty"`
	ShareARNs   []string `json:"resourceShareArns,omitempty"`
	paged
}

type wirePrincipal struct {
	ID       string   `json:"id"`
	ShareARN string   `json:"resourceShareArn"`
	Created  *seconds `json:"creationTime,omitempty"`
	Updated  *seconds `json:"lastUpdatedTime,omitempty"`
	External bool     `json:"external"`
}

// listPrincipals lists whom the caller shares with (SELF), or who shares with it.
func listPrincipals(x *request, in *principalsInput) (any, error) {
	if err := checkType(in.Type); err != nil {
		return nil, err
	}
	if in.ResourceARN != "" {
		if _, f := parseARN(in.ResourceARN); f != nil {
			return nil, f
		}
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	key := *in
	key.paged = paged{}
	found, next, err := list(x, key, in.paged, func(v *store.View) ([]item[wirePrincipal], error) {
		shares, err := x.shares(v, in.Owner, in.ShareARNs)
		if err != nil {
			return nil, err
		}
		var rows []item[wirePrincipal]
		for _, r := range shares {
			if in.ResourceARN != "" && !slices.ContainsFunc(r.Targets, func(id string) bool { return x.service.targetARN(r.Account, id) == in.ResourceARN }) {
				continue
			}
			for _, w := range x.principalsOf(v, r) {
				if len(in.Principals) == 0 || slices.Contains(in.Principals, w.ID) {
					rows = append(rows, item[wirePrincipal]{keyOf(r.Created, r.ID, w.ID), w})
				}
			}
		}
		return rows, nil
	})
	return struct {
		Principals []wirePrincipal `json:"principals"`
		Next       *string         `json:"nextToken,omitempty"`
	}{found, next}, err
}

func (x *request) principalsOf(v *store.View, r *ctl.Share) (list []wirePrincipal) {
	arn := x.service.shareARN(r)
	if r.Account != x.account() {
		return []wirePrincipal{{r.Account, arn, secondsOf(r.Created), secondsOf(r.Updated), !v.SameOrganization(r.Account, x.account())}}
	}
	for _, p := range r.Principals {
		list = append(list, wirePrincipal{p.ID, arn, secondsOf(p.Since), secondsOf(latest(p)), isExternal(v, r, p)})
	}
	return list
}
