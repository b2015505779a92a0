package main

import (
	"fmt"

	"mirrorgw/testbed/traffic"
)

// sampling has ten conversations; which of them are in the sample of one in three is the documented
// number's to say, and stated as counters.
func sampling() Case {
	const n = 3
	c := Case{
		Name: "019_sampling",
		About: `A session that mirrors one flow in 3: of a flow in the sample both directions are mirrored,
of the others nothing, and what is left out counts as skipped (sampled). All fragments of a datagram go
one way, by its addresses alone; an accepted frame is not offered to session 2.`,
		Resources: interfaceWeb1 + targetIDS + targetRecorder + filterEverything + everythingOfWeb1ToIDS + "sample_one_in = 3\n" + `
[[session]]
name = "rest"
source = "web-1"
target = "recorder"
filter = "everything"
number = 2
vni = 1900
`,
		Outer: map[string]Outer{"web-1-to-ids": toIDS("10.0.0.5", 100)},
		Report: []Counters{
			{Session: "web-1-to-ids", Direction: "egress", Matched: 26, Mirrored: 9, Skipped: map[string]int{"sampled": 17}},
			{Session: "web-1-to-ids", Direction: "ingress", Matched: 20, Mirrored: 7, Skipped: map[string]int{"sampled": 13}},
			{Session: "rest", Direction: "egress"},
			{Session: "rest", Direction: "ingress"},
		},
	}
	state := func(says string, bytes []byte, fate Fate) Frame {
		if !sampled(flowOf(bytes), n) {
			says, fate = says+", not in the sample", fate.SkippedFor("sampled")
		}
		return frame(says, bytes, fate)
	}
	out, in := egress("web-1-to-ids"), ingress("web-1-to-ids")
	for port := uint16(40000); port < 40010; port++ {
		there, back := traffic.From(web1).To(client), traffic.From(client).To(web1)
		if port%2 == 1 {
			there, back = there.OverIPv6(), back.OverIPv6()
		}
		says := fmt.Sprintf("port %d", port)
		c.Wire0 = append(c.Wire0,
			state(says+", SYN", there.TCP(port, 443).SYN().Frame(), out),
			state(says+", request", there.TCP(port, 443).Payload(traffic.Bytes("request", 30)).Frame(), out))
		c.Wire1 = append(c.Wire1,
			state(says+", SYN ACK", back.TCP(443, port).SYNACK().Frame(), in),
			state(says+", UDP of the same ports, another flow", back.UDP(443, port).Payload(traffic.Bytes("sample", 20)).Frame(), in))
	}
	for _, to := range []traffic.Host{client, otherDNS} {
		for i, bytes := range traffic.From(web1).To(to).ID(7).UDP(5000, 6000).Payload(traffic.Bytes("fragments", 2000)).Fragments(800) {
			c.Wire0 = append(c.Wire0, state(fmt.Sprintf("fragment %d to %s", i+1, to.Name), bytes, out))
		}
	}
	return c
}
