package ram

import (
	"crypto/rand"
	"slices"
	"strings"
	"unicode/utf8"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
)

type createInput struct {
	Name          string   `json:"name,omitempty"`
	ResourceARNs  []string `json:"resourceArns,omitempty"`
	Principals    []string `json:"principals,omitempty"`
	Tags          []tag    `json:"tags,omitempty"`
	AllowExternal *bool    `json:"allowExternalPrincipals,omitempty"`
	ClientToken   string   `json:"clientToken,omitempty"`
	Permissions   []string `json:"permissionArns,omitempty"`
}

// shareAnswer answers what makes or changes a share.
type shareAnswer struct {
	Share       wireShare `json:"resourceShare"`
	ClientToken string    `json:"clientToken,omitempty"`
}

func createShare(x *request, in *createInput) (any, error) {
	if err := checkName(in.Name, true); err != nil {
		return nil, err
	}
	if err := checkPermissions(in.Permissions); err != nil {
		return nil, err
	}
	if err := checkCounts(in.ResourceARNs, in.Principals); err != nil {
		return nil, err
	}
	if err := x.checkPrincipals(in.Principals); err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	plain := *in
	plain.ClientToken = ""
	token, err := x.token(in.ClientToken, plain)
	if err != nil {
		return nil, err
	}
	id, err := ctl.NewUUID(rand.Reader)
	if err != nil {
		return nil, err
	}
	r := &ctl.Share{Common: ctl.Common{ID: id, Account: x.account(), Tags: tags}, AllowExternal: in.AllowExternal == nil || *in.AllowExternal}
	find := func(v *store.View) (*ctl.Share, error) {
		if err := x.permit("", nil, tags, sortedKeys(tags)); err != nil {
			return nil, err
		}
		r.Targets, err = x.targets(v, in.ResourceARNs)
		return r, err
	}
	result, err := x.change(token, find, func(tx *store.Tx, r *ctl.Share) error {
		title(&tx.View, r, in.Name)
		add(r, in.Principals)
		return tx.PutShare(r)
	})
	if err != nil {
		return nil, err
	}
	if result.Replayed {
		r = first(result, r)
	}
	return x.answerShare(r, in.ClientToken)
}

// first is the share that a create with the same token made.
func first(result store.Result, r *ctl.Share) *ctl.Share {
	for _, e := range result.Events {
		if made, ok := e.After.(*ctl.Share); ok {
			return made
		}
	}
	return r
}

// answerShare answers with a share as it is now, or as it was if it has gone since.
func (x *request) answerShare(r *ctl.Share, token string) (any, error) {
	x.touched(x.service.shareARN(r))
	_ = x.read(func(v *store.View) error {
		if now, ok := v.Share("", r.ID); ok {
			r = now
		}
		return nil
	})
	return shareAnswer{x.wire(r), token}, nil
}

// title gives a share the name that RAM knows it by. It is the record's own where that may have it,
// and is kept beside it else: RAM has no rules for names, and does not mind two alike.
func title(v *store.View, r *ctl.Share, name string) {
	other, taken := v.Share(r.Account, name)
	isFree := !taken || other.ID == r.ID
	switch {
	case isFree && config.CheckName(name) == nil && !ctl.IsID(name) && !ctl.IsUUID(name):
		r.Name, r.Title = name, ""
	case r.Name == "":
		r.Name = strings.Replace(r.ID, "-", ".", 1)
		r.Title = name
	default:
		r.Title = name
	}
}

// add adds principals that are not there yet.
func add(r *ctl.Share, principals []string) {
	for _, id := range principals {
		if r.Principal(id) == nil {
			r.Principals = append(r.Principals, &ctl.SharePrincipal{ID: id})
		}
	}
}

const maxName = 255

func checkName(name string, required bool) error {
	switch n := utf8.RuneCountInString(name); {
	case name == "" && required:
		return missing("name")
	case n > maxName || strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return invalid("The name %q is not valid. Use 1 to %d characters.", clip(name), maxName)
	}
	return nil
}

type updateInput struct {
	ARN           string `json:"resourceShareArn,omitempty"`
	Name          string `json:"name,omitempty"`
	AllowExternal *bool  `json:"allowExternalPrincipals,omitempty"`
	ClientToken   string `json:"clientToken,omitempty"`
}

