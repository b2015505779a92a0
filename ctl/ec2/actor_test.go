package ec2

import (
	"testing"

	"mirrorgw/ctl"
)

// TestActor: the events of a call tell who signed it.
func TestActor(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	list, _, err := w.store.Recent(0, 1, b.target)
	if want := ctl.AccountActor(alice, "ann", "aws"); err != nil || len(list) != 1 || list[0].By != want {
		t.Errorf("%+v, %v; want %+v", list, err, want)
	}
}
