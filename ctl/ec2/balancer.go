package ec2

import (
	"regexp"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// balancerForm is the ARN of a load balancer: region, account, name, and what of its identifier
// comes after the prefix.
var balancerForm = regexp.MustCompile(`^arn:aws:elasticloadbalancing:[a-z0-9-]*:[0-9]{12}:loadbalancer/net/[A-Za-z0-9._-]+/([0-9a-f]+)$`)

// balancerARN is the name of a load balancer in requests and answers.
func balancerARN(region string, b *ctl.LoadBalancer) string {
	return strings.Join([]string{"arn:aws:elasticloadbalancing", region, b.Account,
		"loadbalancer/net/" + b.Name + "/" + strings.TrimPrefix(b.ID, ctl.PrefixLoadBalancer)}, ":")
}

// findBalancer finds a load balancer of the account that no target has yet.
func findBalancer(v *viewer, arn string) (*ctl.LoadBalancer, error) {
	parts := balancerForm.FindStringSubmatch(arn)
	if parts == nil {
		return nil, invalid("InvalidNetworkLoadBalancerArn.Malformed", "%s is not the ARN of a network load balancer", quoted(arn))
	}
	b, ok := v.LoadBalancer(v.account, ctl.PrefixLoadBalancer+parts[1])
	if !ok || b.Account != v.account || balancerARN(v.region, b) != arn {
		return nil, invalid("InvalidNetworkLoadBalancerArn.NotFound", "The network load balancer %s does not exist", quoted(arn))
	}
	for _, t := range v.Targets() {
		if t.LoadBalancer == b.ID {
			return nil, invalid("NlbInUseByTrafficMirrorTargetException", "The network load balancer %s is already configured as the traffic mirror target %s", quoted(arn), t.ID)
		}
	}
	return b, nil
}

// noEndpoint refuses a Gateway Load Balancer endpoint: a gateway has none.
func noEndpoint(id string) error {
	digits, ok := strings.CutPrefix(id, "vpce-")
	if !ok || len(digits) != 8 && len(digits) != 17 || strings.Trim(digits, "0123456789abcdef") != "" {
		return invalid("InvalidVpcEndpointId.Malformed", "Invalid Id: %s (expecting vpce- and 17 digits of 0-9a-f)", quoted(id))
	}
	return invalid("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id %s does not exist", quoted(id))
}

// isBalanced reports whether copies to a target go through a load balancer.
func isBalanced(v *store.View, target string) bool {
	t, ok := v.Target("", target)
	return ok && t.LoadBalancer != ""
}
