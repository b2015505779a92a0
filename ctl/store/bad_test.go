package store

import (
	"fmt"
	"strings"
	"testing"
)

// TestBadDocuments has one row per rule: what is changed in a good document, and the exact
// sentences that refuse it.
func TestBadDocuments(t *testing.T) {
	const session2 = "\n[[session]]\nname = \"second\"\nsource = \"web-1\"\ntarget = \"ids\"\nfilter = \"web\"\nnumber = 2\n"
	for _, test := range []struct{ name, old, new, want string }{
		{"syntax", `number = 1` + "\nvni", `number == 1` + "\nvni", `resources.toml:39: this is not valid TOML (expected value but found '=' instead); write key = value, [section] or [[section]], with text in double quotes`},
		{"unknown key", `vni = 100`, `vin = 100`, `resources.toml:40: session "web-1-to-ids": unknown key "vin"; did you mean "vni"?`},
		{"unknown section", `[[session]]`, `[[sesion]]`, `resources.toml:34: unknown key "sesion"; did you mean "session"?`},
		{"load balancer section", `[[session]]`, "[[load_balancer]]\nname = \"lb\"\n[[load_balancer.member]]\nweight = 256\n[[session]]", `resources.toml:36: load balancer "lb": a member has no address; give it one like 192.0.2.10`},
		{"no name", `name = "web-1"`, ``, `resources.toml:1: interface 1: name is missing; choose one like "web-1"`},
		{"name", `name = "web-1"`, `name = "web 1"`, `resources.toml:2: interface "web 1": name "web 1" is not allowed; use 1 to 64 letters, digits, dots, underscores and hyphens`},
		{"name like an ID", `name = "ids"`, `name = "tmt-0123456789abcdef0"`, `resources.toml:14: target "tmt-0123456789abcdef0": name "tmt-0123456789abcdef0" has the form of an ID; choose a name that is not one`},
		{"id", `port = "wire0"`, "port = \"wire0\"\nid = \"eni-1\"", `resources.toml:4: interface "web-1": id "eni-1" is not the ID of an interface; write eni- and 17 digits of 0-9a-f, or leave it out to get one`},
		{"account", `port = "wire0"`, "port = \"wire0\"\naccount = \"me\"", `resources.toml:4: interface "web-1": account "me" is not an account number; write 12 digits`},
		{"description", `port = "wire0"`, "port = \"wire0\"\ndescription = \"" + strings.Repeat("x", 256) + `"`, `resources.toml:4: interface "web-1": description has 256 characters; shorten it to at most 255`},
		{"tags", `port = "wire0"`, "port = \"wire0\"\ntags = { " + manyTags(51) + " }", `resources.toml:4: interface "web-1" tags: there are 51 tags; keep at most 50`},
		{"tag key", `port = "wire0"`, "port = \"wire0\"\ntags = { \"aws:x\" = \"1\" }", `resources.toml:4: interface "web-1" tags: tag "aws:x" has a key that is not allowed; use 1 to 128 characters that do not begin with aws:`},
		{"tag value", `port = "wire0"`, "port = \"wire0\"\ntags = { k = 1 }", `resources.toml:4: interface "web-1" tags: k is a whole number, not text; write k = "1"`},
		{"interface twice", `name = "zeek"`, `name = "web-1"`, `resources.toml:8: interface "web-1": the name is taken by interface 1 of the document; choose another`},
		{"id twice", `[[target]]`, "[[interface]]\nname = \"x\"\nid = \"eni-00000000000000000\"\n[[interface]]\nname = \"y\"\nid = \"eni-00000000000000000\"\n[[target]]", `resources.toml:18: interface "y": the id is taken by interface 3 of the document; remove one of the two`},
		{"interface port", `port = "wire0"`, `port = "wire9"`, `resources.toml:3: interface "web-1": port "wire9" is not a configured port; name one of: wire0, wire1, tap0`},
		{"interface on tunnel", `port = "wire0"`, `port = "tun0"`, `resources.toml:3: interface "web-1": port "tun0" is a tunnel port, where no traffic is mirrored; name one of: wire0, wire1, tap0`},
		{"tap without mac", "port = \"wire0\"\nmac = \"02:00:00:00:00:01\"", `port = "tap0"`, `resources.toml:3: interface "web-1": port "tap0" is a tap, where only the MAC address tells the directions apart; add the interface's mac`},
		{"mac", `mac = "02:00:00:00:00:01"`, `mac = "02:00:00:00:00:0g"`, `resources.toml:4: interface "web-1": mac "02:00:00:00:00:0g" is not a MAC address; write six bytes like 02:00:00:00:00:01`},
		{"mac multicast", `mac = "02:00:00:00:00:01"`, `mac = "ff:ff:ff:ff:ff:ff"`, `resources.toml:4: interface "web-1": mac "ff:ff:ff:ff:ff:ff" is a multicast address; write the interface's own address, whose first byte is even`},
		{"mac zero", `mac = "02:00:00:00:00:01"`, `mac = "00:00:00:00:00:00"`, `resources.toml:4: interface "web-1": mac "00:00:00:00:00:00" is the zero address; write the interface's own address`},
		{"vlan", `port = "wire0"`, "port = \"wire0\"\nvlan = 4095", `resources.toml:4: interface "web-1": vlan 4095 is out of range; use a number from 1 to 4094`},
		{"vlan without mac", "port = \"wire0\"\nmac = \"02:00:00:00:00:01\"", "port = \"wire0\"\nvlan = 4", `resources.toml:4: interface "web-1": vlan without mac selects nothing; add the interface's mac or leave vlan out`},
		{"same key", `[[target]]`, "[[interface]]\nname = \"twin\"\nport = \"wire0\"\nmac = \"02-00-00-00-00-01\"\n[[target]]", `resources.toml:15: interface "twin": it has the same port, mac and vlan as interface "web-1"; change or remove one of the two`},
		{"interface address", `["10.0.0.5"]`, `["10.0.0.5/16"]`, `resources.toml:5: interface "web-1": address "10.0.0.5/16" has a prefix length; write 10.0.0.5`},
		{"interface address twice", `["10.0.0.5"]`, `["10.0.0.5", "10.0.0.5"]`, `resources.toml:5: interface "web-1": address 10.0.0.5 is named twice; keep one of the two`},
		{"interface mtu", `port = "wire0"`, "port = \"wire0\"\nmtu = 60", `resources.toml:4: interface "web-1": mtu 60 is out of range; use a number from 68 to 65535`},
		{"monitoring", `port = "wire0"`, "port = \"wire0\"\nmonitoring = \"full\"", `resources.toml:4: interface "web-1": monitoring "full" is not known; use one of: basic, detailed`},
		{"load balancer families", `[[session]]`, "[[load_balancer]]\nname = \"lb\"\nmember = [{address = \"192.0.2.1\"}, {address = \"2001:db8::1\"}]\n[[session]]", `resources.toml:36: load balancer "lb": members 192.0.2.1 and 2001:db8::1 are of different families; make all members IPv4 or all IPv6, and the others a load balancer of their own`},
		{"target nowhere", `address = "192.0.2.10"`, ``, `resources.toml:13: target "ids": the target points nowhere; give it an address, an interface or a load balancer`},
		{"target twice", `address = "192.0.2.10"`, "address = \"192.0.2.10\"\ninterface = \"zeek\"", `resources.toml:13: target "ids": the target has more than one of address, interface and load balancer; keep one`},
		{"load balancer target", `address = "192.0.2.10"`, `load_balancer = "lb"`, `resources.toml:15: target "ids": load balancer "lb" is not known; there is no load balancer yet, so add one`},
		{"target address", `address = "192.0.2.10"`, `address = "ids.example"`, `resources.toml:15: target "ids": address "ids.example" is not an IP address; write one like 192.0.2.1 or 2001:db8::1`},
		{"target interface", `address = "192.0.2.10"`, `interface = "zeke"`, `resources.toml:15: target "ids": interface "zeke" is not known; did you mean "zeek"?`},
		{"target interface without address", "address = \"192.0.2.10\"\nmtu = 1600", "interface = \"bare\"\n[[interface]]\nname = \"bare\"", `resources.toml:15: target "ids": interface "bare" has no address to send to; add addresses to it`},
		{"target is a broadcast address", `address = "192.0.2.10"`, `address = "192.0.2.255"`, `resources.toml:15: target "ids": 192.0.2.255 is the network's or the broadcast address of port "tun0"; name the address of the monitoring appliance`},
		{"target is a network", `address = "192.0.2.10"`, `address = "192.0.2.0"`, `resources.toml:15: target "ids": 192.0.2.0 is the network's or the broadcast address of port "tun0"; name the address of the monitoring appliance`},
		{"target is us", `address = "192.0.2.10"`, `address = "192.0.2.1"`, `resources.toml:15: target "ids": 192.0.2.1 is the address of our own port "tun0"; name the address of the monitoring appliance`},
		{"target unreachable", `address = "192.0.2.10"`, `address = "203.0.113.9"`, `resources.toml:15: target "ids": no route leads to 203.0.113.9; add a [[route]] whose prefix holds it to gateway.toml, or an address of its network to port "tun0"`},
		{"target mtu", `mtu = 1600`, `mtu = 500`, `resources.toml:16: target "ids": mtu 500 is out of range; use a number from 576 to 65535`},
		{"target mtu IPv6", "address = \"192.0.2.10\"\nmtu = 1600", "address = \"2001:db8::5\"\nmtu = 1279", `resources.toml:16: target "ids": mtu 1279 is too small for the IPv6 address 2001:db8::5; use a number from 1280 to 65535`},
		{"service", `["amazon-dns"]`, `["ntp"]`, `resources.toml:20: filter "web": service "ntp" is not known; use "amazon-dns"`},
		{"service twice", `["amazon-dns"]`, `["amazon-dns", "amazon-dns"]`, `resources.toml:20: filter "web": service "amazon-dns" is named twice; keep one of the two`},
		{"no direction", "direction = \"ingress\"\n", ``, `resources.toml:21: filter "web" rule 1: direction is missing; write ingress or egress`},
		{"direction", `direction = "ingress"`, `direction = "inbound"`, `resources.toml:22: filter "web" rule 1: direction "inbound" is not known; use one of: ingress, egress`},
		{"no rule number", "number = 100\naction = \"accept\"", `action = "accept"`, `resources.toml:21: filter "web" rule 1: rule number is missing; use a number from 1 to 32766 such as 100, the lowest is tried first`},
		{"rule number", "number = 100\naction = \"accept\"", "number = 0\naction = \"accept\"", `resources.toml:23: filter "web" rule 1: rule number 0 is out of range; use a number from 1 to 32766`},
		{"rule number twice", `direction = "egress"`, `direction = "ingress"`, `resources.toml:31: filter "web" ingress rule 100: the number is taken in this direction by rule 1 of the filter; choose another`},
		{"no action", "action = \"accept\"\n", ``, `resources.toml:21: filter "web" ingress rule 100: action is missing; write accept or reject`},
		{"action", `action = "accept"`, `action = "allow"`, `resources.toml:24: filter "web" ingress rule 100: action "allow" is not known; use one of: accept, reject`},
		{"rule id", `action = "accept"`, "action = \"accept\"\nid = \"tmf-1\"", `resources.toml:25: filter "web" ingress rule 100: id "tmf-1" is not the ID of a rule; write tmfr- and 17 digits of 0-9a-f, or leave it out to get one`},
		{"protocol", `protocol = "tcp"`, `protocol = "tpc"`, `resources.toml:25: filter "web" ingress rule 100: protocol "tpc" is not known; did you mean "tcp"?`},
		{"protocol unknown", `protocol = "tcp"`, `protocol = "quic3"`, `resources.toml:25: filter "web" ingress rule 100: protocol "quic3" is not known; use a name like tcp, udp, icmp or icmpv6, or a number from 0 to 255`},
		{"protocol number", `protocol = "tcp"`, `protocol = 256`, `resources.toml:25: filter "web" ingress rule 100: protocol "256" is not known; use a name like tcp, udp, icmp or icmpv6, or a number from 0 to 255`},
		{"ports without protocol", "protocol = \"tcp\"\n", ``, `resources.toml:27: filter "web" ingress rule 100: destination ports need protocol tcp or udp; set one of them or leave the ports out`},
		{"ports of icmp", `protocol = "tcp"`, `protocol = "icmp"`, `resources.toml:28: filter "web" ingress rule 100: destination ports need protocol tcp or udp; set one of them or leave the ports out`},
		{"ports", `"80-443"`, `"http"`, `resources.toml:28: filter "web" ingress rule 100: destination_ports "http" is not a port range; write one like "80" or "80-443", from 0 to 65535`},
		{"ports too large", `"80-443"`, `70000`, `resources.toml:28: filter "web" ingress rule 100: destination_ports "70000" is not a port range; write one like "80" or "80-443", from 0 to 65535`},
		{"ports backwards", `"80-443"`, `"443-80"`, `resources.toml:28: filter "web" ingress rule 100: destination ports 443-80 run backwards; write 80-443`},
		{"ports list", `"80-443"`, `[80, 443]`, `resources.toml:28: filter "web" ingress rule 100: destination_ports is a list, not text or a whole number; write a value in double quotes`},
		{"bare address", `"10.0.0.0/16"`, `"10.0.0.5"`, `resources.toml:27: filter "web" ingress rule 100: destination "10.0.0.5" has no prefix length; write 10.0.0.5/32 for this one address`},
		{"bare IPv6 address", `"10.0.0.0/16"`, `"fd00::5"`, `resources.toml:27: filter "web" ingress rule 100: destination "fd00::5" has no prefix length; write fd00::5/128 for this one address`},
		{"host bits", `"10.0.0.0/16"`, `"10.0.0.5/16"`, `resources.toml:27: filter "web" ingress rule 100: destination "10.0.0.5/16" has bits set behind the prefix; write 10.0.0.0/16`},
		{"cidr", `"10.0.0.0/16"`, `"10.0.0.0/33"`, `resources.toml:27: filter "web" ingress rule 100: destination "10.0.0.0/33" is not a CIDR block; write one like 10.0.0.0/16 or 2001:db8::/32`},
		{"mixed families", `"10.0.0.0/16"`, `"fd00::/8"`, `resources.toml:27: filter "web" ingress rule 100: source 0.0.0.0/0 is IPv4 and destination fd00::/8 is IPv6; use two IPv4 or two IPv6 blocks`},
		{"too many rules", `[[session]]`, manyRules(9) + `[[session]]`, `resources.toml:18: filter "web": the filter has 11 rules, more than the 10 allowed by rules_per_filter; remove some or raise [quotas] rules_per_filter in gateway.toml`},
		{"session source", `source = "web-1"`, `source = "web-2"`, `resources.toml:36: session "web-1-to-ids": source "web-2" names no interface; did you mean "web-1"?`},
		{"session target", `target = "ids"`, `target = "nowhere"`, `resources.toml:37: session "web-1-to-ids": target "nowhere" names no target; name one of: ids`},
		{"session filter", `filter = "web"`, `filter = "tmf-0123456789abcdef0"`, `resources.toml:38: session "web-1-to-ids": filter "tmf-0123456789abcdef0" names no filter; name one of: web`},
		{"session number", "number = 1\n", "number = 32767\n", `resources.toml:39: session "web-1-to-ids": session number 32767 is out of range; use a number from 1 to 32766`},
		{"no session number", "number = 1\n", "", `resources.toml:34: session "web-1-to-ids": session number is missing; use a number from 1 to 32766 such as 1, the lowest is tried first`},
		{"vni", "vni = 100", "vni = 0", `resources.toml:40: session "web-1-to-ids": VNI 0 is out of range; use a number from 1 to 16777215`},
		{"vni too large", "vni = 100", "vni = 16777216", `resources.toml:40: session "web-1-to-ids": VNI 16777216 is out of range; use a number from 1 to 16777215`},
		{"packet length", "packet_length = 128", "packet_length = 0", `resources.toml:41: session "web-1-to-ids": packet length 0 is out of range; use a number from 1 to 65535`},
		{"session number twice", "[[session]]", strings.Replace(session2, "number = 2", "number = 1", 1) + "[[session]]", `resources.toml:46: session "web-1-to-ids": session number 1 is taken on source "web-1" by session "second"; choose another`},
		{"session name twice", "[[session]]", strings.Replace(session2, "second", "web-1-to-ids", 1) + "[[session]]", `resources.toml:42: session "web-1-to-ids": the name is taken by session 1 of the document; choose another`},
		{"too many sessions", "[[session]]", manySessions(3) + "[[session]]", `resources.toml:54: session "web-1-to-ids": source "web-1" has more than the 3 sessions allowed by sessions_per_source; remove some or raise [quotas] sessions_per_source in gateway.toml`},
		{"source without port", "port = \"wire0\"\n", "", `resources.toml:35: session "web-1-to-ids": interface "web-1" is on no port, so it cannot be a source; add port and mac to it`},
		{"source and target", `address = "192.0.2.10"`, `interface = "web-1"`, `resources.toml:15: target "ids": no route leads to 10.0.0.5; add a [[route]] whose prefix holds it to gateway.toml, or an address of its network to port "tun0"`},
		{"source and target by address", `["10.0.0.5"]`, `["192.0.2.20"]` + "\n[[target]]\nname = \"self\"\naddress = \"192.0.2.20\"", `resources.toml:39: session "web-1-to-ids": interface "web-1" is a source here and the target "self" too; mirror another interface or send to another one`},
		{"too many sources", `address = "192.0.2.10"`, "interface = \"zeek\"\n" + manySources(10), `resources.toml:141: session "web-1-to-ids": interface "zeek" is the target of more than the 10 sources allowed by sources_per_target; remove some or raise [quotas] sources_per_target in gateway.toml`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := build(t, gateway, edited(t, good, test.old, test.new))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestBadTogether has what is wrong only in view of another gateway.toml.
func TestBadTogether(t *testing.T) {
	onlyIPv4 := edited(t, gateway, `"192.0.2.1/24", "2001:db8::1/64"`, `"192.0.2.1/24"`) +
		"[[neighbor]]\naddress = \"2001:db8:9::9\"\nmac = \"02:00:00:00:00:09\"\n"
	twoTunnels := gateway + "[[port]]\nname = \"tun1\"\ndevice = \"net_null4\"\nrole = \"tunnel\"\naddresses = [\"203.0.113.1/24\"]\n"
	noTunnel := gateway[:strings.Index(gateway, "[[port]]\nname = \"tun0\"")]
	small := edited(t, edited(t, gateway, "mtu = 9001", "mtu = 1000"), `, "2001:db8::1/64"`, "") +
		"[[neighbor]]\naddress = \"2001:db8::5\"\nmac = \"02:00:00:00:00:05\"\n"
	for _, test := range []struct{ name, gateway, old, new, want string }{
		{"no IPv6 to send from", onlyIPv4, `address = "192.0.2.10"`, `address = "2001:db8:9::9"`, `resources.toml:37: session "web-1-to-ids": target "ids" is reached over IPv6 but port "tun0" has no IPv6 address to send from; add one to its addresses`},
		{"neighbour names no port", twoTunnels, `address = "192.0.2.10"`, `address = "198.51.100.7"`, `resources.toml:15: target "ids": 198.51.100.7 is in no tunnel port's network and its neighbor names no port; add port = "tun0" to the [[neighbor]] in gateway.toml`},
		{"no tunnel port", noTunnel, `mtu = 1600`, ``, `resources.toml:15: target "ids": there is no tunnel port to send copies to 192.0.2.10; add a [[port]] with role = "tunnel" to gateway.toml`},
		{"IPv6 over a small port", small, "address = \"192.0.2.10\"\nmtu = 1600", `address = "2001:db8::5"`, `resources.toml:15: target "ids": port "tun0" has mtu 1000 and IPv6 needs 1280; raise it or use an IPv4 address`},
		{"sessions quota", gateway + "[quotas]\nsessions_per_account = 1\n", `[[session]]`, manySessions(1) + `[[session]]`, `resources.toml:40: session "web-1-to-ids": account 000000000000 has more than the 1 allowed by sessions_per_account; remove some or raise [quotas] sessions_per_account in gateway.toml`},
		{"targets quota", gateway + "[quotas]\ntargets_per_account = 1\n", `[[target]]`, "[[target]]\nname = \"t\"\naddress = \"198.51.100.7\"\n[[target]]", `resources.toml:16: target "ids": account 000000000000 has more than the 1 allowed by targets_per_account; remove some or raise [quotas] targets_per_account in gateway.toml`},
		{"filters quota", gateway + "[quotas]\nfilters_per_account = 1\n", `[[session]]`, "[[filter]]\nname = \"g\"\n[[session]]", `resources.toml:34: filter "g": account 000000000000 has more than the 1 allowed by filters_per_account; remove some or raise [quotas] filters_per_account in gateway.toml`},
		{"dedicated quota", gateway + "[quotas]\nsources_per_target_dedicated = 5\n", "instance = \"i-1\"\n\n[[target]]\nname = \"ids\"\naddress = \"192.0.2.10\"",
			"instance = \"i-1\"\ninstance_type = \"m5.metal\"\n[[target]]\nname = \"ids\"\ninterface = \"zeek\"\n" + manySources(5), `resources.toml:91: session "web-1-to-ids": interface "zeek" is the target of more than the 5 sources allowed by sources_per_target_dedicated; remove some or raise [quotas] sources_per_target_dedicated in gateway.toml`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := build(t, test.gateway, edited(t, good, test.old, test.new))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func manyTags(n int) string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprintf(`k%d = ""`, i)
	}
	return strings.Join(tags, ", ")
}

func manyRules(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "[[filter.rule]]\ndirection = \"ingress\"\nnumber = %d\naction = \"accept\"\n", i+1)
	}
	return text.String()
}

func manySessions(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "[[session]]\nname = \"s%d\"\nsource = \"web-1\"\ntarget = \"ids\"\nfilter = \"web\"\nnumber = %d\n", i, i+10)
	}
	return text.String()
}

// manySources adds interfaces with one session each, so that target ids has n sources more.
func manySources(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "[[interface]]\nname = \"src-%d\"\nport = \"wire1\"\nmac = \"02:00:00:00:01:%02x\"\n", i, i)
		fmt.Fprintf(&text, "[[session]]\nname = \"from-%d\"\nsource = \"src-%d\"\ntarget = \"ids\"\nfilter = \"web\"\nnumber = 1\n", i, i)
	}
	return text.String() + "[[target]]\nname = \"spare\"\naddress = \"198.51.100.7\"\n"
}
