package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
)

func TestCreationLines(t *testing.T) {
	f := newFake()
	build(t, f)
	want := []string{
		`create interface {"ipAddresses":["10.0.0.5"],"macAddress":"02:00:00:00:00:05","name":"web-1","port":"wire0"}`,
		`create target {"ipAddress":"192.0.2.10","name":"ids"}`,
		`create filter {"name":"web","networkServices":["amazon-dns"]}`,
		`create rule {"destinationCidrBlock":"10.0.0.0/16","destinationPortRange":{"fromPort":80,"toPort":443},"protocol":"tcp",` +
			`"ruleAction":"accept","ruleNumber":100,"sourceCidrBlock":"0.0.0.0/0","trafficDirection":"ingress","trafficMirrorFilterId":"web"}`,
		`create session {"name":"s1","networkInterfaceId":"web-1","sessionNumber":1,"trafficMirrorFilterId":"web",` +
			`"trafficMirrorTargetId":"ids","virtualNetworkId":100}`,
	}
	if diff := cmp.Diff(want, f.calls); diff != "" {
		t.Error(diff)
	}
}

func TestBodies(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"interface create a --account 123456789012 --description x --tag a=b=c --tag d= --vlan 7 --address 10.0.0.1,10.0.0.2 --address 2001:db8::1",
			`create interface {"description":"x","ipAddresses":["10.0.0.1","10.0.0.2","2001:db8::1"],"name":"a","ownerId":"123456789012","tags":{"a":"b=c","d":""},"vlan":7}`},
		{"load-balancer create lb --listener udp:4789 --member 192.0.2.1,192.0.2.2@b*0 --cross-zone --health-protocol http --health-port 80",
			`create load-balancer {"crossZone":true,"health":{"port":80,"protocol":"http"},"listeners":[{"port":4789,"protocol":"udp"}],` +
				`"members":[{"address":"192.0.2.1"},{"address":"192.0.2.2","availabilityZone":"b","weight":0}],"name":"lb"}`},
		{"load-balancer create lb --member 192.0.2.1@b*0+draining --member 2001:db8::1+draining",
			`create load-balancer {"members":[{"address":"192.0.2.1","availabilityZone":"b","draining":true,"weight":0},{"address":"2001:db8::1","draining":true}],"name":"lb"}`},
		{"rule create --filter web --direction egress --number 1 --action reject --protocol -1 --source-ports 53",
			`create rule {"protocol":-1,"ruleAction":"reject","ruleNumber":1,"sourcePortRange":{"fromPort":53,"toPort":53},"trafficDirection":"egress","trafficMirrorFilterId":"web"}`},
		{"interface modify web-1 --mtu 9000 --unset mac,vlan --unset tag:team --tag env=prod",
			`modify interface web-1 {"macAddress":null,"mtu":9000,"tags":{"env":"prod","team":null},"vlan":null}`},
		{"interface modify web-1 --unset macAddress --unset tags", `modify interface web-1 {"macAddress":null,"tags":null}`},
		{"interface modify web-1 --unset tag:a.b", `modify interface web-1 {"tags":{"a.b":null}}`},
		{"session modify s1 --name s2 --filter web", `modify session s1 {"name":"s2","trafficMirrorFilterId":"web"}`},
		{"rule modify web/ingress/100 --action reject", `modify rule tmfr-00000000000000001 {"ruleAction":"reject"}`},
		{"rule modify tmfr-00000000000000001 --unset destination-ports", `modify rule tmfr-00000000000000001 {"destinationPortRange":null}`},
		{"rule delete web/ingress/100", `delete rule tmfr-00000000000000001`},
		{"tag set session/s1 a=1 b=", `tags tms-00000000000000001 {"a":"1","b":""}`},
		{"tag set rule/web/ingress/100 a=1", `tags tmfr-00000000000000001 {"a":"1"}`},
		{"tag remove eni-00000000000000001 a", `tags eni-00000000000000001 {"a":null}`},
		{"tag remove eni-00000000000000001 --all", `tags eni-00000000000000001 {"env":null,"team":null}`},
	} {
		f := newFake()
		build(t, f)
		if r := run(t, f, test.line); r.code != ExitOK {
			t.Errorf("%s: exit %d, %s", test.line, r.code, r.errs)
		}
		if got := f.calls[len(f.calls)-1]; got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.line, got, test.want)
		}
	}
}

