// Package underlay makes each tunnel port a host on its network: it owns addresses, routes,
// neighbours (ARP, RFC 826; Neighbor Discovery, RFC 4861), duplicate address detection (RFC 5227,
// RFC 4862), answers to ARP, Neighbor Solicitations and echo requests, echo probes, and the path
// MTU of watched destinations (RFC 1191, RFC 8201).
//
// It is a passive state machine: no goroutine, no clock, no socket. Its caller hands it received
// frames (Input), the state of links (LinkChanged) and the time (Tick), and gives it a way to send
// (Frames). All times are arguments, so that the same calls always do the same. Methods may be
// called from any goroutine; one mutex guards the state. Frames.Send, Config.Changed, the log and
// the done functions of echo probes are called with that mutex not held, one at a time and in the
// order in which the host decided them; when two goroutines are inside the host, one of them may
// make the calls of both. They may call the host.
//
// # How long until copies follow
//
// A watched destination keeps its next hop while its neighbour is being confirmed again. With
// reachable time T, 15 to 45 s (RFC 4861 section 6.3.2: 30 s, random factor 0.5 to 1.5), drawn anew
// at each confirmation:
//
//   - first resolution: one round trip; a neighbour that is silent for 3 s is failed, and asked
//     again after 1, 2, 4, 8, 16 and then every 30 s, for ever
//   - the MAC changes, or the address moves to another host, and the new owner announces itself
//     (gratuitous ARP, any ARP that names it as sender, unsolicited Neighbor Advertisement): 1 s, in
//     which the old MAC is asked by unicast, twice, and did not answer; at most 2 s after a refused
//     announcement; at once when the old MAC had already stopped answering. When several MACs were
//     announced, everybody is asked and the first answer wins: one round trip more
//   - it changes silently: at most T + 3 s (three unicast probes 1 s apart), then one round trip
//     of a multicast probe
//   - the neighbour dies: its next hop is taken away after at most T + 6 s
//   - a link comes back: next hops whose MAC is known are in use at once and confirmed within one
//     round trip; a MAC that changed meanwhile is found after 1 s
//   - a lower path MTU is used at once; it is forgotten 10 minutes after the last report
//   - an address of ours is in use 1 s after Start (three ARP probes or one Neighbor Solicitation);
//     a duplicate one is tried again after 25 to 30 s
//
// # What a hostile frame can do
//
// Received frames never create an entry: the table holds what is watched, and a bounded number of
// peers of echo probes. An announcement of another MAC is believed only when the old one stays
// silent, and silence does not count while frames are lost before the host sees them (Lost): a
// flood cannot drown the answer. Answers are limited per port and in total by token buckets, use the requester's MAC from
// the frame, and leave no state. A frame that claims one of our addresses is counted and answered
// by an announcement, at most every 10 s (RFC 5227 section 2.4); an address in use is never given
// up. Reports of a lower MTU count only when they quote a copy to a watched destination.
package underlay
