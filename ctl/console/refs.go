package console

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// maxChoices is how many resources a field proposes; whoever has more types a name.
const maxChoices = 200

// account is whose names the API takes for names.
func (v *visit) account() string {
	if account := v.session.caller.Principal.Account; account != "" {
		return account
	}
	return ctl.DefaultAccount
}

// nameFor is what a form calls a resource: its name, or its identifier where the name is another account's.
func (v *visit) nameFor(id string, c *api.Common) string {
	if c.OwnerID == v.account() {
		return c.Name
	}
	return id
}

// proposals are the resources of a collection that a field may name, as far as the user may see them.
func proposals[W any](v *visit, path string, collection client.Collection[W], of func(*W) (string, *api.Common)) ([]option, error) {
	if !v.may("GET", path) {
		return nil, nil
	}
	page, err := collection.Page(v.ctx, maxChoices, "", client.Ordered("", "name", 0))
	if err != nil {
		return nil, err
	}
	var options []option
	for i := range page.Items {
		id, common := of(&page.Items[i])
		text := id
		switch {
		case common.OwnerID != v.account():
			text = common.Name + " of account " + common.OwnerID
		case common.Description != "":
			text = common.Description
		}
		options = append(options, option{v.nameFor(id, common), text})
	}
	return options, nil
}

func interfaceOf(w *api.NetworkInterface) (string, *api.Common) {
	return w.NetworkInterfaceID, &w.Common
}
func targetOf(w *api.TrafficMirrorTarget) (string, *api.Common) {
	return w.TrafficMirrorTargetID, &w.Common
}
func filterOf(w *api.TrafficMirrorFilter) (string, *api.Common) {
	return w.TrafficMirrorFilterID, &w.Common
}
func sessionOf(w *api.TrafficMirrorSession) (string, *api.Common) {
	return w.TrafficMirrorSessionID, &w.Common
}
func balancerOf(w *api.LoadBalancer) (string, *api.Common) { return w.LoadBalancerID, &w.Common }

// named finds what a form calls the resource with an identifier: the identifier where the user may not
// see it.
func named[W any](v *visit, path string, collection client.Collection[W], of func(*W) (string, *api.Common), id string) string {
	if id == "" || !v.may("GET", path) {
		return id
	}
	w, err := collection.Get(v.ctx, id)
	if err != nil {
		return id
	}
	_, common := of(w)
	return v.nameFor(id, common)
}

func (v *visit) interfaceName(id string) string {
	return named(v, api.PathInterfaces, v.api.Interfaces(), interfaceOf, id)
}
func (v *visit) targetName(id string) string {
	return named(v, api.PathTargets, v.api.Targets(), targetOf, id)
}
func (v *visit) filterName(id string) string {
	return named(v, api.PathFilters, v.api.Filters(), filterOf, id)
}
func (v *visit) balancerName(id string) string {
	return named(v, api.PathLoadBalancers, v.api.LoadBalancers(), balancerOf, id)
}

// reference is a link to a resource by its identifier, for facts.
func reference(path, id, name string) cell {
	if id == "" {
		return cell{Text: "–"}
	}
	if name == id {
		return cell{Text: id, Code: true, Path: path + "/" + id}
	}
	return cell{Text: name, Path: path + "/" + id, Title: id}
}
