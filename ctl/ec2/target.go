package ec2

import (
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

var targetActions = []action{
	{
		name: "CreateTrafficMirrorTarget", about: targetResource, creates: true,
		fields: []field{id("NetworkInterfaceId"), id("NetworkLoadBalancerArn"), id("GatewayLoadBalancerEndpointId"),
			descriptionField, tagSpecificationField, clientTokenField},
		check: pointsOnce, on: targetPointsAt, change: createTarget, write: writeTargetOutcome,
	},
	{
		name: "DeleteTrafficMirrorTarget", about: targetResource,
		fields: []field{must(id("TrafficMirrorTargetId"))},
		on:     named(targets, "TrafficMirrorTargetId"), change: remove, write: writeID("trafficMirrorTargetId"),
	},
	{
		name:     "DescribeTrafficMirrorTargets",
		fields:   describing(list("TrafficMirrorTargetId", maxIDs, id(""))),
		describe: func(x *request) ([]byte, error) { return describe(x, targets) },
	},
}

// shownTarget is a target with what its record does not have.
type shownTarget struct {
	*ctl.Target
	balancer string // ARN of its load balancer
}

// targets are those of the account, and those shared with it.
var targets = &kind[shownTarget]{
	resource: targetResource, set: "trafficMirrorTargetSet", ids: "TrafficMirrorTargetId",
	find: func(v *viewer, ref string) (shownTarget, bool) {
		r, ok := v.Target(v.account, ref)
		if !ok || !v.MaySee(v.account, r) {
			return shownTarget{}, false
		}
		return showTarget(v, r), true
	},
	all: func(v *viewer, after string, yield func(shownTarget)) {
		for _, r := range v.Targets() {
			if r.ID > after && v.MaySee(v.account, r) {
				yield(showTarget(v, r))
			}
		}
	},
	key:   func(r shownTarget) string { return r.ID },
	owner: func(r shownTarget) string { return r.Account },
	tags:  func(r shownTarget) map[string]string { return r.Tags },
	write: writeTarget,
	attributes: map[string]func(shownTarget) []string{
		"description":               func(r shownTarget) []string { return some(r.Description) },
		"network-interface-id":      func(r shownTarget) []string { return some(r.Interface) },
		"network-load-balancer-arn": func(r shownTarget) []string { return some(r.balancer) },
		"owner-id":                  func(r shownTarget) []string { return some(r.Account) },
		"traffic-mirror-target-id":  func(r shownTarget) []string { return some(r.ID) },
	},
}

func showTarget(v *viewer, r *ctl.Target) shownTarget {
	shown := shownTarget{Target: r}
	if r.Account != v.account && r.Tags != nil { // they are the owner's alone
		bare := *r
		bare.Tags = nil
		shown.Target = &bare
	}
	if r.LoadBalancer != "" {
		if b, ok := v.LoadBalancer(r.Account, r.LoadBalancer); ok {
			shown.balancer = balancerARN(v.region, b)
		}
	}
	return shown
}

// targetPointsAt finds the interface of a new target, if it is to have one. Load balancers are not
// resources of EC2, so that no permission is asked for them.
func targetPointsAt(x *request, v *viewer) []subject {
	if !x.in.has("NetworkInterfaceId") {
		return nil
	}
	return []subject{interfaces.seek(v, x.in.str("NetworkInterfaceId"))}
}

// pointsOnce: a target points at exactly one thing.
func pointsOnce(x *request) error {
	switch given := x.given("NetworkInterfaceId", "NetworkLoadBalancerArn", "GatewayLoadBalancerEndpointId"); len(given) {
	case 0:
		return missing("NetworkInterfaceId")
	case 1:
		return nil
	default:
		return invalid("InvalidParameterCombination", "The parameters %s and %s cannot be used together", given[0], given[1])
	}
}

func createTarget(x *request, tx *store.Tx, on []subject) (any, error) {
	r := &ctl.Target{Common: x.common()}
	switch {
	case x.in.has("GatewayLoadBalancerEndpointId"):
		return nil, noEndpoint(x.in.str("GatewayLoadBalancerEndpointId"))
	case x.in.has("NetworkLoadBalancerArn"):
		b, err := findBalancer(x.viewer(&tx.View), x.in.str("NetworkLoadBalancerArn"))
		if err != nil {
			return nil, err
		}
		r.LoadBalancer = b.ID
	default:
		e := one[*ctl.Interface](&on[0])
		if len(e.Addresses) == 0 {
			return nil, invalid("NetworkInterfaceNotSupported", "The network interface %s has no private IP address to send to", e.ID)
		}
		r.Interface = e.ID
	}
	return r, tx.PutTarget(r)
}

// given lists those of some parameters that were sent.
func (x *request) given(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !x.in.has(name) })
}

func writeTargetOutcome(x *request, d *document, o *outcome) {
	var shown shownTarget
	o.view(func(v *viewer) { shown = showTarget(v, o.made.(*ctl.Target)) })
	d.open("trafficMirrorTarget")
	writeTarget(d, shown)
	d.close("trafficMirrorTarget")
	d.maybe("clientToken", x.in.str("ClientToken"))
}

func writeTarget(d *document, r shownTarget) {
	d.text("trafficMirrorTargetId", r.ID)
	d.maybe("networkInterfaceId", r.Interface)
	d.maybe("networkLoadBalancerArn", r.balancer)
	if r.LoadBalancer != "" {
		d.text("type", "network-load-balancer")
	} else { // a target by address has a network interface of its own that nobody sees
		d.text("type", "network-interface")
	}
	d.maybe("description", r.Description)
	d.text("ownerId", r.Account)
	writeTags(d, r.Tags)
}
