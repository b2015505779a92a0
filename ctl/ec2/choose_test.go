package ec2

import (
	"context"
	"net/http/httptest"
	"testing"

	"mirrorgw/ctl/aws"
)

// TestChooseStops: the comparing is given up between any two resources, for those before may take long each.
func TestChooseStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	x := &request{Call: &aws.Call{Request: httptest.NewRequestWithContext(ctx, "POST", "/", nil)}}
	compared := 0
	slow := []condition[string]{{attribute: func(string) []string {
		if compared++; compared == 2 {
			cancel()
		}
		return nil
	}}}
	list := []string{"a", "b", "c", "d", "e"}
	k := &kind[string]{key: func(r string) string { return r }}
	fault, _ := choose(x, k, list, slow, &page[string]{most: len(list)}).(*aws.Fault)
	if fault == nil || fault.Code != "FilterLimitExceeded" || compared != 2 {
		t.Errorf("%v after %d resources, want it after 2", fault, compared)
	}
}
