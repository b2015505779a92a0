package testbed

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/testbed/control"
)

// toolOwner has the target of TestStoryShared; source and session are the default account's.
const toolOwner = "111122223333"

// TestStoryShared follows a target that another account shares ("Work with a shared target" of the
// AWS guide) by mirrorctl, while numbered frames pass: a copy is made exactly while the session's
// account has access.
func TestStoryShared(t *testing.T) {
	l, dir := storyLAN(t)
	gateway := startStory(t, l, dir)
	socket := filepath.Join(dir, "ctl.sock")
	s := &story{t: t, stream: newStream(t, l, storyFrame), ctl: control.New(t, socket), api: client.New(socket)}
	t.Cleanup(s.api.Close)
	watch := s.ctl.Watch("0")
	s.epochs = []epoch{{step: "the start"}}
	s.stream.flow()

	s.shared()

	s.counters()
	s.stream.hold()
	s.judge()
	s.checkTold(watch)
	gateway.Signal(syscall.SIGTERM)
	checkStoryEnd(t, gateway.Wait())
}

func (s *story) shared() {
	s.do(nil, []string{"create interface web-1"}, "interface", "create", "web-1", "--port", "wire0", "--mac", macA, "--address", "10.0.0.5", "--mtu", "1400")
	s.do(nil, []string{"create filter tcp"}, "filter", "create", "tcp")
	s.do(nil, []string{"create rule"}, "rule", "create", "--filter", "tcp", "--direction", "ingress", "--number", "1", "--action", "accept", "--protocol", "tcp")
	s.do(nil, []string{"create target tool"}, "target", "create", "tool", "--account", toolOwner, "--address", targetA)
	s.do(nil, []string{"create target own"}, "target", "create", "own", "--address", targetB)
	var tool api.TrafficMirrorTarget
	s.ctl.JSON(&tool, "target", "show", "tool", "--account", toolOwner)
	create := []string{"session", "create", "s1", "--source", "web-1", "--target", tool.TrafficMirrorTargetID, "--filter", "tcp", "--number", "1", "--vni", "7"}
	share := func(principal string) []string {
		return []string{"share", "create", "tools", "--account", toolOwner, "--target", "tool", "--principal", principal}
	}
	const guest = "000000000000"
	copies := mirrored(fate{session: "s1", dst: targetA, vni: 7}, "TCP in", "TCP in, local")

	s.ctl.Refused(4, create...)
	s.do(nil, []string{"create share tools"}, share(guest)...)
	s.ctl.Refused(4, create...) // it is invited, and has not accepted
	s.do(nil, []string{"modify share tools"}, "share", "modify", "tools", "--account", toolOwner, "--principal", guest+"+accepted")
	s.do(copies, []string{"create session s1"}, create...)
	s.lose("share-deleted", []string{"delete share tools", "modify session s1"}, "share", "delete", "tools", "--account", toolOwner)
	s.do(copies, []string{"create share tools", "modify session s1"}, share(guest+"+accepted")...)
	s.lose("target-deleted", []string{"delete target tool", "modify session s1", "modify share tools"}, "target", "delete", "tool", "--account", toolOwner)
	s.do(mirrored(fate{session: "s1", dst: targetB, vni: 7}, "TCP in", "TCP in, local"), []string{"modify session s1"}, "session", "modify", "s1", "--target", "own")
}

// lose makes a change after which no copy is made, and a warning and the status say why.
func (s *story) lose(how string, events []string, args ...string) {
	s.t.Helper()
	before := s.stream.lastThrough()
	var changed struct {
		Revision uint64
		Warnings []string
	}
	s.ctl.JSON(&changed, args...)
	s.changed(strings.Join(args, " "), before, changed.Revision, nil, events)
	s.since = s.stream.lastThrough() // a session that becomes active again counts from zero
	if len(changed.Warnings) != 1 || !strings.Contains(changed.Warnings[0], "it is inactive: "+how) {
		s.t.Errorf("%v warns: %q", args, changed.Warnings)
	}
	if status := s.ctl.Do("status"); !strings.Contains(status, "1 session has no target any more: s1 of account 000000000000 ("+how+")") {
		s.t.Errorf("the status does not tell it:\n%s", status)
	}
	if list := s.ctl.Do("session", "list"); !strings.Contains(list, "inactive") {
		s.t.Errorf("the list does not tell it:\n%s", list)
	}
}
