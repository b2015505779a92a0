package testbed

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mirrorgw/ctl/client"
	"mirrorgw/testbed/browser"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
)

// TestConsoleStory goes through "Get started", "Work with Traffic Mirroring" and the three examples of the AWS
// guide in a browser, by clicking and typing alone, while numbered frames pass, and accounts for every frame.
func TestConsoleStory(t *testing.T) {
	s := newConsoleStory(t, "")
	s.interfaces()
	s.getStarted()
	s.work()
	s.tcpAndUDP()
	s.nonLocal()

	s.counters()
	s.stream.hold()
	s.judge()
	for _, fault := range s.page.Faults() {
		t.Error(fault)
	}
	s.end()
}

// consoleStory is a story whose steps are taken in a browser.
type consoleStory struct {
	story
	gateway *daemon.Process
	page    *browser.Page
}

// newConsoleStory is a gateway with a console and further sections of gateway.toml, through which numbered frames
// flow; the local administrator is at the overview.
func newConsoleStory(t *testing.T, sections string) *consoleStory {
	t.Helper()
	browser.Needed(t)
	consoleTimes(t)
	l, dir := storyLAN(t)
	l.in("g", "ip", "link", "set", "lo", "up")
	writeFile(t, filepath.Join(dir, "gateway.toml"), storyGateway(l)+"[console]\nlisten = \"127.0.0.1:8790\"\n"+sections)
	traffic := newStream(t, l, storyFrame)
	gateway := startStory(t, l, dir)
	socket := filepath.Join(dir, "ctl.sock")
	b := launch(t, "ip", "netns", "exec", l.namespace("g"))
	s := &consoleStory{story: story{t: t, stream: traffic, ctl: control.New(t, socket), api: client.New(socket)}, gateway: gateway}
	t.Cleanup(s.api.Close)
	s.epochs = []epoch{{step: "the start"}}
	s.page = b.Person(t, "http://127.0.0.1:8790").Open(oneTimeLink(t, s.ctl)).Click("Log in").Sees("Overview")
	s.stream.flow()
	return s
}

// end ends the gateway, and judges what it reports.
func (s *consoleStory) end() {
	s.t.Helper()
	s.gateway.Signal(syscall.SIGTERM)
	checkStoryEnd(s.t, s.gateway.Wait())
}

// step makes one change in the browser: fill leads to a form and fills it in, button sends it, and told is what
// the page says once the change is made.
func (s *consoleStory) step(want policy, what, button, told string, fill func()) {
	s.t.Helper()
	fill()
	before := s.stream.lastThrough()
	s.page.In("main", "").Click(button).SeesOneOf(told, "has not reported within")
	s.inForce()
	s.changed(what, before, 0, want, nil)
}

// inForce waits for changes that are made, of which a busy machine kept the worker from telling in time.
func (s *consoleStory) inForce() {
	s.t.Helper()
	for late := time.Now().Add(streamWait); ; <-time.After(5 * time.Millisecond) {
		state, err := s.api.State(s.t.Context())
		if err == nil && state.Pending == 0 {
			return
		}
		if time.Now().After(late) {
			s.t.Fatalf("the worker has not taken a change: %v, %+v", err, state)
		}
	}
}

// menu goes to an entry of the menu.
func (s *consoleStory) menu(entry string) *browser.Page {
	s.t.Helper()
	s.page.In("navigation", "Main").Click(entry)
	return s.page
}

// at goes to the page of a resource by the lists.
func (s *consoleStory) at(list, name string) *browser.Page {
	s.t.Helper()
	return s.menu(list).In("main", "").Click(name).Sees("Details")
}

// interfaces are what the operator of a gateway has before anything is mirrored.
func (s *consoleStory) interfaces() {
	s.step(nil, "create interface web-1", "Create", "Created network interface web-1", func() {
		s.menu("Network interfaces").Click("Create network interface").Fill("Name", "web-1").Fill("Port", "wire0").Fill("MAC address", macA).
			Fill("IP addresses", "10.0.0.5").Fill("MTU", "1400")
	})
}

// target makes one by address.
func (s *consoleStory) target(want policy, name, address string) {
	s.t.Helper()
	s.step(want, "create target "+name, "Create", "Created traffic mirror target "+name, func() {
		s.menu("Mirror targets").Click("Create traffic mirror target").Fill("Name", name).Choose("Target type", "IP address").
			Fill("Target", address)
	})
}

// filter makes one with one inbound rule for a protocol.
func (s *consoleStory) filter(want policy, name, protocol string) {
	s.t.Helper()
	s.step(want, "create filter "+name, "Create", "Created traffic mirror filter "+name, func() {
		p := s.menu("Mirror filters").Click("Create traffic mirror filter").Fill("Name", name).Fill("Description", protocol+" traffic")
		if protocol != "" {
			rules := p.In("group", "Inbound rules")
			rules.Click("Add rule")
			rules.Fill("Rule number", "100")
			rules.Choose("Rule action", "accept")
			rules.Fill("Protocol", protocol)
			rules.Fill("Source CIDR block", "0.0.0.0/0")
			rules.Fill("Destination CIDR block", "0.0.0.0/0")
		}
	})
}

// session makes one of web-1, from the page about it.
func (s *consoleStory) session(want policy, name, target, filter, number, vni string) {
	s.t.Helper()
	s.step(want, "create session "+name, "Create", "Created traffic mirror session "+name, func() {
		s.at("Network interfaces", "web-1").Click("Mirror it").Fill("Name", name).Fill("Mirror target", target).
			Fill("Session number", number).Fill("VNI", vni).Fill("Filter", filter)
	})
}

