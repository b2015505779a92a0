// Package traffic builds the Ethernet frames of tests and of the demo.
//
// A fixture reads as a sentence:
//
//	traffic.From(client).To(web).TCP(40000, 80).SYN().Frame()
//	traffic.From(web).To(resolver).UDP(5353, 53).Payload(traffic.DNSQuery("example.com")).Frame()
//	traffic.From(dev).To(peer).OverIPv6().HopByHop().UDP(443, 443).Frame()
//
// Everything is deterministic: no clock, no random numbers, so that the same fixture always gives
// the same bytes. Frames are whole Ethernet frames without FCS; IP frames are not padded to 60 bytes.
// Lengths and checksums are right, unless a fixture's name says otherwise. A frame returned by
// this package belongs to the caller. A fixture that cannot be built is a mistake in the test that
// states it, so builders panic with a sentence instead of returning an error.
//
// The package uses gopacket and nothing of the gateway, so that it can stand against it.
package traffic
