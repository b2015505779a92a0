package ec2

import (
	"strconv"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

// maxBalancedLength is how many bytes of a packet a load balancer passes on, and the packet length
// that sessions to one have unless they have a lesser one.
const maxBalancedLength = 8500

// sessionFields are what can be set and changed of a session.
func sessionFields(required func(field) field) []field {
	return []field{required(id("TrafficMirrorTargetId")), required(id("TrafficMirrorFilterId")),
		number("PacketLength", 1, 65535), required(number("SessionNumber", rules.SessionNumberMin, rules.SessionNumberMax)),
		number("VirtualNetworkId", rules.VNIMin, rules.VNIMax), descriptionField}
}

var sessionActions = []action{
	{
		name: "CreateTrafficMirrorSession", about: sessionResource, creates: true,
		fields: append([]field{must(id("NetworkInterfaceId")), tagSpecificationField, clientTokenField}, sessionFields(must)...),
		on:     sessionJoins, change: createSession, write: writeSessionOutcome,
	},
	{
		name: "DeleteTrafficMirrorSession", about: sessionResource,
		fields: []field{must(id("TrafficMirrorSessionId"))},
		on:     named(sessions, "TrafficMirrorSessionId"), change: remove, write: writeID("trafficMirrorSessionId"),
	},
	{
		name:     "DescribeTrafficMirrorSessions",
		fields:   describing(list("TrafficMirrorSessionId", maxIDs, id(""))),
		describe: func(x *request) ([]byte, error) { return describe(x, sessions) },
	},
	{
		name: "ModifyTrafficMirrorSession", about: sessionResource,
		fields: append([]field{must(id("TrafficMirrorSessionId")),
			list("RemoveField", 10, choice("", "packet-length", "description", "virtual-network-id"))}, sessionFields(optional)...),
		check: removedOnce, on: sessionAndNew, change: modifySession, write: writeSessionOutcome,
	},
}

// shownSession is a session with the packet length that is in force.
type shownSession struct {
	*ctl.Session
	length int // bytes; 0: whole packets
}

// sessions are those of the account, and those of others to its targets.
var sessions = &kind[shownSession]{
	resource: sessionResource, set: "trafficMirrorSessionSet", ids: "TrafficMirrorSessionId",
	find: func(v *viewer, ref string) (shownSession, bool) {
		r, ok := v.Session(v.account, ref)
		if !ok || !v.MaySeeSession(v.account, r) {
			return shownSession{}, false
		}
		return showSession(v, r), true
	},
	all: func(v *viewer, after string, yield func(shownSession)) {
		for _, r := range v.Sessions() {
			if r.ID > after && v.MaySeeSession(v.account, r) {
				yield(showSession(v, r))
			}
		}
	},
	key:   func(r shownSession) string { return r.ID },
	owner: func(r shownSession) string { return r.Account },
	tags:  func(r shownSession) map[string]string { return r.Tags },
	write: writeSession,
	attributes: map[string]func(shownSession) []string{
		"description":               func(r shownSession) []string { return some(r.Description) },
		"network-interface-id":      func(r shownSession) []string { return some(r.Source) },
		"owner-id":                  func(r shownSession) []string { return some(r.Account) },
		"packet-length":             func(r shownSession) []string { return someNumber(r.length) },
		"session-number":            func(r shownSession) []string { return someNumber(r.Number) },
		"traffic-mirror-filter-id":  func(r shownSession) []string { return some(r.Filter) },
		"traffic-mirror-session-id": func(r shownSession) []string { return some(r.ID) },
		"traffic-mirror-target-id":  func(r shownSession) []string { return some(r.Target) },
		"virtual-network-id":        func(r shownSession) []string { return someNumber(r.VNI) },
	},
}

func someNumber(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{strconv.Itoa(n)}
}

func showSession(v *viewer, r *ctl.Session) shownSession {
	length := r.PacketLength
	if length == 0 && isBalanced(v.View, r.Target) {
		length = maxBalancedLength
	}
	if r.Account != v.account && r.Tags != nil { // they are the owner's alone
		bare := *r
		bare.Tags = nil
		r = &bare
	}
	return shownSession{r, length}
}

// sessionJoins are what a new session joins.
func sessionJoins(x *request, v *viewer) []subject {
	return []subject{interfaces.seek(v, x.in.str("NetworkInterfaceId")),
		targets.seek(v, x.in.str("TrafficMirrorTargetId")), filters.seek(v, x.in.str("TrafficMirrorFilterId"))}
}

// sessionAndNew are a session, and the target and the filter that it is to have.
func sessionAndNew(x *request, v *viewer) []subject {
	on := []subject{sessions.seek(v, x.in.str("TrafficMirrorSessionId"))}
	if x.in.has("TrafficMirrorTargetId") {
		on = append(on, targets.seek(v, x.in.str("TrafficMirrorTargetId")))
	}
	if x.in.has("TrafficMirrorFilterId") {
		on = append(on, filters.seek(v, x.in.str("TrafficMirrorFilterId")))
	}
	return on
}

func createSession(x *request, tx *store.Tx, on []subject) (any, error) {
	source := one[*ctl.Interface](&on[0])
	if source.Port == "" {
		return nil, invalid("NetworkInterfaceNotSupported", "The network interface %s is not supported for Traffic Mirroring: it is on no port of the gateway", source.ID)
	}
	r := &ctl.Session{Common: x.common(), Source: source.ID, Target: on[1].id, Filter: on[2].id,
		Number: x.in.num("SessionNumber", 0), VNI: x.in.num("VirtualNetworkId", 0), PacketLength: x.in.num("PacketLength", 0)}
	if err := checkSession(&tx.View, r); err != nil {
		return nil, err
	}
	return r, tx.PutSession(r)
}

func modifySession(x *request, tx *store.Tx, on []subject) (any, error) {
	if err := own(&on[0]); err != nil {
		return nil, err
	}
	r := *one[shownSession](&on[0]).Session
	for i := range on[1:] {
		switch s := &on[1+i]; s.resource {
		case targetResource:
			r.Target = s.id
		case filterResource:
			r.Filter = s.id
		}
	}
	for _, field := range x.in.texts("RemoveField") {
		switch field {
		case "packet-length":
			r.PacketLength = 0
		case "description":
			r.Description = ""
		case "virtual-network-id":
			r.VNI = 0 // another one is drawn
		}
	}
	r.Number, r.VNI, r.PacketLength = x.in.num("SessionNumber", r.Number), x.in.num("VirtualNetworkId", r.VNI), x.in.num("PacketLength", r.PacketLength)
	if x.in.has("Description") {
		r.Description = x.in.str("Description")
	}
	if err := checkSession(&tx.View, &r); err != nil {
		return nil, err
	}
	return &r, tx.PutSession(&r)
}

// checkSession judges what the store does not.
func checkSession(v *store.View, r *ctl.Session) error {
	if r.PacketLength > maxBalancedLength && isBalanced(v, r.Target) {
		return badValue(strconv.Itoa(r.PacketLength), "PacketLength", "Use a number from 1 to %d, or none, with a Network Load Balancer target", maxBalancedLength)
	}
	return nil
}

func writeSessionOutcome(x *request, d *document, o *outcome) {
	var shown shownSession
	o.view(func(v *viewer) { shown = showSession(v, o.made.(*ctl.Session)) })
	d.open("trafficMirrorSession")
	writeSession(d, shown)
	d.close("trafficMirrorSession")
	if x.action.creates {
		d.maybe("clientToken", x.in.str("ClientToken"))
	}
}

func writeSession(d *document, r shownSession) {
	d.text("trafficMirrorSessionId", r.ID)
	d.text("trafficMirrorTargetId", r.Target)
	d.text("trafficMirrorFilterId", r.Filter)
	d.text("networkInterfaceId", r.Source)
	d.text("ownerId", r.Account)
	if r.length != 0 {
		d.number("packetLength", r.length)
	}
	d.number("sessionNumber", r.Number)
	d.number("virtualNetworkId", r.VNI)
	d.maybe("description", r.Description)
	writeTags(d, r.Tags)
}
