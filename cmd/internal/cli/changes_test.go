package cli

import (
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
)

func TestChanges(t *testing.T) {
	f := newFake()
	f.events = []api.Event{
		{Revision: 9, Time: start, Action: "modify", Kind: "session", ID: "tms-1", Name: "s1", Actor: &api.Actor{Type: "IAMUser", AccountID: "111111111111", UserName: "ann"}},
		{Revision: 8, Time: start, Action: "delete", Kind: "target", ID: "tmt-1", Name: "ids"},
	}
	r := run(t, f, "changes tms-1 --limit 2 --before 10")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if r.code != ExitOK || len(lines) != 3 || !strings.HasSuffix(lines[0], "9  modify session s1 tms-1 by ann (account 111111111111)") ||
		!strings.HasSuffix(lines[1], "8  delete target ids tmt-1") || lines[2] != "older: --before 7" {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.errs)
	}
	if r = run(t, f, "changes -o json"); r.code != ExitOK || !strings.Contains(r.out, `"next": "7"`) || !strings.Contains(r.out, `"userName": "ann"`) {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.errs)
	}
	if want := []string{"changes tms-1 2 10", "changes  100"}; !slices.Equal(f.calls, want) {
		t.Errorf("asked %q, want %q", f.calls, want)
	}
	if r = run(t, f, "changes a b"); r.code != ExitUsage {
		t.Errorf("exit %d", r.code)
	}
}

func TestInvitationIsAnswered(t *testing.T) {
	f := newFake()
	if r := run(t, f, "share accept inv-1"); r.code != ExitOK || r.out != "share tools accepted: s-1, revision 0\n" {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.errs)
	}
	if r := run(t, f, "share reject inv-1 -o name"); r.code != ExitOK || r.out != "tools\n" {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.errs)
	}
	if want := []string{"answer inv-1 accepted", "answer inv-1 rejected"}; !slices.Equal(f.calls, want) {
		t.Errorf("asked %q, want %q", f.calls, want)
	}
	if r := run(t, f, "share accept"); r.code != ExitUsage || !strings.Contains(r.errs, "the identifier of an invitation") {
		t.Errorf("exit %d: %s", r.code, r.errs)
	}
}
