package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
)

func TestMemberCommands(t *testing.T) {
	for _, test := range []struct{ line, members string }{
		{"add sensors 192.0.2.13@zone-b*3 192.0.2.14",
			`[{"address":"192.0.2.11"},{"address":"192.0.2.12","availabilityZone":"b","weight":2},{"address":"192.0.2.13","availabilityZone":"zone-b","weight":3},{"address":"192.0.2.14"}]`},
		{"remove sensors 192.0.2.11", `[{"address":"192.0.2.12","availabilityZone":"b","weight":2}]`},
		{"remove sensors 192.0.2.11 192.0.2.12", `[]`},
		{"drain nlb-00000000000000001 192.0.2.12", `[{"address":"192.0.2.11"},{"address":"192.0.2.12","availabilityZone":"b","draining":true,"weight":2}]`},
		{"resume sensors 192.0.2.11", `[{"address":"192.0.2.11","draining":false},{"address":"192.0.2.12","availabilityZone":"b","weight":2}]`},
	} {
		f := newFake()
		run(t, f, "load-balancer create other --member 192.0.2.11")
		f.records["load-balancer"][0]["loadBalancerId"] = "nlb-0000000000000000f"
		run(t, f, "load-balancer create sensors --member 192.0.2.11,192.0.2.12@b*2")
		f.records["load-balancer"][1]["loadBalancerId"] = "nlb-00000000000000001"
		r := run(t, f, "load-balancer member "+test.line)
		if want := `modify load-balancer nlb-00000000000000001 {"members":` + test.members + `}`; r.code != ExitOK || f.calls[len(f.calls)-1] != want {
			t.Errorf("%s: exit %d %s\ngot  %s\nwant %s", test.line, r.code, r.errs, f.calls[len(f.calls)-1], want)
		}
		if at := f.asked[len(f.asked)-1].IfMatch; at != 2 {
			t.Errorf("%s: sent for revision %d, read at 2", test.line, at)
		}
	}
}

func TestMemberRefusals(t *testing.T) {
	f := newFake()
	run(t, f, "load-balancer create sensors --member 2001:db8::1")
	for _, test := range []struct {
		line string
		code int
		says string
	}{
		{"drain", ExitUsage, "needs a load balancer and at least one ADDRESS"},
		{"drain sensors", ExitUsage, "needs a load balancer and at least one ADDRESS"},
		{"drain sensors 192.0.2.300", ExitUsage, `"192.0.2.300" is no address of a member; write one like 192.0.2.11`},
		{"add sensors 192.0.2.1*x", ExitUsage, "the weight after * is a number from 0 to 255"},
		{"drain sensors 192.0.2.1", ExitNotFound, "load balancer sensors has no member 192.0.2.1"},
		{"remove nobody 192.0.2.1", ExitNotFound, "there is no load-balancer nobody"},
		{"remove nlb-00000000000000009 192.0.2.1", ExitNotFound, "there is no load balancer nlb-00000000000000009"},
		{"add sensors 2001:DB8:0::1*2", ExitConflict, "member 2001:DB8:0::1 is there already"},
	} {
		r := run(t, f, "load-balancer member "+test.line)
		if r.code != test.code || !strings.Contains(r.errs, test.says) {
			t.Errorf("%s: exit %d, want %d: %s", test.line, r.code, test.code, r.errs)
		}
	}
	if len(f.calls) != 1 {
		t.Errorf("changed all the same: %v", f.calls)
	}
}

// contested is a gateway where others change something before each of our first changes.
type contested struct {
	*fake
	times int
}

func (c *contested) Modify(ctx context.Context, kind, ref string, patch record, o Options) (json.RawMessage, error) {
	if c.times--; c.times >= 0 {
		c.records[kind][0]["members"] = append(c.records[kind][0]["members"].([]any), map[string]any{"address": "192.0.2.99"})
		return nil, &api.Error{Status: 412, Code: api.CodeRevisionMismatch, Message: "changed meanwhile"}
	}
	return c.fake.Modify(ctx, kind, ref, patch, o)
}

func TestMemberChangesDoNotUndoOthers(t *testing.T) {
	for _, test := range []struct {
		times int
		more  string
		code  int
	}{{1, "", ExitOK}, {memberRetries, "", ExitConflict}, {1, " --if-match 1", ExitConflict}} {
		c := &contested{newFake(), test.times}
		run(t, c.fake, "load-balancer create sensors --member 192.0.2.11")
		r := run(t, c, "load-balancer member drain sensors 192.0.2.11"+test.more)
		if r.code != test.code {
			t.Errorf("%+v: exit %d, %s", test, r.code, r.errs)
		}
		if last := c.calls[len(c.calls)-1]; test.code == ExitOK && !strings.Contains(last, "192.0.2.99") {
			t.Errorf("the other's member is lost: %s", last)
		}
	}
}

func TestMembersAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	must(t, g, "load-balancer create sensors --listener udp:4789 --member 192.0.2.10")
	must(t, g, "load-balancer create sensors --account 123456789012 --listener udp:4789 --member 192.0.2.11 --health-protocol icmp")
	const mine = " --account 123456789012"
	out := must(t, g, "load-balancer member add sensors 192.0.2.12@b*2"+mine)
	if !strings.HasPrefix(out, "load-balancer sensors modified, adding 192.0.2.12@b*2: nlb-") {
		t.Errorf("%s", out)
	}
	must(t, g, "load-balancer member drain sensors 192.0.2.12 192.0.2.11"+mine)
	must(t, g, "load-balancer member resume sensors 192.0.2.11"+mine)
	if out := must(t, g, "load-balancer show sensors"+mine); !strings.Contains(out, "192.0.2.11*1, 192.0.2.12@b*2+draining\n") {
		t.Errorf("%s", out)
	}
	if out := must(t, g, "load-balancer show sensors"); !strings.Contains(out, "192.0.2.10*1\n") {
		t.Errorf("another account's load balancer is changed:\n%s", out)
	}
	must(t, g, "load-balancer member remove sensors 192.0.2.11"+mine)
	if r := run(t, g, "load-balancer member add sensors 2001:db8::1"+mine); r.code != ExitRefused || !strings.Contains(r.errs, "different families") {
		t.Errorf("%+v", r)
	}
	if r := run(t, g, "load-balancer modify sensors --health-timeout 40"+mine); r.code != ExitRefused || !strings.Contains(r.errs, "longer than the interval 30") {
		t.Errorf("%+v", r)
	}
}

func TestMemberCompletion(t *testing.T) {
	f := newFake()
	run(t, f, "load-balancer create sensors --member 192.0.2.11,192.0.2.12,198.51.100.1")
	for _, test := range []struct{ args, want string }{
		{"drain ", "sensors"},
		{"drain sensors 192.", "192.0.2.11 192.0.2.12"},
		{"remove sensors 192.0.2.11 192.", "192.0.2.12"},
		{"drain nobody 192.", ""},
		{"add sensors 192.", ""},
	} {
		words, _ := completions(f, append([]string{"load-balancer", "member"}, strings.Split(test.args, " ")...)...)
		if got := strings.Join(words, " "); got != test.want {
			t.Errorf("%q: %q, want %q", test.args, got, test.want)
		}
	}
}
