package store

import (
	"fmt"
	"net/netip"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// TestQuotaThatBegins: an interface that many sources are sent to falls under a quota when it is
// given an instance, or one of another type. Then the change of the interface is judged.
func TestQuotaThatBegins(t *testing.T) {
	s := apply(t, Options{}, good)
	defer s.Close()
	_, err := change(s, func(tx *Tx) error {
		if err := tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: "sensor"}, Addresses: []netip.Addr{mustAddr("192.0.2.99")}}); err != nil {
			return err
		}
		if err := tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "sensor"}, Interface: "sensor"}); err != nil {
			return err
		}
		for i := range 11 {
			name := fmt.Sprintf("n%d", i)
			if err := tx.PutInterface(&ctl.Interface{Common: ctl.Common{Name: name}, Port: "wire0", HasMAC: true, MAC: [6]byte{2, 0, 0, 0, 9, byte(i)}}); err != nil {
				return err
			}
			if err := tx.PutSession(&ctl.Session{Common: ctl.Common{Name: name}, Source: name, Target: "sensor", Filter: "web", Number: 1}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ instance, kind, code string }{
		{"i-1", "", api.CodeQuotaExceeded},
		{"i-1", "c5.metal", ""},
		{"i-1", "c5.large", api.CodeQuotaExceeded},
		{"i-2", "c5.metal", ""},
		{"", "", ""},
	} {
		_, err := change(s, func(tx *Tx) error {
			return tx.PutInterface(edit(tx.Interface, "sensor", func(r *ctl.Interface) { r.Instance, r.InstanceType = step.instance, step.kind }))
		})
		if codeOf(err) != step.code {
			t.Errorf("instance %q of type %q: %v", step.instance, step.kind, err)
		}
	}
}
