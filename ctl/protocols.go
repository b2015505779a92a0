package ctl

import (
	"fmt"
	"strconv"
	"strings"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// protocolNumbers are the protocols that people name: the words of /etc/protocols and of IANA's
// "Protocol Numbers" registry, in lower case.
var protocolNumbers = map[string]int{
	"all": rules.ProtocolAny, "-1": rules.ProtocolAny,
	"hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipip": 4, "ipv4": 4, "st": 5,
	"tcp": rules.ProtocolTCP, "egp": 8, "igp": 9, "pup": 12, "udp": rules.ProtocolUDP,
	"hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36, "ddp": 37,
	"ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
	"skip": 57, "icmpv6": 58, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81,
	"eigrp": 88, "ospf": 89, "ospfigp": 89, "ax.25": 93, "etherip": 97, "encap": 98, "pim": 103,
	"ipcomp": 108, "vrrp": 112, "carp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133,
	"mobility-header": 135, "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140,
	"wesp": 141, "rohc": 142, "ethernet": 143,
}

// ParseProtocol reads a protocol name, a number from 0 to 255, or "all" or "-1" for any.
func ParseProtocol(text string) (int, error) {
	name := strings.ToLower(text)
	if number, ok := protocolNumbers[name]; ok {
		return number, nil
	}
	if number, err := strconv.ParseUint(name, 10, 8); err == nil {
		return int(number), nil
	}
	names := make([]string, 0, len(protocolNumbers))
	for known := range protocolNumbers {
		names = append(names, known)
	}
	if near := tomldoc.Nearest(name, sorted(names)); near != "" && near != "-1" {
		return 0, fmt.Errorf("protocol %q is not known; did you mean %q?", text, near)
	}
	return 0, fmt.Errorf("protocol %q is not known; use a name like tcp, udp, icmp or icmpv6, or a number from 0 to 255", text)
}
