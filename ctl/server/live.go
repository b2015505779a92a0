package server

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// live is what the data path knows of targets and load balancers at one moment.
type live struct {
	status       ctl.Status
	destinations map[netip.Addr]*ctl.DestinationState
	balancers    map[string]*ctl.BalancerState // by ID
}

func (s *Server) live() *live { return newLive(s.Status()) }

func newLive(status ctl.Status) *live {
	l := &live{status: status, destinations: make(map[netip.Addr]*ctl.DestinationState, len(status.Underlay.Destinations)),
		balancers: make(map[string]*ctl.BalancerState, len(status.Balancers))}
	for i := range status.Underlay.Destinations {
		d := &status.Underlay.Destinations[i]
		l.destinations[d.Address] = d
	}
	for i := range status.Balancers {
		b := &status.Balancers[i]
		l.balancers[b.ID] = b
	}
	return l
}

// target is the state of a target, empty where nothing is known, and why it is so.
func (l *live) target(way *store.TargetWay) (state, reason string) {
	switch {
	case way.Fault != "":
		return api.StateUnserved, way.Fault
	case way.Skip != "":
		return way.Skip, way.SkipReason
	case way.LoadBalancer != "":
		return balancerState(l.balancers[way.LoadBalancer])
	}
	return destinationState(l.destinations[way.Address])
}

// copies is the state of a session's copies: like target, but of one zone.
func (l *live) copies(way *store.TargetWay, zone string) (state, reason string) {
	if b := l.balancers[way.LoadBalancer]; b != nil && way.Fault == "" && way.Skip == "" {
		i := slices.IndexFunc(b.Zones, func(z ctl.ZoneState) bool { return z.Zone == zone })
		if i < 0 {
			return "", "" // the data path has not heard of it yet
		}
		if z := &b.Zones[i]; z.Skip != "" {
			return z.Skip, fmt.Sprintf("no member of load balancer %q serves %s%s", b.Name, zoneWords(zone), membersWords(b))
		}
		return api.StateReachable, ""
	}
	return l.target(way)
}

func destinationState(d *ctl.DestinationState) (state, reason string) {
	switch {
	case d == nil:
		return "", ""
	case d.Resolved:
		return api.StateReachable, ""
	case d.Router().IsValid():
		return api.StateUnresolved, fmt.Sprintf("the router %s on port %q is not resolved%s", d.Via, d.Port, because(d.Reason))
	}
	return api.StateUnresolved, fmt.Sprintf("%s on port %q is not resolved%s", d.Address, d.Port, because(d.Reason))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// balancerState sums up the zones of a load balancer; without sources in any, its members.
func balancerState(b *ctl.BalancerState) (state, reason string) {
	if b == nil {
		return "", ""
	}
	var dark []string
	for i := range b.Zones {
		if z := &b.Zones[i]; z.Skip != "" {
			state, dark = z.Skip, append(dark, zoneWords(z.Zone))
		}
	}
	switch {
	case len(dark) == 0 && len(b.Zones) == 0 && !slices.ContainsFunc(b.Members, isServing):
		return api.StateTargetDown, fmt.Sprintf("no member of load balancer %q serves%s", b.Name, membersWords(b))
	case len(dark) == 0:
		return api.StateReachable, ""
	case len(dark) < len(b.Zones):
		state = api.StateDegraded
	}
	return state, fmt.Sprintf("no member of load balancer %q serves %s%s", b.Name, strings.Join(dark, ", "), membersWords(b))
}

func zoneWords(zone string) string {
	if zone == "" {
		return "sources without zone"
	}
	return fmt.Sprintf("zone %q", zone)
}

// maxTold is how many members or targets a sentence tells of.
const maxTold = 4

// membersWords tells why members do not serve.
func membersWords(b *ctl.BalancerState) string {
	var told []string
	for i := range b.Members {
		m := &b.Members[i]
		if isServing(*m) {
			continue
		}
		if len(told) == maxTold {
			told = append(told, "and others")
			break
		}
		told = append(told, fmt.Sprintf("%s is %s%s", m.Address, m.State, in(m.Reason)))
	}
	if told == nil {
		return ""
	}
	return ": " + strings.Join(told, ", ")
}

func in(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// isServing tells members that get flows, as far as their state says.
func isServing(m ctl.MemberState) bool {
	return m.State == ctl.MemberHealthy || m.State == ctl.MemberInitial
}

// path is the way to a target by address; nil for load balancers and where there is none.
func (l *live) path(way *store.TargetWay) *api.TargetPath {
	if !way.Address.IsValid() {
		return nil
	}
	p := &api.TargetPath{TunnelPort: way.Port, Via: addressWire(way.Via), MTU: way.MTU}
	if d := l.destinations[way.Address]; d != nil {
		p.TunnelPort, p.Via, p.PathMTU, p.Since = d.Port, addressWire(d.Router()), d.PathMTU, timeWire(d.Since)
		if d.Errors > 0 {
			p.ICMPErrors, p.LastICMPError = int(d.Errors), d.LastError+" at "+timeWire(d.ErrorTime)
		}
		if d.Resolved {
			p.MACAddress = net.HardwareAddr(d.MAC[:]).String()
		}
		if d.PathMTU > 0 {
			p.MTU = min(p.MTU, d.PathMTU)
		}
	}
	return p
}

func showTarget(l *live, v *store.View, w *api.TrafficMirrorTarget) {
	if way, ok := v.TargetWay(w.TrafficMirrorTargetID); ok {
		w.State, w.StateReason = l.target(&way)
		w.Path = l.path(&way)
	}
}

func showSession(l *live, v *store.View, w *api.TrafficMirrorSession) {
	if way, zone, active := v.SessionWay(w.TrafficMirrorSessionID); active {
		w.Delivery, w.DeliveryReason = l.copies(&way, zone)
	}
}

func showBalancer(l *live, _ *store.View, w *api.LoadBalancer) {
	b := l.balancers[w.LoadBalancerID]
	if b == nil {
		return
	}
	for i := range b.Members {
		w.MemberStates = append(w.MemberStates, memberStateWire(&b.Members[i]))
	}
	for i := range b.Zones {
		w.ZoneStates = append(w.ZoneStates, zoneStateWire(&b.Zones[i]))
	}
}

func memberStateWire(m *ctl.MemberState) api.MemberState {
	return api.MemberState{Address: m.Address.String(), AvailabilityZone: m.Zone, Weight: m.Weight, State: m.State, Reason: m.Reason,
		Since: timeWire(m.Since), LastProbe: timeWire(m.LastProbe), RTTMicroseconds: int(m.RTT.Microseconds())}
}

func zoneStateWire(z *ctl.ZoneState) api.ZoneState {
	w := api.ZoneState{AvailabilityZone: z.Zone, Skipped: z.Skip}
	for _, member := range z.Members {
		w.Members = append(w.Members, member.String())
	}
	return w
}

func addressWire(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

func timeWire(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}
