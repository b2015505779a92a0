package accounts

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/cloudwatch"
	"mirrorgw/ctl/ec2"
	"mirrorgw/ctl/ram"
	"mirrorgw/testbed/signed"
)

// TestTableIsComplete: no action of any service is left out.
func TestTableIsComplete(t *testing.T) {
	for service, names := range map[string][]string{"ec2": ec2.Actions(), "ram": ram.Actions(), "cloudwatch": cloudwatch.Actions()} {
		for _, name := range names {
			if table[service+":"+name] == nil && !slices.Contains(namesNothing, service+":"+name) {
				t.Errorf("%s:%s is not in the table", service, name)
			}
		}
	}
}

// inUse are requests that the owner is refused too, for what is in use.
var inUse = map[string]string{
	"ec2:DeleteTrafficMirrorTarget TrafficMirrorTargetId=THEIR.target": "TrafficMirrorTargetInUse",
	"ec2:DeleteTrafficMirrorFilter TrafficMirrorFilterId=THEIR.filter": "TrafficMirrorFilterInUse",
}

// TestOwner: the requests of the table are good ones. What changes something is a dry run, or RAM's, which comes last.
func TestOwner(t *testing.T) {
	w := newWorld(t)
	h := w.has[owner]
	for _, action := range slices.Sorted(maps.Keys(table)) {
		if strings.HasPrefix(action, "ram:") {
			continue
		}
		for _, request := range table[action] {
			more := ""
			if strings.HasPrefix(action, "ec2:") {
				more = "&DryRun=true"
			}
			reply := w.call(owner, action, fill(request, h, h)+more)
			want := inUse[action+" "+request]
			if more != "" && want == "" {
				want = "DryRunOperation"
			}
			if reply.Code() != want {
				t.Errorf("%s %s: %d %s, want %q", action, request, reply.Status, reply.Body, want)
			}
		}
	}
	for _, action := range []string{"ram:UpdateResourceShare", "ram:TagResource", "ram:UntagResource", "ram:ListResourceSharePermissions", "ram:CreateResourceShare",
		"ram:AssociateResourceShare", "ram:DisassociateResourceShare", "ram:DeleteResourceShare"} {
		if reply := w.call(owner, action, fill(table[action][0], h, h)); !reply.OK() {
			t.Errorf("%s: %d %s", action, reply.Status, reply.Body)
		}
	}
}

// TestStranger: to an account that has nothing to do with the owner, everything of the owner's is as what nobody has:
// the answers are the same, byte for byte.
func TestStranger(t *testing.T) {
	w := newWorld(t)
	theirs, mine := w.has[owner], w.has[stranger]
	revision := w.revision()
	for _, action := range slices.Sorted(maps.Keys(table)) {
		for _, request := range table[action] {
			there := w.told(stranger, action, fill(request, theirs, mine), theirs)
			none := w.told(stranger, action, fill(request, nowhere, mine), nowhere)
			if there != none {
				t.Errorf("%s %s:\n%s\nof what nobody has:\n%s", action, request, there, none)
			}
			w.unchanged(revision, action, request)
		}
	}
	w.seesNothing(stranger)
}

// TestInvited: whoever has not answered an invitation sees the share and nothing else.
func TestInvited(t *testing.T) {
	w := newWorld(t)
	theirs, mine := w.has[owner], w.has[invited]
	revision := w.revision()
	for _, action := range slices.Sorted(maps.Keys(table)) {
		for _, request := range table[action] {
			if strings.HasPrefix(action, "ram:") {
				if action == "ram:AcceptResourceShareInvitation" || action == "ram:RejectResourceShareInvitation" || request == leave(invited) {
					continue // may do so
				}
				w.call(invited, action, fill(request, theirs, mine))
			} else if there, none := w.told(invited, action, fill(request, theirs, mine), theirs), w.told(invited, action, fill(request, nowhere, mine), nowhere); there != none {
				t.Errorf("%s %s:\n%s\nof what nobody has:\n%s", action, request, there, none)
			}
			w.unchanged(revision, action, request)
		}
	}
	w.seesNothing(invited)
}

