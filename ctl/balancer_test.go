package ctl

import (
	"net/netip"
	"testing"

	"mirrorgw/ctl/problem"
)

func TestBalancerAgreement(t *testing.T) {
	members := func(addresses ...string) (list []Member) {
		for _, a := range addresses {
			list = append(list, Member{Address: netip.MustParseAddr(a), Weight: 1})
		}
		return list
	}
	for _, test := range []struct {
		name      string
		b         LoadBalancer
		key, want string
	}{
		{"nothing", LoadBalancer{}, "", ""},
		{"IPv4", LoadBalancer{Members: members("192.0.2.1", "192.0.2.2")}, "", ""},
		{"IPv6", LoadBalancer{Members: members("2001:db8::1", "2001:db8::2")}, "", ""},
		{"both", LoadBalancer{Members: members("2001:db8::1", "192.0.2.2", "192.0.2.3")}, "member",
			`load balancer "b": members 2001:db8::1 and 192.0.2.2 are of different families; make all members IPv4 or all IPv6, and the others a load balancer of their own`},
		{"defaults", LoadBalancer{Health: &HealthCheck{Protocol: "icmp"}}, "", ""},
		{"timeout as the interval", LoadBalancer{Health: &HealthCheck{Protocol: "icmp", IntervalSeconds: 5, TimeoutSeconds: 5}}, "", ""},
		{"short interval", LoadBalancer{Health: &HealthCheck{Protocol: "icmp", IntervalSeconds: 1}}, "", ""},
		{"long timeout", LoadBalancer{Health: &HealthCheck{Protocol: "icmp", IntervalSeconds: 5, TimeoutSeconds: 6}}, "health",
			`load balancer "b": health check timeout 6 is longer than the interval 5; use a timeout of at most 5 seconds`},
		{"longer than the default", LoadBalancer{Health: &HealthCheck{Protocol: "icmp", TimeoutSeconds: 31}}, "health",
			`load balancer "b": health check timeout 31 is longer than the interval 30, the default; use a timeout of at most 30 seconds`},
	} {
		test.b.Common = named("b")
		var problems problem.List
		test.b.Check(&problems)
		if err := problems.Err(); err != nil {
			t.Errorf("%s: by itself: %v", test.name, err)
		}
		test.b.CheckAgreement(&problems)
		err, _ := problems.Err().(*problem.Error)
		switch {
		case err == nil && test.want != "":
			t.Errorf("%s: accepted", test.name)
		case err != nil && (err.Error() != test.want || err.Problems[0].Key != test.key):
			t.Errorf("%s:\ngot  %s (%s)\nwant %s", test.name, err, err.Problems[0].Key, test.want)
		}
	}
}
