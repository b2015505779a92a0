package console_test

import (
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
)

// made is where a form that makes something leads to.
func (b *browser) made(path string, pairs ...string) string {
	b.t.Helper()
	_, text := b.get(path)
	status, to := b.post(strings.Split(path, "?")[0], append([]string{"once", hiddenOf(b.t, text, "once"), "do", "save"}, pairs...)...)
	if status != http.StatusSeeOther {
		b.t.Fatalf("%s: %d %s", path, status, to)
	}
	return to
}

// changed sends the form of a page with what it had hidden.
func (b *browser) changed(path string, pairs ...string) (int, string) {
	b.t.Helper()
	_, text := b.get(path)
	return b.post(path, append([]string{"was", hiddenOf(b.t, text, "was"), "revision", hiddenOf(b.t, text, "revision"), "do", "save"}, pairs...)...)
}

// TestGetStarted does the guide's "Get started": a target, a filter with rules, a session.
func TestGetStarted(t *testing.T) {
	w := newWorld(t)
	w.apply("[[interface]]\nname = \"web-1\"\nport = \"wire0\"\nmac = \"02:00:00:00:00:01\"\n[[interface]]\nname = \"ids-1\"\naddresses = [\"192.0.2.30\"]\n")
	b := w.admin()
	b.made("/targets/new", "name", "ids", "type", "network-interface", "target", "ids-1")
	status, text := b.post("/filters/new", "name", "web", "do", "add-ingressFilterRules")
	mustHave(t, status, 200, text, `id="field-ingressFilterRules-ruleNumber-0"`, `value="web"`, "<template>")
	filter := b.made("/filters/new", "name", "web", "amazonDns", "true",
		"ingressFilterRules.ruleNumber", "100", "ingressFilterRules.ruleAction", "accept", "ingressFilterRules.protocol", "tcp", "ingressFilterRules.sourcePorts", "",
		"ingressFilterRules.destinationPorts", "80-443", "ingressFilterRules.sourceCidrBlock", "0.0.0.0/0", "ingressFilterRules.destinationCidrBlock", "10.0.0.0/16", "ingressFilterRules.description", "inbound web",
		"egressFilterRules.ruleNumber", "", "egressFilterRules.ruleAction", "accept", "egressFilterRules.protocol", "", "egressFilterRules.sourcePorts", "",
		"egressFilterRules.destinationPorts", "", "egressFilterRules.sourceCidrBlock", "", "egressFilterRules.destinationCidrBlock", "", "egressFilterRules.description", "")
	status, text = b.get(filter)
	mustHave(t, status, 200, text, "inbound web", "80–443", "10.0.0.0/16", "amazon-dns", "There are no rules: nothing of this direction is mirrored.", "Add outbound rule</a>")
	session := b.made("/sessions/new?networkInterfaceId=web-1", "name", "s1", "networkInterfaceId", "web-1", "trafficMirrorTargetId", "ids", "trafficMirrorFilterId", "web", "sessionNumber", "1", "packetLength", "100")
	status, text = b.get(session)
	mustHave(t, status, 200, text, ">web-1</a>", ">ids</a>", ">web</a>", "100 bytes", "active")
	status, text = b.get("/sessions")
	mustHave(t, status, 200, text, ">web-1</a>", ">ids</a>", ">web</a>", `href="`+session+`"`)
	status, text = b.post("/sessions/new", "name", "s2", "networkInterfaceId", "web-1", "trafficMirrorTargetId", "idz", "trafficMirrorFilterId", "web", "sessionNumber", "2", "do", "save")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-trafficMirrorTargetId"`, `value="idz"`)
	if status, to := b.changed(session+"/modify", "name", "s1", "networkInterfaceId", "web-1", "trafficMirrorTargetId", "ids", "trafficMirrorFilterId", "web", "sessionNumber", "7", "virtualNetworkId", "77"); status != http.StatusSeeOther {
		t.Errorf("%d %s", status, to)
	}
	one, err := w.client.Sessions().Get(server.WithCaller(t.Context(), adminCaller), "s1")
	if err != nil || one.SessionNumber != 7 || one.VirtualNetworkID != 77 || one.PacketLength != 0 {
		t.Errorf("%+v, %v", one, err)
	}
}

