package cli

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
)

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s\n%s", what, diff, got)
	}
}

func TestTables(t *testing.T) {
	f := newFake()
	build(t, f)
	run(t, f, "interface create printer --port wire1 --vlan 12 --mtu 9000 --description \x1b[31mred")
	run(t, f, "load-balancer create sensors --listener udp:4789 --member 192.0.2.11,192.0.2.12@b*2 --cross-zone")
	run(t, f, "target create many --load-balancer sensors --mtu 1400")
	run(t, f, "rule create --filter web --direction egress --number 7 --action reject --protocol 89 --source-ports 53")
	for line, want := range map[string]string{
		"interface list": `
NAME     ID                     PORT   MAC                VLAN  ADDRESSES   MTU
web-1    eni-00000000000000001  wire0  02:00:00:00:00:05     -  10.0.0.5      -
printer  eni-00000000000000002  wire1  -                    12  -          9000
`,
		"target list": `
NAME  ID                     ADDRESS     INTERFACE  LOAD BALANCER   MTU  STATE
ids   tmt-00000000000000001  192.0.2.10  -          -                 -  -
many  tmt-00000000000000002  -           -          sensors        1400  -
`,
		"filter list": `
NAME  ID                     SERVICES    INGRESS RULES  EGRESS RULES
web   tmf-00000000000000001  amazon-dns              1             1
`,
		"rule list": `
ID                      FILTER  DIRECTION  NUMBER  ACTION  PROTOCOL  SOURCE     PORTS  DESTINATION  PORTS
tmfr-00000000000000001  web     ingress       100  accept  tcp       0.0.0.0/0  -      10.0.0.0/16  80-443
tmfr-00000000000000002  web     egress          7  reject  89        -          53     -            -
`,
		"session list": `
NAME  ID                     SOURCE  NUMBER  TARGET  FILTER  VNI  LENGTH  STATE
s1    tms-00000000000000001  web-1        1  ids     web     100       -  -
`,
		"load-balancer list": `
NAME     ID                     LISTENERS  MEMBERS                     CROSS ZONE
sensors  nlb-00000000000000001  udp:4789   192.0.2.11, 192.0.2.12@b*2  yes
`,
		"interface list -o name": "\nweb-1\nprinter\n",
		"rule list -o name":      "\ntmfr-00000000000000001\ntmfr-00000000000000002\n",
		"session show s1": `
name    s1
id      tms-00000000000000001
source  web-1 (eni-00000000000000001)
number  1
target  ids (tmt-00000000000000001)
filter  web (tmf-00000000000000001)
vni     100
`,
		"interface show printer": `
name         printer
id           eni-00000000000000002
port         wire1
vlan         12
mtu          9000
description  ` + "\uFFFD" + `[31mred
`,
		"filter show web": `
name           web
id             tmf-00000000000000001
service        amazon-dns
ingress-rules  1
egress-rules   1

ingress rules, the lowest number first
  ID                      NUMBER  ACTION  PROTOCOL  SOURCE     PORTS  DESTINATION  PORTS
  tmfr-00000000000000001     100  accept  tcp       0.0.0.0/0  -      10.0.0.0/16  80-443

egress rules, the lowest number first
  ID                      NUMBER  ACTION  PROTOCOL  SOURCE  PORTS  DESTINATION  PORTS
  tmfr-00000000000000002       7  reject  89        -       53     -            -
`,
		"tag list session/s1": "\nKEY   VALUE\nenv   prod\nteam  netops\n",
	} {
		r := run(t, f, line)
		if r.code != ExitOK || r.errs != "" {
			t.Errorf("%s: exit %d, %s", line, r.code, r.errs)
		}
		same(t, line, r.out, want[1:])
	}
}

func TestEmptyLists(t *testing.T) {
	for _, k := range kinds {
		r := run(t, newFake(), k.word+" list")
		if r.code != ExitOK || r.out != "" || r.errs != "there are no such "+k.plural()+"\n" {
			t.Errorf("%s: %+v", k.word, r)
		}
		if r := run(t, newFake(), k.word+" list -o json"); r.out != "{\n  \"items\": [],\n  \"revision\": 0\n}\n" {
			t.Errorf("%s: %+v", k.word, r)
		}
	}
}

