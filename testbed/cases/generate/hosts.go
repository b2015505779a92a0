package main

import "mirrorgw/testbed/traffic"

// The network of every case. South of the gateway, behind wire0, are the mirrored hosts; north,
// behind wire1, are a neighbour of the same VPC and a router to everything else.
var (
	web1 = traffic.NewHost("web-1", "02:00:00:00:00:01", "10.0.0.5", "2001:db8:1::5")
	db1  = traffic.NewHost("db-1", "02:00:00:00:00:02", "10.0.0.6", "2001:db8:1::6")
	app1 = traffic.NewHost("app-1", "02:00:00:00:01:07", "10.0.1.7", "2001:db8:1:1::7")

	router   = traffic.NewHost("router", "02:00:00:00:00:fe", "10.0.0.1", "2001:db8:1::1")
	client   = traffic.NewHost("client", "02:00:00:00:00:fe", "198.51.100.20", "2001:db8:99::20")
	resolver = traffic.NewHost("resolver", "02:00:00:00:00:fe", "169.254.169.253", "fd00:ec2::253")
	otherDNS = traffic.NewHost("other DNS server", "02:00:00:00:00:fe", "198.51.100.53")
	metadata = traffic.NewHost("metadata", "02:00:00:00:00:fe", "169.254.169.254", "fd00:ec2::254")
	kms1     = traffic.NewHost("activation 250", "02:00:00:00:00:fe", "169.254.169.250")
	kms2     = traffic.NewHost("activation 251", "02:00:00:00:00:fe", "169.254.169.251")
	timeHost = traffic.NewHost("time", "02:00:00:00:00:fe", "169.254.169.123")
)

// The monitoring appliances, with the MACs of gateway.toml.
const (
	ids           = "192.0.2.10"
	idsMAC        = "02:00:00:00:02:10"
	recorder      = "192.0.2.20"
	recorderMAC   = "02:00:00:00:02:20"
	ids6          = "2001:db8::10"
	ids6MAC       = "02:00:00:00:02:66"
	tunnelAddress = "192.0.2.1"
)

func toIDS(source string, vni uint32) Outer      { return Outer{source, ids, idsMAC, vni} }
func toRecorder(source string, vni uint32) Outer { return Outer{source, recorder, recorderMAC, vni} }

// Pieces of resources.toml that several cases share.
const (
	interfaceWeb1 = `
[[interface]]
name = "web-1"
port = "wire0"
mac = "02:00:00:00:00:01"
addresses = ["10.0.0.5", "2001:db8:1::5"]
`
	interfaceDB1 = `
[[interface]]
name = "db-1"
port = "wire0"
mac = "02:00:00:00:00:02"
addresses = ["10.0.0.6", "2001:db8:1::6"]
`
	targetIDS = `
[[target]]
name = "ids"
address = "192.0.2.10"
`
	targetRecorder = `
[[target]]
name = "recorder"
address = "192.0.2.20"
`
	filterEverything = `
[[filter]]
name = "everything"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
[[filter.rule]]
direction = "egress"
number = 100
action = "accept"
`
	everythingOfWeb1ToIDS = `
[[session]]
name = "web-1-to-ids"
source = "web-1"
target = "ids"
filter = "everything"
number = 1
vni = 100
`
)

// udpFrame is a datagram that makes a whole frame of exactly size bytes over IPv4 (42 of headers).
func udpFrame(from, to traffic.Host, size int) []byte {
	return traffic.From(from).To(to).UDP(5000, 6000).Payload(traffic.Bytes("udp", size-42)).Frame()
}