func TestOptionsOfChanges(t *testing.T) {
	f := newFake()
	build(t, f)
	for _, test := range []struct {
		line string
		want Options
	}{
		{"target create t2 --account 123456789012 --client-token abc --if-match 7", Options{ClientToken: "abc", IfMatch: 7}},
		{"target modify ids --mtu 1400 --if-match 8", Options{IfMatch: 8}},
		{"tag set session/s1 a=1 --if-match 3", Options{IfMatch: 3}},
		{"target delete ids --account 123456789012 --if-match 9", Options{Account: "123456789012", IfMatch: 9}},
	} {
		if r := run(t, f, test.line); r.code != ExitOK {
			t.Errorf("%s: %s", test.line, r.errs)
		}
		if diff := cmp.Diff(test.want, f.asked[len(f.asked)-1]); diff != "" {
			t.Errorf("%s: %s", test.line, diff)
		}
	}
}

func TestWhatChangesPrint(t *testing.T) {
	f := newFake()
	build(t, f)
	for _, test := range []struct{ line, out, errs string }{
		{"target create t2 --address 192.0.2.11", "target t2 created: tmt-00000000000000002, revision 6\n", ""},
		{"target create t3 --address 192.0.2.12 -o name", "t3\n", ""},
		{"rule modify web/ingress/100 --number 101", "rule web/ingress/100 modified: tmfr-00000000000000001, revision 8\n", ""},
		{"target delete t2 tmt-00000000000000003", "target t2 deleted: tmt-00000000000000002, revision 9\n" +
			"target t3 deleted: tmt-00000000000000003, revision 10\n", "warning: it is gone\nwarning: it is gone\n"},
		{"tag set session/s1 a=1", "tags of session/s1 (tms-00000000000000001): 1, revision 11\n", ""},
	} {
		r := run(t, f, test.line)
		if diff := cmp.Diff(result{0, test.out, test.errs}, r, cmp.AllowUnexported(result{})); diff != "" {
			t.Errorf("%s: %s", test.line, diff)
		}
	}
	r := run(t, f, "session delete s1 -o json")
	var changed api.Changed[api.TrafficMirrorSession]
	if err := json.Unmarshal([]byte(r.out), &changed); err != nil || changed.Resource.VirtualNetworkID != 100 || changed.Revision != 12 {
		t.Errorf("%s: %v", r.out, err)
	}
}

func TestUsageErrors(t *testing.T) {
	for _, test := range []struct{ line, says string }{
		{"intrface list", `did you mean "mirrorctl interface"?`},
		{"interface crate", `did you mean "mirrorctl interface create"?`},
		{"interface", "needs a command: create, delete, list, modify, show"},
		{"tag", "needs a command: list, remove, set"},
		{"interface create", "needs one argument, the name of the new interface"},
		{"interface create a b", `unexpected argument "b"`},
		{"interface create a --prot wire0", "there is no flag --prot here; did you mean --port?"},
		{"interface create a -x", "there is no flag -x here"},
		{"interface create a --port", "flag --port needs a value"},
		{"interface create a --vlan 0", `--vlan "0": give a number from 1 to 4094`},
		{"interface create a --vlan x", "give a number from 1 to 4094"},
		{"interface create a --tag b", "give KEY=VALUE"},
		{"interface create a --if-match x", "give a number"},
		{"interface modify a", "there is nothing to modify"},
		{"interface modify a --mac 02:00:00:00:00:01 --unset mac", "mac is both set and removed"},
		{"interface modify a --tag b=c --unset tag:b", "tag b is both set and removed"},
		{"interface modify a --unset color", "has no such field"},
		{"session modify a --source b", "there is no flag --source here"},
		{"session modify a --unset target", "has no such field"},
		{"session modify a --unset name", "has no such field"},
		{"session modify a --unset source", "has no such field"},
		{"interface delete", "needs at least one argument"},
		{"interface delete a b --if-match 3", "--if-match goes with one interface only"},
		{"session create s", "a session needs --source, --number, --target, --filter"},
		{"rule create web", `unexpected argument "web"`},
		{"rule create --filter w --direction ingress --number 1 --action accept --source-ports 9-1", "a range of ports"},
		{"rule show web", "a rule is named by its ID or as FILTER/ingress/100"},
		{"rule show web/up/1", `"up" is no direction`},
		{"load-balancer create l --member a*300", "from 0 to 255"},
		{"load-balancer create l --listener 53", "as udp:4789"},
		{"load-balancer create l --cross-zone=maybe", "give true or false"},
		{"interface list --where port", "give FIELD=VALUE"},
		{"interface list --limit -1", "give 1 or more"},
		{"interface list -o yaml", "-o yaml is not known here; give json or name"},
		{"tag list s1", "may be a name of several kinds"},
		{"tag list song/s1", `"song" is no kind`},
		{"tag set session/s1 a", "is no tag"},
		{"tag remove session/s1", "name the keys"},
		{"apply", "which document?"},
		{"apply -f /nowhere/at/all", "cannot be read"},
		{"export -o name", "give toml or json"},
		{"explain --direction ingress", "whose packet?"},
		{"explain --source web-1", "which direction?"},
		{"explain --source web-1 --direction ingress --src 10.0.0.1", "which packet?"},
		{"explain --source web-1 --direction ingress --frame 00 --length 9", "--frame is the whole packet"},
		{"stats --kind sheep", "--kind sheep: there is ports"},
		{"top --sort size", "--sort size: there is packets"},
		{"top --interval 1ms", "is too short"},
		{"top -o json", "-o has no effect here"},
		{"status now", "takes flags only"},
		{"status --timeout 5", "give a duration"},
		{"completion sh", "there is bash, zsh and fish"},
		{"help nothing", "there is no command"},
	} {
		f := newFake()
		r := run(t, f, test.line)
		if r.code != ExitUsage || !strings.Contains(r.errs, test.says) || !strings.Contains(r.errs, "; see mirrorctl") {
			t.Errorf("%s: exit %d, %q", test.line, r.code, r.errs)
		}
		if r.out != "" || strings.Count(r.errs, "\n") != 1 || len(f.calls) != 0 {
			t.Errorf("%s: the error is drowned, or something was asked: %q, %q, %v", test.line, r.out, r.errs, f.calls)
		}
	}
}

