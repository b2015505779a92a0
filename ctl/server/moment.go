package server

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// Moment is the state of the data path at one moment, for whoever tells of many resources in the words
// of the API. It is never modified.
type Moment struct{ live *live }

// MomentOf makes one of what the data path says.
func MomentOf(status ctl.Status) *Moment { return &Moment{newLive(status)} }

// Target is the state of a target by its ID, one of api.StateReachable and its kin, empty where nothing
// is known, and why it is so.
func (m *Moment) Target(v *store.View, id string) (state, reason string) {
	way, ok := v.TargetWay(id)
	if !ok {
		return "", ""
	}
	return m.live.target(&way)
}

// Session is what becomes of the copies of an active session by its ID, in the words of Target; empty
// where it is not active.
func (m *Moment) Session(v *store.View, id string) (state, reason string) {
	way, zone, active := v.SessionWay(id)
	if !active {
		return "", ""
	}
	return m.live.copies(&way, zone)
}

// Members is what is known of the members of a load balancer by its ID.
func (m *Moment) Members(id string) (members []api.MemberState) {
	if b := m.live.balancers[id]; b != nil {
		for i := range b.Members {
			members = append(members, memberStateWire(&b.Members[i]))
		}
	}
	return members
}