// TestRules: a rule of a filter is added, changed and deleted on its own.
func TestRules(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	const filter = "/filters/tmf-11111111111111111"
	path := "/rules/new?trafficMirrorFilterId=tmf-11111111111111111&trafficDirection=egress"
	status, text := b.get(path)
	mustHave(t, status, 200, text, `<option value="egress" selected>`, `>web</a>`)
	rule := []string{"trafficMirrorFilterId", "tmf-11111111111111111", "trafficDirection", "egress", "ruleAction", "reject", "protocol", "17"}
	status, text = b.post("/rules/new", append(rule, "ruleNumber", "200", "destinationPorts", "http", "do", "save")...)
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-destinationPorts"`, `value="http"`)
	status, text = b.post("/rules/new", append(rule, "ruleNumber", "200", "sourceCidrBlock", "10.0.0.0/99", "do", "save")...)
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-sourceCidrBlock"`)
	if to := b.made(path, append(rule, "ruleNumber", "200", "destinationPorts", "53", "sourceCidrBlock", "10.0.0.0/16", "tagKey", "k", "tagValue", "v")...); to != filter {
		t.Errorf("it leads to %s", to)
	}
	ctx := server.WithCaller(t.Context(), adminCaller)
	made, err := w.client.Filters().Get(ctx, "web")
	if err != nil || len(made.EgressFilterRules) != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	one := made.EgressFilterRules[0]
	if one.DestinationPortRange == nil || *one.DestinationPortRange != (api.PortRange{FromPort: 53, ToPort: 53}) || one.RuleAction != "reject" || one.Tags["k"] != "v" {
		t.Errorf("%+v", one)
	}
	at := "/rules/" + one.TrafficMirrorFilterRuleID
	status, text = b.get(filter)
	mustHave(t, status, 200, text, "udp", `href="`+at+`/modify"`, `href="`+at+`/delete"`, "Created rule outbound 200.")
	if status, to := b.changed(at+"/modify", append(rule, "ruleNumber", "300", "description", "x")...); status != http.StatusSeeOther || to != filter {
		t.Errorf("modified: %d %s", status, to)
	}
	if status, to := b.post(at+"/delete", "confirm", "delete"); status != http.StatusSeeOther || to != filter {
		t.Errorf("deleted: %d %s", status, to)
	}
	status, text = b.get(filter)
	mustHave(t, status, 200, text, "Changed rule outbound 300.", "Deleted rule outbound 300.", "There are no rules")
}

func TestLoadBalancers(t *testing.T) {
	w := newWorld(t)
	b := w.admin()
	status, text := b.get("/load-balancers/new")
	mustHave(t, status, 200, text, `value="4789"`)
	at := b.made("/load-balancers/new", "name", "sensors", "ports", "4789", "protocol", "icmp", "intervalSeconds", "10", "timeoutSeconds", "2",
		"members.address", "192.0.2.11", "members.availabilityZone", "a", "members.weight", "0", "members.draining", "",
		"members.address", "192.0.2.12", "members.availabilityZone", "", "members.weight", "", "members.draining", "true")
	status, text = b.get(at)
	mustHave(t, status, 200, text, "192.0.2.11", "192.0.2.12", "draining", "udp/4789", "icmp", "10 seconds")
	status, text = b.get(at + "/modify")
	mustHave(t, status, 200, text, `value="192.0.2.12"`, `<option value="true" selected>yes`)
	was, revision := hiddenOf(t, text, "was"), hiddenOf(t, text, "revision")
	form := []string{"was", was, "revision", revision, "name", "sensors", "ports", "4789", "protocol", "icmp", "intervalSeconds", "10", "timeoutSeconds", "2",
		"members.address", "192.0.2.11", "members.availabilityZone", "a", "members.weight", "0", "members.draining", ""}
	status, text = b.post(at+"/modify", append(form, "do", "add-members")...)
	mustHave(t, status, 200, text, `id="field-members-address-1"`)
	if status, to := b.post(at+"/modify", append(form, "do", "save")...); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, to)
	}
	lb, err := w.client.LoadBalancers().Get(server.WithCaller(t.Context(), adminCaller), "sensors")
	if err != nil || len(lb.Members) != 1 || lb.Members[0].Weight == nil || *lb.Members[0].Weight != 0 || lb.Health == nil || lb.Health.IntervalSeconds != 10 {
		t.Errorf("%+v, %v", lb, err)
	}
	status, text = b.post(at+"/modify", append(form, "description", "mine", "do", "save")...) // of the form from before
	mustHave(t, status, http.StatusConflict, text, "Somebody else", "192.0.2.12", "Members")
	if lb, _ = w.client.LoadBalancers().Get(server.WithCaller(t.Context(), adminCaller), "sensors"); lb.Description != "" {
		t.Error("the change was made nevertheless")
	}
}

func TestInterfaces(t *testing.T) {
	w := newWorld(t)
	b := w.admin()
	status, text := b.post("/interfaces/new", "name", "web-1", "port", "wire9", "macAddress", "02:00", "ipAddresses", "10.0.0.5, x", "monitoring", "basic", "do", "save")
	mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-macAddress"`, `href="#field-ipAddresses"`)
	at := b.made("/interfaces/new", "name", "web-1", "port", "wire0", "macAddress", "02:00:00:00:00:01", "ipAddresses", "10.0.0.5, 2001:db8::5", "vlan", "7", "monitoring", "detailed")
	status, text = b.get(at)
	mustHave(t, status, 200, text, "02:00:00:00:00:01", "10.0.0.5 2001:db8::5", "detailed", "Mirror it</a>")
	if status, to := b.changed(at+"/modify", "name", "web-1", "port", "wire0", "macAddress", "02:00:00:00:00:02", "monitoring", "basic", "mtu", "1500"); status != http.StatusSeeOther {
		t.Errorf("%d %s", status, to)
	}
	one, err := w.client.Interfaces().Get(server.WithCaller(t.Context(), adminCaller), "web-1")
	if err != nil || one.VLAN != 0 || len(one.IPAddresses) != 0 || one.MACAddress != "02:00:00:00:00:02" {
		t.Errorf("%+v, %v", one, err)
	}
}
