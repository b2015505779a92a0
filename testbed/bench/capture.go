package main

import (
	"fmt"
	"net/netip"

	"mirrorgw/testbed/traffic"
)

const headers = 14 + 20 + 8 // Ethernet, IPv4 and UDP, bytes

var (
	webServer = traffic.NewHost("web-1", "02:00:00:00:00:01", "10.0.0.5")
	router    = traffic.NewHost("router", "02:00:00:00:0f:01", "10.9.0.1")
)

// udpFlows is one UDP datagram of each flow from web-1, length bytes of frame each. The ports are
// none that is never mirrored.
func udpFlows(length int) func() [][]byte {
	return func() (frames [][]byte) {
		payload := make([]byte, length-headers)
		for i := range flows {
			frames = append(frames, traffic.From(webServer).To(receiver(i)).UDP(uint16(20000+i), 5000).Payload(payload).Frame())
		}
		return frames
	}
}

// receiver is where the i-th flow goes, through the router.
func receiver(i int) traffic.Host {
	to := router
	to.IPv4 = netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(1 + i%250)})
	return to
}

// vlanFlows are udpFlows with a VLAN tag, 4 bytes longer.
func vlanFlows() (frames [][]byte) {
	payload := make([]byte, short-headers)
	for i := range flows {
		frames = append(frames, traffic.From(webServer).To(receiver(i)).VLAN(100).UDP(uint16(20000+i), 5000).Payload(payload).Frame())
	}
	return frames
}

// ipv6Flows are the shortest UDP datagrams over IPv6, with two bytes of payload.
func ipv6Flows() (frames [][]byte) {
	from := traffic.NewHost("web-1", webServer.MAC.String(), "2001:db8::5")
	for i := range flows {
		to := traffic.NewHost("router", router.MAC.String(), fmt.Sprintf("2001:db8:9::%x", i+1))
		frames = append(frames, traffic.From(from).To(to).OverIPv6().UDP(uint16(20000+i), 5000).Payload(make([]byte, 2)).Frame())
	}
	return frames
}

// Destination ports in shareFlows.
const (
	sharedPort   = 5000
	unsharedPort = 6000
)

// shareFlows is a thousand of udpFlows, of which percent of every hundred go to sharedPort, evenly spread.
func shareFlows(percent int) func() [][]byte {
	return func() (frames [][]byte) {
		payload := make([]byte, short-headers)
		for i := range 1000 {
			port := uint16(unsharedPort)
			if i*percent/100 != (i+1)*percent/100 {
				port = sharedPort
			}
			frames = append(frames, traffic.From(webServer).To(receiver(i)).UDP(uint16(20000+i), port).Payload(payload).Frame())
		}
		return frames
	}
}

// manyFlows is one short frame of each of n UDP conversations: up to 65,536 receivers of 16 each.
func manyFlows(n int) func() [][]byte {
	return func() [][]byte {
		payload, frames := make([]byte, short-headers), make([][]byte, n)
		for i := range frames {
			to := router
			to.IPv4 = netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)})
			frames[i] = traffic.From(webServer).To(to).UDP(uint16(20000+i>>16), 5000).Payload(payload).Frame()
		}
		return frames
	}
}

// sourceFrames is one frame of each of n sources, in random order, as the traffic of many
// machines is.
func sourceFrames(n int) func() [][]byte {
	return func() (frames [][]byte) {
		payload := make([]byte, short-headers)
		for _, i := range random().Perm(n) {
			frames = append(frames, traffic.From(source(i)).To(router).UDP(uint16(20000+i%40000), 5000).Payload(payload).Frame())
		}
		return frames
	}
}

// source is the i-th of many mirror sources, i below 65,536.
func source(i int) traffic.Host {
	mac := fmt.Sprintf("02:00:00:01:%02x:%02x", i>>8, i&255)
	return traffic.NewHost(fmt.Sprintf("source-%d", i), mac, fmt.Sprintf("10.64.%d.%d", i>>8, i&255))
}

// ruleFrames is a frame of each of n flows, of rules that are spread evenly over the list. Every one
// is accepted: by its rule, or by one before it.
func ruleFrames(list []rule, n int) (frames [][]byte) {
	r := random()
	for i := range n {
		frames = append(frames, list[i*len(list)/n].frame(r))
	}
	return frames
}
