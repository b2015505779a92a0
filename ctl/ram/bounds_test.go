package ram

import (
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// TestTooManyAtOnce: lists that no share can have are refused before their members are compared with each other,
// which the store would wait for.
func TestTooManyAtOnce(t *testing.T) {
	w := newWorld(t)
	arn := w.share("tools")
	principals := make([]string, 60000)
	for i := range principals {
		principals[i] = fmt.Sprintf("5%011d", i)
	}
	resources := make([]string, ctl.MaxShareTargets+1)
	for i := range resources {
		resources[i] = w.target(i % 2)
	}
	revision := w.revision()
	for _, test := range []struct {
		action string
		in     object
	}{
		{"CreateResourceShare", object{"name": "x", "principals": principals}},
		{"CreateResourceShare", object{"name": "x", "principals": principals[:ctl.MaxSharePrincipals+1]}},
		{"CreateResourceShare", object{"name": "x", "resourceArns": resources}},
		{"AssociateResourceShare", object{"resourceShareArn": arn, "principals": principals}},
		{"AssociateResourceShare", object{"resourceShareArn": arn, "resourceArns": resources}},
		{"DisassociateResourceShare", object{"resourceShareArn": arn, "principals": principals}},
	} {
		reply, answer := w.call(alice, test.action, test.in)
		if reply.Code != "ResourceShareLimitExceededException" || !strings.Contains(answer.text("message"), "at most 1000") {
			t.Errorf("%s: %d %s", test.action, reply.Status, reply.Body)
		}
	}
	if w.revision() != revision {
		t.Error("something was done")
	}
	w.ok(alice, "CreateResourceShare", object{"name": "most", "principals": principals[:ctl.MaxSharePrincipals], "resourceArns": resources[1:]})
}

// TestTooManyTagFilters: each share would be compared with all of them.
func TestTooManyTagFilters(t *testing.T) {
	w := newWorld(t)
	w.ok(alice, "CreateResourceShare", object{"name": "x", "tags": []object{{"key": "a", "value": "b"}}})
	filters := make([]object, ctl.MaxTags+1)
	for i := range filters {
		filters[i] = object{"tagKey": "a", "tagValues": []string{"b"}}
	}
	w.refused(alice, "InvalidParameterException", "GetResourceShares", object{"resourceOwner": "SELF", "tagFilters": filters})
	if n := len(w.ok(alice, "GetResourceShares", object{"resourceOwner": "SELF", "tagFilters": filters[1:]}).list("resourceShares")); n != 1 {
		t.Errorf("%d shares", n)
	}
}

// lists are those that may have many rows for a share, with what they call their rows.
var lists = []struct {
	action, rows string
	in           object
}{
	{"GetResourceShares", "resourceShares", object{"resourceOwner": "SELF"}},
	{"ListResources", "resources", object{"resourceOwner": "SELF"}},
	{"ListPrincipals", "principals", object{"resourceOwner": "SELF"}},
	{"GetResourceShareAssociations", "resourceShareAssociations", object{"associationType": "RESOURCE"}},
	{"GetResourceShareAssociations", "resourceShareAssociations", object{"associationType": "PRINCIPAL", "associationStatus": "ASSOCIATED"}},
}

func with(in object, key string, value any) object {
	all := maps.Clone(in)
	all[key] = value
	return all
}

// TestPagesOfAnySize: pages of any size have all rows once, in one order, and the last one has no token.
func TestPagesOfAnySize(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		in := object{"name": fmt.Sprint("s", i), "resourceArns": []string{w.target(0), w.target(1)}, "principals": []string{bob, ally, organ}}
		w.ok(alice, "CreateResourceShare", in)
	}
	for _, test := range lists {
		whole := w.ok(alice, test.action, test.in).list(test.rows)
		for size := 1; size <= len(whole); size++ {
			var all []object
			in, pages := with(test.in, "maxResults", size), 0
			for {
				answer := w.ok(alice, test.action, in)
				all, pages = append(all, answer.list(test.rows)...), pages+1
				if answer["nextToken"] == nil || pages > len(whole) {
					break
				}
				in = with(in, "nextToken", answer["nextToken"])
			}
			if diff := cmp.Diff(whole, all); diff != "" || pages != (len(whole)+size-1)/size {
				t.Errorf("%s, %d pages of %d: %s", test.action, pages, size, diff)
			}
		}
	}
}

// TestAPageIsAllThatIsMade: of the many rows that there are no more than a page takes memory.
func TestAPageIsAllThatIsMade(t *testing.T) {
	w := newWorld(t)
	w.change(func(tx *store.Tx) error {
		var ids []string
		for i := range 500 {
			r := &ctl.Target{Common: ctl.Common{Name: fmt.Sprint("m", i), Account: alice}, Address: netip.MustParseAddr("192.0.2.10")}
			if err := tx.PutTarget(r); err != nil {
				return err
			}
			ids = append(ids, r.ID)
		}
		for i := range 40 {
			r := &ctl.Share{Common: ctl.Common{Name: fmt.Sprint("s", i), Account: alice}, Targets: ids, AllowExternal: true}
			for k := range 500 {
				r.Principals = append(r.Principals, &ctl.SharePrincipal{ID: fmt.Sprintf("5%011d", k)})
			}
			if err := tx.PutShare(r); err != nil {
				return err
			}
		}
		return nil
	})
	for _, test := range lists {
		in := with(test.in, "maxResults", 1)
		w.call(alice, test.action, in) // what is made once only
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w.call(alice, test.action, in)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("%s: %d bytes for one row of 20,000", test.action, n)
		}
	}
}
