package console

import (
	"strings"

	"mirrorgw/ctl/api"
)

// balancerFields are those of a load balancer but for its members.
func (v *visit) balancerFields() ([]field, error) {
	return append(commonFields("Unique among the load balancers of the account."),
		field{Name: "ports", Label: "Listeners", Kind: kindList, Value: "4789", Hint: "UDP ports, with blanks between them. Copies go to 4789."},
		field{Name: "crossZone", Label: "Across zones", Kind: kindCheck, Hint: "Sources of a zone are served by members of all zones."},
		field{Name: "protocol", Label: "Health check", Kind: kindChoice, Required: true, Options: []option{{"", "none: members are not probed"}, {"icmp", "icmp"}, {"tcp", "tcp"}, {"http", "http"}}},
		field{Name: "port", Label: "Port of the health check", Kind: kindNumber, Hint: "For tcp and http."},
		field{Name: "path", Label: "Path of the health check", Hint: "For http, such as /health."},
		field{Name: "intervalSeconds", Label: "Interval", Kind: kindNumber, Hint: "Seconds between two probes. Empty: the default."},
		field{Name: "timeoutSeconds", Label: "Timeout", Kind: kindNumber, Hint: "Seconds to wait for an answer, at most the interval. Empty: the default."},
		field{Name: "healthyThreshold", Label: "Healthy after", Kind: kindNumber, Hint: "Good probes in a row. Empty: the default."},
		field{Name: "unhealthyThreshold", Label: "Unhealthy after", Kind: kindNumber, Hint: "Failed probes in a row. Empty: the default."},
	), nil
}

// healthFields are those that the API has in an object of its own.
var healthFields = []string{"protocol", "port", "path", "intervalSeconds", "timeoutSeconds", "healthyThreshold", "unhealthyThreshold"}

func balancerGroups() []*rowEditor {
	return []*rowEditor{{Name: "members", Legend: "Members", Noun: "member", Columns: []field{
		{Name: "address", Label: "Address", Required: true, Hint: "All IPv4, or all IPv6."},
		{Name: "availabilityZone", Label: "Zone", Hint: "Empty: it belongs to all zones."},
		{Name: "weight", Label: "Weight", Kind: kindNumber, Hint: "0 to 255, its share of the flows. Empty: 1."},
		{Name: "draining", Label: "Draining", Kind: kindChoice, Required: true, Options: []option{{"", "no"}, {"true", "yes: no flows, but probed"}}},
	}}}
}

func balancerTexts(_ *visit, w *api.LoadBalancer) map[string]string {
	texts := commonTexts(&w.Common)
	var ports []string
	for _, l := range w.Listeners {
		ports = append(ports, digits(l.Port))
	}
	texts["ports"] = strings.Join(ports, " ")
	if w.CrossZone {
		texts["crossZone"] = "true"
	}
	if h := w.Health; h != nil {
		texts["protocol"], texts["port"], texts["path"] = h.Protocol, digits(h.Port), h.Path
		texts["intervalSeconds"], texts["timeoutSeconds"] = digits(h.IntervalSeconds), digits(h.TimeoutSeconds)
		texts["healthyThreshold"], texts["unhealthyThreshold"] = digits(h.HealthyThreshold), digits(h.UnhealthyThreshold)
	}
	members := balancerGroups()[0]
	for _, m := range w.Members {
		weight, draining := "", ""
		if m.Weight != nil {
			weight = digitsOf(*m.Weight)
		}
		if m.Draining {
			draining = "true"
		}
		members.Rows = append(members.Rows, []string{m.Address, m.AvailabilityZone, weight, draining})
	}
	texts["members"] = members.text()
	return texts
}

// balancerBody makes of the fields the objects of the API.
func balancerBody(f *form) map[string]any {
	body, health := f.body(), map[string]any{}
	for _, name := range healthFields {
		if value, has := body[name]; has {
			health[name] = value
		}
		delete(body, name)
	}
	if len(health) > 0 {
		body["health"] = health
	}
	if ports, has := body["ports"].([]string); has {
		var listeners []any
		for _, port := range ports {
			one := field{Kind: kindNumber, Value: port}
			listeners = append(listeners, map[string]any{"protocol": "udp", "port": one.json()})
		}
		body["listeners"] = listeners
	}
	delete(body, "ports")
	members := f.group("members").bodies()
	for _, member := range members {
		if member["draining"] == "true" {
			member["draining"] = true
		}
	}
	if len(members) > 0 {
		body["members"] = members
	}
	return body
}
