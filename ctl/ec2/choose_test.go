package ec2

import (
	"context"
	"net/http/httptest"
	"slices"
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

// TestNamedTwice: what a request names again is not looked up again, which may take long for what is shared.
func TestNamedTwice(t *testing.T) {
	var asked []string
	k := &kind[string]{key: func(r string) string { return r }, find: func(_ *viewer, ref string) (string, bool) {
		asked = append(asked, ref)
		return "id-" + ref[len(ref)-1:], true
	}}
	x := &request{Call: &aws.Call{}}
	list, err := collect(x, nil, k, []string{"id-1", "id-2", "id-1", "name-2", "id-2", "id-1"}, "")
	if err != nil || !slices.Equal(list, []string{"id-1", "id-2"}) || !slices.Equal(asked, []string{"id-1", "id-2", "name-2"}) {
		t.Errorf("%v %v, asked for %v", list, err, asked)
	}
}