// modify changes fields of a session.
func (s *consoleStory) modify(want policy, what string, fields ...string) {
	s.t.Helper()
	s.step(want, what, "Save changes", "Changed traffic mirror session inbound", func() {
		p := s.at("Mirror sessions", "inbound").Click("Modify")
		for i := 0; i < len(fields); i += 2 {
			p.Fill(fields[i], fields[i+1])
		}
	})
}

// rule changes a field of the rule of a filter.
func (s *consoleStory) rule(want policy, filter, field, value string) {
	s.t.Helper()
	s.step(want, field+" of the rule: "+value, "Save changes", "Changed rule", func() {
		s.at("Mirror filters", filter).In("region", "Inbound rules").Row("100").Click("Modify").Fill(field, value)
	})
}

// remove deletes a resource.
func (s *consoleStory) remove(want policy, list, name string) {
	s.t.Helper()
	s.step(want, "delete "+name, "Delete", "Deleted", func() {
		s.at(list, name).Click("Delete").Fill("To confirm", "delete")
	})
}

// getStarted is the guide's first chapter, which is its first example too: all inbound TCP of one
// interface to target A.
func (s *consoleStory) getStarted() {
	s.target(nil, "target-a", targetA)
	s.filter(nil, "tcp", "tcp")
	s.session(s.tcp(99, 0), "inbound", "target-a", "tcp", "1", "99")
}

// tcp is the policy of the first session.
func (s *consoleStory) tcp(vni uint32, cut int) policy {
	return mirrored(fate{session: "inbound", dst: targetA, vni: vni, cut: cut}, "TCP in", "TCP in, local")
}

// work modifies everything that can be, tags it, and is refused to delete what is in use.
func (s *consoleStory) work() {
	s.page.Expect("status of 4")
	s.at("Mirror targets", "target-a").Click("Delete").Fill("To confirm", "delete").Click("Delete").Sees("There is a problem").Sees("uses it")
	s.at("Mirror filters", "tcp").Click("Delete").Fill("To confirm", "delete").Click("Delete").Sees("There is a problem").Sees("uses it")
	s.at("Mirror sessions", "inbound").Click("Modify").Fill("Session number", "99999").Click("Save changes").Sees("There is a problem").Sees("32766")

	s.modify(s.tcp(100, 100), "VNI and packet length", "VNI", "100", "Packet length", "100", "Description", "cut")
	s.modify(s.tcp(100, 0), "whole packets", "Packet length", "", "Description", "")
	udp := mirrored(fate{session: "inbound", dst: targetA, vni: 100}, "UDP in", "UDP in, local")
	s.rule(udp, "tcp", "Protocol", "udp")
	s.rule(s.tcp(100, 0), "tcp", "Protocol", "tcp")
	s.rule(mirrored(fate{session: "inbound", dst: targetA, vni: 100}, "TCP in, local"), "tcp", "Source CIDR block", "10.0.0.0/16")
	s.rule(s.tcp(100, 0), "tcp", "Source CIDR block", "0.0.0.0/0")
	s.step(s.tcp(100, 0), "amazon-dns", "Save changes", "Changed traffic mirror filter tcp", func() {
		s.at("Mirror filters", "tcp").Click("Modify").Click("amazon-dns")
	})
	s.step(s.tcp(100, 0), "tags", "Save changes", "Changed the tags", func() {
		s.at("Mirror sessions", "inbound").Click("Manage tags").Click("Add tag").Fill("Key", "env").Fill("Value", "prod")
	})
	s.menu("Mirror sessions").Fill("Search", "prod").Click("Search").Sees("inbound")
	s.step(s.tcp(100, 0), "no tags", "Save changes", "Changed the tags", func() {
		s.at("Mirror sessions", "inbound").Click("Manage tags").Click("Remove tag")
	})
	s.counters()
}

// tcpAndUDP is the second example: inbound TCP goes to target A, inbound UDP to target B.
func (s *consoleStory) tcpAndUDP() {
	s.target(s.tcp(100, 0), "target-b", targetB)
	s.filter(s.tcp(100, 0), "udp", "udp")
	udp := mirrored(fate{session: "udp-to-b", dst: targetB, vni: 102}, "UDP in", "UDP in, local")
	s.session(s.tcp(100, 0).and(udp), "udp-to-b", "target-b", "udp", "2", "102")
	s.counters()
	s.remove(udp, "Mirror sessions", "inbound")
	s.remove(nil, "Mirror sessions", "udp-to-b")
	s.remove(nil, "Mirror filters", "udp")
	s.remove(nil, "Mirror targets", "target-b")
}

// nonLocal is the third example: everything that stays in the VPC is rejected, the rest accepted.
func (s *consoleStory) nonLocal() {
	s.filter(nil, "non-local", "")
	s.session(nil, "to-a", "target-a", "non-local", "1", "300")
	f := fate{session: "to-a", dst: targetA, vni: 300}
	add := func(want policy, direction, number, action, source, destination string) {
		s.step(want, direction+" rule "+number, "Create", "Created rule", func() {
			s.at("Mirror filters", "non-local").Click("Add "+direction+" rule").Fill("Rule number", number).Choose("Rule action", action).
				Fill("Source CIDR block", source).Fill("Destination CIDR block", destination)
		})
	}
	outbound := mirrored(f, "TCP out", "UDP out")
	add(mirrored(f, "TCP out", "UDP out", "TCP out, local", "UDP out, local"), "outbound", "20", "accept", "0.0.0.0/0", "0.0.0.0/0")
	add(outbound, "outbound", "10", "reject", "0.0.0.0/0", "10.0.0.0/16")
	add(outbound, "inbound", "10", "reject", "10.0.0.0/16", "0.0.0.0/0")
	add(outbound.and(mirrored(f, "TCP in", "UDP in", "ICMP in")), "inbound", "20", "accept", "0.0.0.0/0", "0.0.0.0/0")
}
