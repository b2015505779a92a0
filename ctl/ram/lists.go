package ram

import (
	"slices"
	"strings"

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

func (x *request) resource(r *ctl.Share, arn, status string) wireResource {
	return wireResource{ARN: arn, Type: targetType, ShareARN: x.service.shareARN(r), Status: status,
		Created: secondsOf(r.Created), Updated: secondsOf(r.Updated), Scope: "REGIONAL"}
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
	named := oneOfThese(in.ResourceARNs)
	found, next, err := listShares(x, key, in.paged, func(v *store.View) ([]*ctl.Share, error) {
		shares, err := x.shares(v, in.Owner, in.ShareARNs)
		if err != nil || in.Scope == "GLOBAL" {
			return nil, err
		}
		return shares, nil
	}, func(r *ctl.Share, key string, to *page[wireResource]) {
		if in.Principal != "" && !x.isBetween(r, in.Principal) {
			return
		}
		for _, id := range r.Targets {
			at := key + "\x00" + id
			if !to.wants(at) {
				continue
			}
			if arn := x.service.targetARN(r.Account, id); named(arn) {
				to.add(at, x.resource(r, arn, "AVAILABLE"))
			}
		}
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

// oneOfThese makes a filter of a list; one without members lets everything pass.
func oneOfThese(list []string) func(string) bool {
	set := make(map[string]bool, len(list))
	for _, word := range list {
		set[word] = true
	}
	return func(word string) bool { return len(set) == 0 || set[word] }
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
	named := oneOfThese(in.Principals)
	found, next, err := listShares(x, key, in.paged, func(v *store.View) ([]*ctl.Share, error) {
		return x.shares(v, in.Owner, in.ShareARNs)
	}, func(r *ctl.Share, key string, to *page[wirePrincipal]) {
		if in.ResourceARN == "" || x.has(r, in.ResourceARN) {
			x.principals(r, key, named, to)
		}
	})
	return struct {
		Principals []wirePrincipal `json:"principals"`
		Next       *string         `json:"nextToken,omitempty"`
	}{found, next}, err
}

// has reports whether a share has a target, by its ARN.
func (x *request) has(r *ctl.Share, arn string) bool {
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	return slices.Contains(r.Targets, id) && x.service.targetARN(r.Account, id) == arn
}

// principals adds those whom a share of the caller is with, or the owner of another's.
func (x *request) principals(r *ctl.Share, key string, named func(string) bool, to *page[wirePrincipal]) {
	arn := x.service.shareARN(r)
	add := func(id string, row func() wirePrincipal) {
		if at := key + "\x00" + id; named(id) && to.wants(at) {
			to.add(at, row())
		}
	}
	if r.Account != x.account() {
		add(r.Account, func() wirePrincipal {
			return wirePrincipal{r.Account, arn, secondsOf(r.Created), secondsOf(r.Updated), !x.service.store.SameOrganization(r.Account, x.account())}
		})
		return
	}
	for _, p := range r.Principals {
		add(p.ID, func() wirePrincipal {
			return wirePrincipal{p.ID, arn, secondsOf(p.Since), secondsOf(latest(p)), isExternal(x.service.store, r, p)}
		})
	}
}
