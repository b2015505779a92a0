package ram

import (
	"testing"

	"mirrorgw/ctl"
)

// TestActor: a share is told to be of its owner, and an answer of whoever was invited.
func TestActor(t *testing.T) {
	w := newWorld(t)
	w.share("gift", bob)
	w.ok(bob, "AcceptResourceShareInvitation", object{"resourceShareInvitationArn": w.invited(bob)})
	list, _, err := w.store.Recent(0, 2, "")
	if err != nil || len(list) != 2 || list[0].By != ctl.AccountActor(bob, "", "aws") || list[1].By != ctl.AccountActor(alice, "", "aws") {
		t.Errorf("%+v, %v", list, err)
	}
}
