package server

import (
	"strings"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/store"
)

// Problems name keys as a TOML document spells them; the API answers with the names of its
// fields. commonFields are those of every kind, fieldNames what each kind has besides.
var commonFields = map[string]string{
	"name":        "name",
	"account":     "ownerId",
	"description": "description",
	"tags":        "tags",
}

var fieldNames = map[store.Kind]map[string]string{
	store.KindInterface: {
		"id": "networkInterfaceId", "port": "port", "mac": "macAddress", "vlan": "vlan", "addresses": "ipAddresses",
		"mtu": "mtu", "zone": "availabilityZone", "instance": "instanceId", "image": "imageId",
		"instance_type": "instanceType", "autoscaling_group": "autoScalingGroup", "monitoring": "monitoring",
	},
	store.KindTarget: {
		"id": "trafficMirrorTargetId", "address": "ipAddress", "interface": "networkInterfaceId",
		"load_balancer": "loadBalancerId", "mtu": "mtu", "rate_limit_pps": "rateLimitPps", "rate_limit_bps": "rateLimitBps",
	},
	store.KindFilter: {
		"id": "trafficMirrorFilterId", "services": "networkServices", "rule": "ingressFilterRules",
	},
	store.KindRule: {
		"id": "trafficMirrorFilterRuleId", "filter": "trafficMirrorFilterId", "direction": "trafficDirection",
		"number": "ruleNumber", "action": "ruleAction", "protocol": "protocol", "source": "sourceCidrBlock",
		"destination": "destinationCidrBlock", "source_ports": "sourcePortRange",
		"destination_ports": "destinationPortRange",
	},
	store.KindSession: {
		"id": "trafficMirrorSessionId", "source": "networkInterfaceId", "target": "trafficMirrorTargetId",
		"filter": "trafficMirrorFilterId", "number": "sessionNumber", "vni": "virtualNetworkId",
		"packet_length": "packetLength", "sample_one_in": "sampleOneIn", "rate_limit_pps": "rateLimitPps", "rate_limit_bps": "rateLimitBps",
		"inactive": "inactive",
	},
	store.KindShare: {
		"id": "resourceShareId", "title": "title", "allow_external": "allowExternalPrincipals", "targets": "trafficMirrorTargetIds",
		"principal": "principals",
	},
	store.KindLoadBalancer: {
		"id": "loadBalancerId", "cross_zone": "crossZone", "listeners": "listeners", "health": "health", "member": "members",
	},
}

// fieldOf is the JSON name of the field that a problem is about, or nothing. A problem with a
// place in a file keeps the spelling of the file.
func fieldOf(kind store.Kind, p problem.Problem) string {
	if p.Key == "" || p.File != "" {
		return p.Key
	}
	if about := kindOfSubject(p.Subject); fieldNames[about] != nil {
		kind = about // a rule in the request of a filter
	}
	if name, ok := fieldNames[kind][p.Key]; ok {
		return name
	}
	if name, ok := commonFields[p.Key]; ok {
		return name
	}
	if strings.HasSuffix(p.Subject, " tags") {
		return "tags." + p.Key
	}
	return p.Key
}
