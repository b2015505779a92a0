package console

import (
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// interfaces are sources, and what targets point at.
var interfaces = &resource[api.NetworkInterface]{
	path: "/interfaces", api: api.PathInterfaces, title: "Network interfaces", one: "network interface", many: "network interfaces",
	collection: (*client.Client).Interfaces,
	id:         func(w *api.NetworkInterface) string { return w.NetworkInterfaceID },
	common:     func(w *api.NetworkInterface) *api.Common { return &w.Common },
	columns: []column[api.NetworkInterface]{
		{"Name", "name", func(_ *look, w *api.NetworkInterface) cell {
			return cell{Text: w.Name, Path: "/interfaces/" + w.NetworkInterfaceID}
		}},
		{"Identifier", "networkInterfaceId", func(_ *look, w *api.NetworkInterface) cell {
			return cell{Text: w.NetworkInterfaceID, Code: true}
		}},
		{"Port", "port", func(_ *look, w *api.NetworkInterface) cell { return cell{Text: w.Port} }},
		{"MAC address", "macAddress", func(_ *look, w *api.NetworkInterface) cell { return cell{Text: w.MACAddress, Code: true} }},
		{"VLAN", "vlan", func(_ *look, w *api.NetworkInterface) cell { return cell{Text: digits(w.VLAN)} }},
		{"IP addresses", "ipAddresses", func(_ *look, w *api.NetworkInterface) cell {
			return cell{Text: strings.Join(w.IPAddresses, " "), Code: true}
		}},
		{"Instance", "instanceId", func(_ *look, w *api.NetworkInterface) cell { return cell{Text: w.InstanceID, Code: true} }},
		{"Description", "description", func(_ *look, w *api.NetworkInterface) cell { return cell{Text: w.Description} }},
	},
	fields: (*visit).interfaceFields, texts: interfaceTexts, sections: interfaceSections,
}

func (v *visit) interfaceFields() ([]field, error) {
	ports, err := v.ports(func(p *api.Port) bool { return p.Role != "tunnel" })
	if err != nil {
		return nil, err
	}
	return append(commonFields("Unique among the interfaces of the account."),
		field{Name: "port", Label: "Port", Kind: kindSuggest, Options: ports, Hint: "The wire or tap port that its traffic is on. Empty: it cannot be a source, only a target."},
		field{Name: "macAddress", Label: "MAC address", Autocomplete: "off", Hint: "Such as 02:00:00:00:00:01. Empty: everything on the port is its traffic."},
		field{Name: "vlan", Label: "VLAN", Kind: kindNumber, Hint: "Of the outer tag, 1 to 4094. Empty: any tag or none."},
		field{Name: "ipAddresses", Label: "IP addresses", Kind: kindList, Autocomplete: "off", Hint: "With blanks between them, the primary one first."},
		field{Name: "mtu", Label: "MTU", Kind: kindNumber, Hint: "Bytes of an IP packet. Empty: 1500."},
		field{Name: "availabilityZone", Label: "Zone", Hint: "Which members of a load balancer get its copies. Empty: that of the gateway."},
		field{Name: "instanceId", Label: "Instance", Hint: "The machine that it belongs to, for metrics and quotas."},
		field{Name: "instanceType", Label: "Instance type", Hint: "For metrics and quotas."},
		field{Name: "imageId", Label: "Image", Hint: "What the machine was made from, for metrics."},
		field{Name: "autoScalingGroup", Label: "Auto Scaling group", Hint: "For metrics."},
		field{Name: "monitoring", Label: "Monitoring", Hint: "How often its metrics have a point.", Kind: kindChoice, Required: true, Options: []option{{"basic", "Basic: every five minutes"}, {"detailed", "Detailed: every minute"}}},
	), nil
}

// ports are those that fit, as far as the user may know, with their roles for labels.
func (v *visit) ports(fit func(*api.Port) bool) (options []option, err error) {
	if !v.may("GET", api.PathState) {
		return nil, nil
	}
	state, err := v.api.State(v.ctx)
	if err != nil {
		return nil, err
	}
	for i := range state.Ports {
		if p := &state.Ports[i]; fit(p) {
			options = append(options, option{p.Name, p.Role})
		}
	}
	return options, nil
}

func interfaceTexts(_ *visit, w *api.NetworkInterface) map[string]string {
	texts := commonTexts(&w.Common)
	for name, text := range map[string]string{"port": w.Port, "macAddress": w.MACAddress, "vlan": digits(w.VLAN), "ipAddresses": strings.Join(w.IPAddresses, " "),
		"mtu": digits(w.MTU), "availabilityZone": w.AvailabilityZone, "instanceId": w.InstanceID, "instanceType": w.InstanceType, "imageId": w.ImageID,
		"autoScalingGroup": w.AutoScalingGroup, "monitoring": w.Monitoring} {
		texts[name] = text
	}
	return texts
}

func interfaceSections(v *visit, w *api.NetworkInterface) ([]section, error) {
	facts := append(commonFacts(w.NetworkInterfaceID, &w.Common),
		fact{"Port", cell{Text: dash(w.Port)}}, fact{"MAC address", cell{Text: dash(w.MACAddress), Code: w.MACAddress != ""}},
		fact{"VLAN", cell{Text: number(w.VLAN, "any tag or none", "")}}, fact{"IP addresses", cell{Text: dash(strings.Join(w.IPAddresses, " ")), Code: len(w.IPAddresses) > 0}},
		fact{"MTU", cell{Text: number(w.MTU, "–", "bytes")}}, fact{"Zone", cell{Text: dash(w.AvailabilityZone)}},
		fact{"Instance", cell{Text: dash(w.InstanceID)}}, fact{"Instance type", cell{Text: dash(w.InstanceType)}}, fact{"Image", cell{Text: dash(w.ImageID)}},
		fact{"Auto Scaling group", cell{Text: dash(w.AutoScalingGroup)}}, fact{"Monitoring", cell{Text: dash(w.Monitoring)}})
	sections := []section{{ID: "details", Heading: "Details", Facts: facts}}
	sessions, err := v.sessionsOf("networkInterfaceId", w.NetworkInterfaceID)
	if err != nil {
		return nil, err
	}
	if len(sessions) > 0 && w.Port != "" && v.may("POST", api.PathSessions) {
		sessions[0].Action = &action{Label: "Mirror it", Path: "/sessions/new" + v.forOwner(&w.Common, "networkInterfaceId", w.NetworkInterfaceID)}
	}
	return append(sections, sessions...), nil
}