func TestPages(t *testing.T) {
	f := newFake()
	for i := range 2500 {
		f.records["target"] = append(f.records["target"], record{"name": fmt.Sprint("t", i), "trafficMirrorTargetId": fmt.Sprint("tmt-", i)})
	}
	if r := run(t, f, "target list -o name"); strings.Count(r.out, "\n") != 2500 || !strings.HasSuffix(r.out, "t2499\n") {
		t.Errorf("%d lines", strings.Count(r.out, "\n"))
	}
	if r := run(t, f, "target list -o name --limit 1200"); strings.Count(r.out, "\n") != 1200 {
		t.Errorf("%d lines", strings.Count(r.out, "\n"))
	}
	r := run(t, f, "target list --limit 2")
	if !strings.Contains(r.errs, "--next-token 2") || strings.Count(r.out, "\n") != 3 {
		t.Errorf("%+v", r)
	}
	var page api.List[api.TrafficMirrorTarget]
	r = run(t, f, "target list --limit 1 --next-token 2499 -o json")
	if err := json.Unmarshal([]byte(r.out), &page); err != nil || page.Items[0].Name != "t2499" || page.NextToken != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWhere(t *testing.T) {
	f := newFake()
	build(t, f)
	r := run(t, f, "session list -o name --account 123456789012 --where source=web-1 --where vni=100 --where virtualNetworkId=1* --where filter=tmf-0* --where tag:team=net=ops --where color=red")
	want := Options{Account: "123456789012", Where: map[string][]string{
		"networkInterfaceId": {"eni-00000000000000001"}, "virtualNetworkId": {"100", "1*"},
		"trafficMirrorFilterId": {"tmf-0*"}, "tag:team": {"net=ops"}, "color": {"red"},
	}}
	if diff := cmp.Diff(want, f.asked[len(f.asked)-1]); diff != "" || r.code != ExitOK {
		t.Errorf("%+v: %s", r, diff)
	}
	if r := run(t, f, "session list --where source=nobody"); r.code != ExitNotFound {
		t.Errorf("%+v", r)
	}
}

func TestJSONIsTheAPIs(t *testing.T) {
	f := newFake()
	build(t, f)
	f.records["session"][0]["unheardOf"] = map[string]any{"b": json.Number("12345678901234567890"), "a": "<&>"}
	r := run(t, f, "session show s1 -o json")
	for _, piece := range []string{"12345678901234567890", "<&>", `"networkInterfaceId": "eni-00000000000000001"`} {
		if !strings.Contains(r.out, piece) {
			t.Errorf("%s is missing in %s", piece, r.out)
		}
	}
}

// TestFieldsAreTheAPIs: every JSON member of the wire types has a field here, and the other way
// round.
func TestFieldsAreTheAPIs(t *testing.T) {
	for word, resource := range map[string]any{
		"interface": api.NetworkInterface{}, "target": api.TrafficMirrorTarget{}, "filter": api.TrafficMirrorFilter{},
		"rule": api.TrafficMirrorFilterRule{}, "session": api.TrafficMirrorSession{}, "load-balancer": api.LoadBalancer{},
		"share": api.ResourceShare{},
	} {
		k, members := kindOf(word), map[string]bool{}
		addMembers(members, "", reflect.TypeOf(resource))
		known := map[string]bool{k.idKey: true, "ownerId": !k.unnamed, "tags": true,
			"memberStates": true, "zoneStates": true, "invitations": true} // in tables of their own
		for _, f := range k.allFields() {
			known[f.json] = true
			if !members[f.json] {
				t.Errorf("%s: field %s: the API has no member %s", word, f.flag, f.json)
			}
		}
		for member := range members {
			if !known[member] {
				t.Errorf("%s: no field for the API's member %s", word, member)
			}
		}
	}
}

func addMembers(members map[string]bool, before string, of reflect.Type) {
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			addMembers(members, before, field.Type)
		case field.Type == reflect.TypeOf(&api.HealthCheck{}), field.Type == reflect.TypeOf(&api.TargetPath{}):
			addMembers(members, name+".", field.Type.Elem())
		default:
			members[before+name] = true
		}
	}
}
