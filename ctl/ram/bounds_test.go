package ram

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgw/ctl"
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
