package store

import (
	"context"
	"strings"
	"testing"

	"mirrorgw/ctl"
)

// TestDryRunWarns: a dry run says what of the state as it would be works otherwise than its author may
// expect, of what stays as it is too; and the change itself says afterwards what it would have said
// without.
func TestDryRunWarns(t *testing.T) {
	s := apply(t, Options{}, edited(t, good, "packet_length = 128\n", ""))
	defer s.Close()
	warned := func(dryRun bool, change func(*Tx) error) string {
		t.Helper()
		result, err := s.Change(context.Background(), Request{DryRun: dryRun}, change)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, w := range result.Warnings {
			all = append(all, w.String())
		}
		return strings.Join(all, "\n")
	}
	jumbo := func(tx *Tx) error {
		return tx.PutInterface(edit(tx.Interface, "web-1", func(i *ctl.Interface) { i.MTU = 9000 }))
	}
	nothing := func(tx *Tx) error { return nil }
	const cut = `session "web-1-to-ids": frames of interface "web-1" have up to 9014 bytes`
	if got := warned(true, nothing); got != "" {
		t.Errorf("at first: %s", got)
	}
	for range 2 {
		if got := warned(true, jumbo); !strings.Contains(got, cut) || strings.Contains(got, "\n") {
			t.Errorf("dry run: %q", got)
		}
	}
	if got := warned(false, jumbo); !strings.Contains(got, cut) {
		t.Errorf("after a dry run: %q", got)
	}
	if got := warned(true, nothing); !strings.Contains(got, cut) || strings.Contains(got, "\n") {
		t.Errorf("a dry run of what is: %q", got)
	}
	if got := warned(false, nothing); got != "" {
		t.Errorf("a change of nothing: %q", got)
	}
}