func updateShare(x *request, in *updateInput) (any, error) {
	if in.ARN == "" {
		return nil, missing("resourceShareArn")
	}
	if err := checkName(in.Name, false); err != nil {
		return nil, err
	}
	plain := *in
	plain.ClientToken = ""
	token, err := x.token(in.ClientToken, plain)
	if err != nil {
		return nil, err
	}
	changed := &ctl.Share{}
	result, err := x.change(token, func(v *store.View) (*ctl.Share, error) { return x.owned(v, in.ARN) }, func(tx *store.Tx, r *ctl.Share) error {
		changed = r.Clone()
		if in.Name != "" {
			title(&tx.View, changed, in.Name)
		}
		if in.AllowExternal != nil {
			changed.AllowExternal = *in.AllowExternal
		}
		return tx.PutShare(changed)
	})
	if err != nil {
		return nil, err
	}
	if result.Replayed {
		if changed, err = x.again(in.ARN); err != nil {
			return nil, err
		}
	}
	return x.answerShare(changed, in.ClientToken)
}

// again finds the share that a request with the same token has changed before.
func (x *request) again(arn string) (r *ctl.Share, err error) {
	err = x.read(func(v *store.View) error {
		r, err = x.share(v, arn)
		return err
	})
	return r, err
}

func deleteShare(x *request) (any, error) {
	query, err := x.query("resourceShareArn", "clientToken")
	if err != nil {
		return nil, err
	}
	arn, text := query.Get("resourceShareArn"), query.Get("clientToken")
	if arn == "" {
		return nil, missing("resourceShareArn")
	}
	token, err := x.token(text, arn)
	if err != nil {
		return nil, err
	}
	x.touched(arn)
	_, err = x.change(token, func(v *store.View) (*ctl.Share, error) { return x.owned(v, arn) }, func(tx *store.Tx, r *ctl.Share) error {
		return tx.Delete(store.KindShare, r.ID)
	})
	if err != nil {
		return nil, err
	}
	return struct {
		ReturnValue bool   `json:"returnValue"`
		ClientToken string `json:"clientToken,omitempty"`
	}{true, text}, nil
}

type tagFilter struct {
	Key    string   `json:"tagKey,omitempty"`
	Values []string `json:"tagValues,omitempty"`
}

type getInput struct {
	ARNs       []string    `json:"resourceShareArns,omitempty"`
	Status     string      `json:"resourceShareStatus,omitempty"`
	Owner      string      `json:"resourceOwner,omitempty"`
	Name       string      `json:"name,omitempty"`
	TagFilters []tagFilter `json:"tagFilters,omitempty"`
	Permission string      `json:"permissionArn,omitempty"`
	paged
}

func getShares(x *request, in *getInput) (any, error) {
	if err := oneOf("resourceShareStatus", in.Status, "", "PENDING", statusActive, statusFailed, "DELETING", "DELETED"); err != nil {
		return nil, err
	}
	if n := len(in.TagFilters); n > ctl.MaxTags {
		return nil, invalid("There are %d tag filters. A resource share has at most %d tags.", n, ctl.MaxTags)
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	key := *in
	key.paged = paged{}
	shares, next, err := listShares(x, key, in.paged, func(v *store.View) ([]*ctl.Share, error) {
		return x.shares(v, in.Owner, in.ARNs)
	}, func(r *ctl.Share, key string, to *page[wireShare]) {
		if to.wants(key) && in.selects(x, r) {
			to.add(key, x.wire(r))
		}
	})
	return struct {
		Shares []wireShare `json:"resourceShares"`
		Next   *string     `json:"nextToken,omitempty"`
	}{shares, next}, err
}

func (in *getInput) selects(x *request, r *ctl.Share) bool {
	if in.Name != "" && in.Name != r.Label() || in.Status != "" && in.Status != statusActive || in.Permission != "" && in.Permission != permissionARN {
		return false
	}
	for _, f := range in.TagFilters {
		value, has := r.Tags[f.Key]
		if r.Account != x.account() || !has || len(f.Values) > 0 && !slices.Contains(f.Values, value) {
			return false
		}
	}
	return true
}

// shares lists the caller's shares (SELF), or those of others that give it access, of which the
// ARNs name some.
func (x *request) shares(v *store.View, owner string, arns []string) ([]*ctl.Share, error) {
	if owner == "" {
		return nil, missing("resourceOwner")
	}
	if err := oneOf("resourceOwner", owner, ownerSelf, ownerOthers); err != nil {
		return nil, err
	}
	if err := x.checkShares(v, arns); err != nil {
		return nil, err
	}
	var found []*ctl.Share
	named := oneOfThese(arns)
	for _, r := range v.Shares() {
		own := r.Account == x.account()
		if own != (owner == ownerSelf) || !own && !v.SharedWith(x.account(), r) {
			continue
		}
		if len(arns) == 0 || named(x.service.shareARN(r)) {
			found = append(found, r)
		}
	}
	return found, nil
}

// oneOf refuses a word that the API does not have.
func oneOf(parameter, word string, words ...string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return invalid("The value %q of %s is not valid. Use one of: %s.", clip(word), parameter, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", "))
}
