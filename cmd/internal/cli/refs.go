package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"mirrorgw/ctl/api"
)

// resolveRule returns what the API calls a rule: refs are IDs, or FILTER/DIRECTION/NUMBER.
func resolveRule(ctx context.Context, g Gateway, ref string, o Options) (string, error) {
	if ruleKind.hasID(ref) {
		return ref, nil
	}
	rest, number, ok1 := cutLast(ref)
	filter, direction, ok2 := cutLast(rest)
	if !ok1 || !ok2 || filter == "" {
		return "", usagef("a rule is named by its ID or as FILTER/ingress/100, not %q", ref)
	}
	key := map[string]string{"ingress": "ingressFilterRules", "egress": "egressFilterRules"}[direction]
	if key == "" {
		return "", usagef("rule %q: %q is no direction; it is ingress or egress, as in web/ingress/100", ref, direction)
	}
	found, err := get(ctx, g, "filter", filter, o)
	if err != nil {
		return "", err
	}
	rules, _ := found[key].([]any)
	for _, one := range rules {
		if rule, ok := one.(map[string]any); ok && plain(rule["ruleNumber"]) == number {
			return plain(rule[ruleKind.idKey]), nil
		}
	}
	return "", &api.Error{Status: http.StatusNotFound, Code: api.CodeNotFound,
		Message: fmt.Sprintf("filter %s has no %s rule %s; list them with: mirrorctl rule list --where filter=%s", filter, direction, number, filter)}
}

// cutLast cuts around the last slash.
func cutLast(text string) (before, after string, ok bool) {
	i := strings.LastIndexByte(text, '/')
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+1:], true
}

// resolve returns what the API takes for a reference of a kind.
func resolve(ctx context.Context, g Gateway, k *kind, ref string, o Options) (string, error) {
	if k == ruleKind {
		return resolveRule(ctx, g, ref, o)
	}
	if ref == "" {
		return "", usagef("%s has a name or an ID, not nothing", k.article())
	}
	return ref, nil
}

// identifier returns the ID of what a reference of a kind means.
func identifier(ctx context.Context, g Gateway, k *kind, ref string, o Options) (string, error) {
	ref, err := resolve(ctx, g, k, ref, o)
	if err != nil || k.hasID(ref) {
		return ref, err
	}
	found, err := get(ctx, g, k.word, ref, o)
	if err != nil {
		return "", err
	}
	return plain(found[k.idKey]), nil
}

// anyIdentifier returns the ID that KIND/REFERENCE or a bare ID means.
func anyIdentifier(ctx context.Context, g Gateway, ref string, o Options) (string, error) {
	if word, rest, ok := strings.Cut(ref, "/"); ok {
		if k := kindOf(word); k != nil {
			return identifier(ctx, g, k, rest, o)
		}
		return "", usagef("%q is no kind of resource; write one like session/s1 or rule/web/ingress/100", word)
	}
	for _, k := range kinds {
		if k.hasID(ref) {
			return ref, nil
		}
	}
	return "", usagef("%q may be a name of several kinds; write an ID, or the kind before it, as session/%s", ref, ref)
}

// get returns one resource, decoded.
func get(ctx context.Context, g Gateway, kind, ref string, o Options) (record, error) {
	text, err := answer(g.Get(ctx, kind, ref, o))
	if err != nil {
		return nil, err
	}
	var r record
	return r, decode(text, &r)
}
