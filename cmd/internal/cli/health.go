package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl/api"
)

// healthOf is the table of a load balancer's members as they are now, and of the zones that they
// serve. There is none where the gateway does not know.
func healthOf(balancer record) []string {
	var now api.LoadBalancer
	only := record{"memberStates": balancer["memberStates"], "zoneStates": balancer["zoneStates"]}
	if only.into(&now) != nil || len(now.MemberStates) == 0 {
		return nil
	}
	t := newTable("MEMBER", "ZONE", "WEIGHT", "STATE", "SINCE", "LAST PROBE", "RTT", "REASON").numbers(2)
	for _, m := range now.MemberStates {
		rtt := ""
		if m.RTTMicroseconds > 0 {
			rtt = (time.Duration(m.RTTMicroseconds) * time.Microsecond).String()
		}
		t.row(m.Address, orDash(m.AvailabilityZone), strconv.Itoa(m.Weight), m.State, orDash(m.Since), orDash(m.LastProbe), orDash(rtt), orDash(m.Reason))
	}
	lines := []string{"", "members now"}
	for _, line := range t.lines() {
		lines = append(lines, strings.TrimRight("  "+line, " "))
	}
	return append(lines, zoneLines(now.ZoneStates)...)
}

func zoneLines(zones []api.ZoneState) []string {
	if len(zones) == 0 {
		return nil
	}
	lines := []string{"", "who serves the sources of"}
	for _, z := range zones {
		who := strings.Join(z.Members, ", ")
		if z.Skipped != "" {
			who = "nobody, copies are skipped (" + z.Skipped + ")"
		}
		lines = append(lines, fmt.Sprintf("  %s: %s", zoneName(z.AvailabilityZone), who))
	}
	return lines
}

func zoneName(zone string) string {
	if zone == "" {
		return "no zone"
	}
	return "zone " + printable(zone)
}

// troubles says in words which copies do not arrive.
func troubles(state *api.State, now time.Time) []string {
	var faults []string
	t := &state.Troubles
	if t.TargetCount > 0 {
		var told []string
		for _, target := range t.Targets {
			told = append(told, printable(target.Name)+" ("+target.State+reasonText(target.Reason)+")")
		}
		faults = append(faults, fmt.Sprintf("%s not reachable, so copies are skipped: %s", countOf(t.TargetCount, "target is", "targets are"),
			someOf(told, t.TargetCount)))
	}
	for _, b := range t.LoadBalancers {
		var told []string
		for _, m := range b.Members {
			told = append(told, m.Address+" ("+m.State+reasonText(m.Reason)+")")
		}
		faults = append(faults, fmt.Sprintf("%d of %s of load balancer %s do not serve: %s", len(b.Members), countOf(b.MemberCount, "member", "members"),
			printable(b.Name), strings.Join(told, ", ")))
	}
	if more := t.LoadBalancerCount - len(t.LoadBalancers); more > 0 {
		faults = append(faults, countOf(more, "more load balancer has", "more load balancers have")+" members that do not serve")
	}
	if t.LostSessionCount > 0 {
		var told []string
		for _, s := range t.LostSessions {
			told = append(told, printable(s.Name)+" of account "+printable(s.OwnerID)+" ("+printable(s.Inactive)+")")
		}
		faults = append(faults, fmt.Sprintf("%s no target any more: %s", countOf(t.LostSessionCount, "session has", "sessions have"), someOf(told, t.LostSessionCount)))
	}
	return append(faults, disputes(state.Underlay.Addresses, now)...)
}

// disputeTime is how long a claim of one of our addresses is told: a host that goes on using it claims
// it again, when it looks for a neighbour at the latest.
const disputeTime = 10 * time.Minute

// disputes says which addresses of ours another host has, or claims while we use them.
func disputes(addresses []api.UnderlayAddress, now time.Time) (faults []string) {
	for _, a := range addresses {
		who := "another host"
		if a.OtherMACAddress != "" {
			who += " (" + printable(a.OtherMACAddress) + ")"
		}
		at, err := time.Parse(time.RFC3339, a.DisputedAt)
		switch {
		case a.State == "duplicate":
			faults = append(faults, fmt.Sprintf("%s has the address %s of port %s; give one of the two another", who, a.Address, a.Port))
		case err == nil && now.Sub(at) < disputeTime:
			faults = append(faults, fmt.Sprintf("%s claimed the address %s of port %s, which is in use, %s ago; give one of the two another", who, a.Address, a.Port,
				duration(now.Sub(at))))
		}
	}
	return faults
}

func reasonText(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + printable(reason)
}

// someOf joins what a list of all begins with.
func someOf(told []string, all int) string {
	text := strings.Join(told, ", ")
	if more := all - len(told); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// stateText is what an event of state tells, after its subject.
func stateText(event api.Event) string {
	switch event.Kind {
	case api.KindTargetState:
		var s api.TargetState
		if decode(event.After, &s) == nil {
			return orDash(s.State) + reasonText(s.Reason) + pathText(s.Path)
		}
	case api.KindMemberState:
		var m api.MemberState
		if decode(event.After, &m) == nil {
			return "member " + m.Address + " is " + m.State + reasonText(m.Reason)
		}
	case api.KindZoneState:
		var z api.ZoneState
		if decode(event.After, &z) == nil {
			return strings.TrimSpace(zoneLines([]api.ZoneState{z})[2])
		}
	case api.KindLinkState:
		var l api.LinkState
		if decode(event.After, &l) == nil {
			return l.State + reasonText(l.Reason)
		}
	case api.KindStateLost:
		return "some changes of state came faster than they could be told; see mirrorctl status"
	}
	return printable(string(event.After))
}

func pathText(p *api.TargetPath) string {
	if p == nil || p.MACAddress == "" {
		return ""
	}
	text := " at " + p.MACAddress + " on " + printable(p.TunnelPort)
	if p.Via != "" {
		text += " via " + p.Via
	}
	return text
}