func TestExitCodes(t *testing.T) {
	refused := func(status int, code string) error { return &api.Error{Status: status, Code: code, Message: "no"} }
	for _, test := range []struct {
		fail error
		code int
		says string
	}{
		{nil, ExitOK, ""},
		{refused(http.StatusBadRequest, api.CodeInvalidValue), ExitRefused, "mirrorctl: no (invalid-value)\n"},
		{refused(http.StatusForbidden, api.CodeForbidden), ExitRefused, "mirrorctl: no (forbidden)\n"},
		{refused(http.StatusNotFound, api.CodeNotFound), ExitNotFound, "mirrorctl: no (not-found)\n"},
		{refused(http.StatusConflict, api.CodeInUse), ExitConflict, "mirrorctl: no (in-use)\n"},
		{refused(http.StatusConflict, api.CodeQuotaExceeded), ExitConflict, "mirrorctl: no (quota-exceeded)\n"},
		{refused(http.StatusPreconditionFailed, api.CodeRevisionMismatch), ExitConflict, "mirrorctl: no (revision-mismatch)\n"},
		{refused(http.StatusServiceUnavailable, api.CodeLcoreStalled), ExitStalled, "mirrorctl: no (lcore-stalled)\n"},
		{errors.New("nobody listens"), ExitUnreachable, "mirrorctl: nobody listens\n"},
		{fmt.Errorf("late: %w", context.DeadlineExceeded), ExitUnreachable, "mirrorctl: late: context deadline exceeded\n"},
		{context.Canceled, ExitInterrupted, "mirrorctl: interrupted\n"},
		{&api.Error{Status: 400, Code: "a", Message: "one", Details: []api.Error{{Code: "b", Message: "two"}}}, ExitRefused,
			"mirrorctl: one (a)\n  also: two (b)\n"},
	} {
		f := newFake()
		f.fail = test.fail
		for _, line := range []string{"interface create a", "target create b --address 192.0.2.1"} {
			if r := run(t, f, line); r.code != test.code || r.errs != test.says {
				t.Errorf("%v, %s: exit %d, %q", test.fail, line, r.code, r.errs)
			}
		}
		if test.fail == nil {
			continue
		}
		for _, line := range []string{"interface list", "interface show a", "interface delete a", "rule show web/ingress/1", "tag list session/s1",
			"export", "status", "ports", "stats", "top", "version", "explain --source a --direction egress --frame 00"} {
			if r := run(t, f, line); r.code != test.code || !strings.HasSuffix(r.errs, test.says) {
				t.Errorf("%v, %s: exit %d, %q", test.fail, line, r.code, r.errs)
			}
		}
	}
}
