// Package balancer decides which member of a load balancer gets which flow: a Maglev table of the
// symmetric flow hash, the health of members, and the choice by zone.
//
// It is pure Go, has no clock and no goroutine of its own: the caller passes the time, and calls
// Tick when Tick or Wake says so. Probes go out through the Prober interface; NetProber is the real
// one. What comes out are Views, one per load balancer and zone of its sources: the members in use
// and who owns each entry of the table. Of this module it may import mirrorgw/vxlan only.
//
// # Health
//
// A member is used when its next hop is resolved (reported by the caller with Reachable) and its
// health check allows it. A next hop that goes takes the member out at once, and brings it back at
// once: probing pauses meanwhile, so that the check says what it said before. A member in state
// initial is used
//   - until its first probe fails, if no member of its load balancer was in use when it joined, so
//     that mirroring does not wait for the first probes after a start;
//   - else only while there is nothing better to choose from.
//
// A probe that the gateway could not send, as while its own address is being checked, says nothing
// and is tried again soon. The first probe decides an initial member; then UnhealthyThreshold
// failures in a row take it out and HealthyThreshold successes in a row bring it back, so that a
// flapping one stays out. Unlike an AWS Network Load Balancer this one never fails open: without a
// usable member the copies of a session are skipped with reason target-down, which people can see.
//
// # Zones
//
// Copies go to members of the source's zone. Only when none of them is usable, and the load balancer
// is cross-zone, they go to all members. A source without a zone uses all members; a member without
// a zone belongs to every zone.
package balancer
