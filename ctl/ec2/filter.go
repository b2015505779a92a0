package ec2

import (
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

var filterActions = []action{
	{
		name: "CreateTrafficMirrorFilter", about: filterResource, creates: true,
		fields: []field{descriptionField, tagSpecificationField, clientTokenField},
		change: func(x *request, tx *store.Tx, _ []subject) (any, error) {
			r := &ctl.Filter{Common: x.common()}
			return r, tx.PutFilter(r)
		},
		write: func(x *request, d *document, o *outcome) {
			writeFilterOutcome(x, d, o)
			d.maybe("clientToken", x.in.str("ClientToken"))
		},
	},
	{
		name: "DeleteTrafficMirrorFilter", about: filterResource,
		fields: []field{must(id("TrafficMirrorFilterId"))},
		on:     named(filters, "TrafficMirrorFilterId"), change: remove, write: writeID("trafficMirrorFilterId"),
	},
	{
		name:     "DescribeTrafficMirrorFilters",
		fields:   describing(list("TrafficMirrorFilterId", maxIDs, id(""))),
		describe: func(x *request) ([]byte, error) { return describe(x, filters) },
	},
	{
		name: "ModifyTrafficMirrorFilterNetworkServices", about: filterResource,
		fields: []field{must(id("TrafficMirrorFilterId")), list("AddNetworkService", maxServices, serviceField), list("RemoveNetworkService", maxServices, serviceField)},
		check:  servicesOnce, on: named(filters, "TrafficMirrorFilterId"), change: modifyServices, write: writeFilterOutcome,
	},
}

const maxServices = 10

var serviceField = choice("", ctl.ServiceAmazonDNS)

// filters are those of the account.
var filters = &kind[*ctl.Filter]{
	resource: filterResource, set: "trafficMirrorFilterSet", ids: "TrafficMirrorFilterId",
	find: func(v *viewer, ref string) (*ctl.Filter, bool) {
		r, ok := v.Filter(v.account, ref)
		return r, ok && r.Account == v.account
	},
	all: func(v *viewer, after string, yield func(*ctl.Filter)) {
		for _, r := range v.Filters() {
			if r.ID > after && r.Account == v.account {
				yield(r)
			}
		}
	},
	key:   func(r *ctl.Filter) string { return r.ID },
	owner: func(r *ctl.Filter) string { return r.Account },
	tags:  func(r *ctl.Filter) map[string]string { return r.Tags },
	write: writeFilter,
	attributes: map[string]func(*ctl.Filter) []string{
		"description":              func(r *ctl.Filter) []string { return some(r.Description) },
		"traffic-mirror-filter-id": func(r *ctl.Filter) []string { return some(r.ID) },
	},
}

// servicesOnce: a service is added or removed, not both.
func servicesOnce(x *request) error {
	for _, service := range x.in.texts("AddNetworkService") {
		if slices.Contains(x.in.texts("RemoveNetworkService"), service) {
			return invalid("InvalidParameterCombination", "The network service %s is to be added and removed; name it once", service)
		}
	}
	return nil
}

func modifyServices(x *request, tx *store.Tx, on []subject) (any, error) {
	add, take := x.in.texts("AddNetworkService"), x.in.texts("RemoveNetworkService")
	r := *one[*ctl.Filter](&on[0])
	r.Services = slices.DeleteFunc(slices.Clone(r.Services), func(s string) bool { return slices.Contains(take, s) })
	for _, service := range add {
		if !slices.Contains(r.Services, service) {
			r.Services = append(r.Services, service)
		}
	}
	return &r, tx.PutFilter(&r)
}

func writeFilterOutcome(_ *request, d *document, o *outcome) {
	d.open("trafficMirrorFilter")
	writeFilter(d, o.made.(*ctl.Filter))
	d.close("trafficMirrorFilter")
}

func writeFilter(d *document, r *ctl.Filter) {
	d.text("trafficMirrorFilterId", r.ID)
	write := func(rule *ctl.Rule) { writeRule(d, r.ID, rule, true) }
	each(d, "ingressFilterRuleSet", rulesOf(r, rules.Ingress), write)
	each(d, "egressFilterRuleSet", rulesOf(r, rules.Egress), write)
	d.open("networkServiceSet")
	for _, service := range r.Services {
		d.text("item", service)
	}
	d.close("networkServiceSet")
	d.maybe("description", r.Description)
	writeTags(d, r.Tags)
}

// rulesOf are the rules of a direction, by ascending number.
func rulesOf(r *ctl.Filter, direction rules.Direction) []*ctl.Rule {
	var some []*ctl.Rule
	for _, rule := range r.Rules {
		if rule.Direction == direction {
			some = append(some, rule)
		}
	}
	return some
}
