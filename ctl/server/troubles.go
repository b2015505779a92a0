package server

import (
	"net"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// maxTroubles is how many targets, load balancers and sessions the state lists of each.
const maxTroubles = 20

// troubles finds the targets and load balancers whose copies do not all arrive, and the sessions
// without a target.
func (l *live) troubles(v *store.View) api.Troubles {
	var t api.Troubles
	for _, target := range v.Targets() {
		if !v.HasSessions(target.ID) {
			continue
		}
		way, _ := v.TargetWay(target.ID)
		state, reason := l.target(&way)
		if state == "" || state == api.StateReachable {
			continue
		}
		if t.TargetCount++; t.TargetCount <= maxTroubles {
			t.Targets = append(t.Targets, api.TroubledTarget{TrafficMirrorTargetID: target.ID, Name: target.Name, OwnerID: target.Account,
				State: state, Reason: reason})
		}
	}
	for _, s := range v.LostSessions() {
		if t.LostSessionCount++; t.LostSessionCount <= maxTroubles {
			t.LostSessions = append(t.LostSessions, api.LostSession{TrafficMirrorSessionID: s.ID, Name: s.Name, OwnerID: s.Account, Inactive: s.Inactive})
		}
	}
	for i := range l.status.Balancers {
		b := &l.status.Balancers[i]
		if !slices.ContainsFunc(b.Members, isTroubled) {
			continue
		}
		if t.LoadBalancerCount++; t.LoadBalancerCount <= maxTroubles {
			t.LoadBalancers = append(t.LoadBalancers, troubledMembers(b))
		}
	}
	return t
}

// isTroubled tells members that do not serve though nobody drains them.
func isTroubled(m ctl.MemberState) bool { return !isServing(m) && m.State != ctl.MemberDraining }

func troubledMembers(b *ctl.BalancerState) api.TroubledMembers {
	w := api.TroubledMembers{LoadBalancerID: b.ID, Name: b.Name, MemberCount: len(b.Members)}
	for i := range b.Members {
		if m := &b.Members[i]; isTroubled(*m) && len(w.Members) < maxTroubles {
			w.Members = append(w.Members, memberStateWire(m))
		}
	}
	return w
}

func linkWire(p *ctl.PortStatus) api.Link {
	w := api.Link{Up: p.LinkUp, SpeedMbps: p.SpeedMbps, FullDuplex: p.FullDuplex}
	if l := p.Wire; l != nil {
		w.Propagation, w.TakenDown, w.TakenDownAt = l.Propagation, l.TakenDown, timeWire(l.TakenAt)
		w.TimesTakenDown, w.Changes = l.Taken, l.Changes
	}
	return w
}

func underlayWire(u *ctl.Underlay) api.Underlay {
	w := api.Underlay{Counters: u.Counters}
	for _, a := range u.Addresses {
		w.Addresses = append(w.Addresses, api.UnderlayAddress{Port: a.Port, Address: a.Prefix.String(), State: a.State,
			OtherMACAddress: macWire(a.Rival), DisputedAt: timeWire(a.Disputed)})
	}
	for _, n := range u.Neighbors {
		w.Neighbors = append(w.Neighbors, api.UnderlayNeighbor{Address: n.Address.String(), MACAddress: macWire(n.MAC), Port: n.Port, State: n.State,
			Since: timeWire(n.Since), Static: n.Static})
	}
	return w
}

// macWire is empty where a MAC is not known.
func macWire(mac [6]byte) string {
	if mac == [6]byte{} {
		return ""
	}
	return net.HardwareAddr(mac[:]).String()
}