// TestGuest: whom a target is shared with may see and use it, and nothing else.
func TestGuest(t *testing.T) {
	w := newWorld(t)
	theirs, mine := w.has[owner], w.has[guest]
	for _, action := range slices.Sorted(maps.Keys(table)) {
		for _, request := range table[action] {
			revision := w.revision()
			switch {
			case request == leave(guest):
				continue // at the end
			case slices.Contains(shared, action+" "+request):
				if reply := w.call(guest, action, fill(request, theirs, mine)); !reply.OK() {
					t.Errorf("%s %s: %d %s", action, request, reply.Status, reply.Body)
				}
				continue
			case strings.HasPrefix(action, "ram:"), strings.Contains(request, "THEIR.target"):
				w.call(guest, action, fill(request, theirs, mine)) // is told more than a stranger
			default:
				if there, none := w.told(guest, action, fill(request, theirs, mine), theirs), w.told(guest, action, fill(request, nowhere, mine), nowhere); there != none {
					t.Errorf("%s %s:\n%s\nof what nobody has:\n%s", action, request, there, none)
				}
			}
			w.unchanged(revision, action, request)
		}
	}
	w.seesNothing(guest, "target", "targetarn", "share", "appliance")

	if reply := w.call(guest, "ram:DisassociateResourceShare", fill(leave(guest), theirs, mine)); !reply.OK() {
		t.Errorf("a guest cannot leave: %d %s", reply.Status, reply.Body)
	}
	const describe = "ec2:DescribeTrafficMirrorTargets"
	if there, none := w.told(guest, describe, fill("TrafficMirrorTargetId.1=THEIR.target", theirs, mine), theirs), w.told(guest, describe, "TrafficMirrorTargetId.1="+nowhere["target"], nowhere); there != none {
		t.Errorf("after it has left the guest is told:\n%s", there)
	}
}

// TestTokensOfOthers: neither client tokens nor page tokens carry anything from one account to another.
func TestTokensOfOthers(t *testing.T) {
	w := newWorld(t)
	create := "Description=same&ClientToken=same"
	first, second := w.made(owner, "trafficMirrorFilterId", "CreateTrafficMirrorFilter", create), w.made(stranger, "trafficMirrorFilterId", "CreateTrafficMirrorFilter", create)
	if first == second {
		t.Error("a client token of one account gives another account its filter")
	}
	for i := range 10 {
		w.made(owner, "trafficMirrorFilterId", "CreateTrafficMirrorFilter", "Description="+strings.Repeat("x", 1+i))
	}
	page := w.call(owner, "ec2:DescribeTrafficMirrorFilters", "MaxResults=5")
	token := page.Field("nextToken")
	if token == "" {
		t.Fatalf("there is no second page: %s", page.Body)
	}
	reply := w.call(stranger, "ec2:DescribeTrafficMirrorFilters", "MaxResults=5&NextToken="+replace(replace(token, "+", "%2B"), "=", "%3D"))
	w.free(stranger, "the next page of another account", reply)
}

// told is what an account is told, with the resources that the request names replaced by their kinds.
func (w *world) told(account, action, request string, names things) string {
	w.Helper()
	reply := w.call(account, action, request)
	text := requestIDs.ReplaceAllString(string(reply.Body), "")
	for _, kind := range slices.Backward(slices.Sorted(maps.Keys(names))) {
		word := kind
		if strings.HasPrefix(names[kind], "eni-") {
			word = "interface"
		}
		text = replace(text, names[kind], word)
	}
	return text
}

var requestIDs = regexp.MustCompile(`<(requestId|RequestID|RequestId)>[^<]*<`)

func (w *world) unchanged(revision uint64, action, request string) {
	w.Helper()
	if w.revision() != revision {
		w.Fatalf("%s %s changed something", action, request)
	}
}

// seesNothing has an account list everything there is. Kinds of the owner's that it may see are allowed.
func (w *world) seesNothing(account string, allowed ...string) {
	w.Helper()
	for _, action := range slices.Sorted(maps.Keys(lists)) {
		for _, request := range lists[action] {
			reply := w.call(account, action, request)
			if !reply.OK() {
				w.Errorf("%s %s: %d %s", action, request, reply.Status, reply.Body)
			}
			if account == invited && action == "ram:GetResourceShareInvitations" {
				continue
			}
			w.free(account, action+" "+request, reply, allowed...)
		}
	}
}

// free checks that an answer has nothing of the owner's.
func (w *world) free(account, what string, reply signed.Reply, allowed ...string) {
	w.Helper()
	text := string(reply.Body)
	for kind, id := range w.has[owner] {
		if strings.Contains(text, id) && !slices.Contains(allowed, kind) {
			w.Errorf("%s tells account %s of the owner's %s: %s", what, account, kind, text)
		}
	}
	if strings.Contains(text, "of-"+owner) && allowed == nil {
		w.Errorf("%s tells account %s of the owner's tags or names: %s", what, account, text)
	}
}
