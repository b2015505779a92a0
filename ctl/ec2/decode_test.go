package ec2

import (
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// TestLists: indexes say the order; gaps between them do not matter.
func TestLists(t *testing.T) {
	in, fault := decode(url.Values{"A.10": {"ten"}, "A.2": {"two"}, "A.900": {""}, "B.1.C.3": {"x"}, "B.1.C.1": {"y"}},
		[]field{list("A", 3, text("", 9)), list("B", 1, structure("", list("C", 2, text("", 9))))})
	if fault != nil {
		t.Fatal(fault)
	}
	if got := strings.Join(in.texts("A"), ","); got != "two,ten," {
		t.Errorf("A is %q", got)
	}
	if got := strings.Join(in.list("B")[0].texts("C"), ","); got != "y,x" {
		t.Errorf("C is %q", got)
	}
	for _, name := range []string{"A", "A.", "A.0", "A.1.", "A.1.B", "A.1000000", "A.+1", "A. 1", "A.1e3", "B.1", "B.1.C", "B.1.D", "a.1", ".A.1"} {
		if _, fault := decode(url.Values{name: {"v"}}, []field{list("A", 3, text("", 9)), list("B", 1, structure("", list("C", 2, text("", 9))))}); fault == nil || fault.Code != "UnknownParameter" {
			t.Errorf("%q: %v", name, fault)
		}
	}
}

// TestServeWithoutForm: other services' calls have no parameters.
func TestServeWithoutForm(t *testing.T) {
	w := newWorld(t)
	w.last.Version = "2014-10-01"
	call := w.last
	for _, test := range []struct{ action, version, code string }{{"DescribeTags", "2014-10-01", "NoSuchVersion"}, {"DescribeTags", "", "MissingParameter"}, {"", apiVersion, "MissingAction"}} {
		call.Action, call.Version = test.action, test.version
		if reply := w.service.Serve(&call); reply.Code != test.code || reply.Status != http.StatusBadRequest {
			t.Errorf("%q %q: %d %s", test.action, test.version, reply.Status, reply.Body)
		}
	}
}

// FuzzServe: whatever a form says, the answer is XML, is no defect, and a refusal changes nothing.
func FuzzServe(f *testing.F) {
	for _, seed := range []string{
		"Action=CreateTrafficMirrorSession&NetworkInterfaceId=web-1&TrafficMirrorTargetId=ids&TrafficMirrorFilterId=web&PacketLength=100&SessionNumber=1&VirtualNetworkId=7&Description=hello+world+%26+%3Cx%3E&TagSpecification.1.ResourceType=traffic-mirror-session&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=a+b&ClientToken=t",
		"Action=CreateTrafficMirrorFilterRule&TrafficMirrorFilterId=web&TrafficDirection=ingress&RuleNumber=100&RuleAction=accept&DestinationPortRange.FromPort=80&DestinationPortRange.ToPort=443&Protocol=6&DestinationCidrBlock=%3A%3A%2F0&SourceCidrBlock=%3A%3A%2F0",
		"Action=ModifyTrafficMirrorFilterRule&TrafficMirrorFilterRuleId=tmfr-1&RemoveField.1=protocol",
		"Action=DescribeTrafficMirrorSessions&Filter.1.Name=session-number&Filter.1.Value.1=1&Filter.2.Name=tag%3AName&Filter.2.Value.1=x*&MaxResults=5&NextToken=abc",
		"Action=CreateTags&ResourceId.1=tms-1&Tag.1.Key=%D0%BA&Tag.1.Value=",
		"Action=DeleteTags&ResourceId.1=tms-1&DryRun=true",
		"Action=CreateNetworkInterface&SubnetId=wire0&PrivateIpAddresses.1.PrivateIpAddress=10.0.0.1&PrivateIpAddresses.1.Primary=true",
		"Action=CreateTrafficMirrorTarget&NetworkLoadBalancerArn=arn%3Aaws%3Aelasticloadbalancing%3Ax%3A111111111111%3Aloadbalancer%2Fnet%2Flb%2F0",
		"Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=web-1",
		"Action=ModifyTrafficMirrorFilterNetworkServices&TrafficMirrorFilterId=web&AddNetworkService.1=amazon-dns",
	} {
		f.Add(seed)
	}
	w := newWorld(f)
	w.source("web-1", 1)
	w.put(func(tx *store.Tx) error {
		if err := tx.PutTarget(&ctl.Target{Common: ctl.Common{Name: "ids", Account: alice}, Address: w.config.Ports[2].Addresses[0].Addr().Next()}); err != nil {
			return err
		}
		return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: "web", Account: alice}})
	})
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		action := form.Get("Action")
		form.Del("Action")
		call := w.last
		call.Principal.Account, call.RequestID, call.Time, call.Action, call.Version, call.Params = alice, "r", noon, action, apiVersion, form
		before := w.revision()
		reply := w.service.Serve(&call)
		parseXML(t, reply.Body)
		if reply.Status >= 500 || reply.Status == 0 {
			t.Fatalf("%s: %d %s", body, reply.Status, reply.Body)
		}
		if reply.Code != "" && w.revision() != before {
			t.Fatalf("%s was refused with %s and changed something", body, reply.Code)
		}
	})
}

// TestRecordedRequests: what real clients send is understood, but for what is wrong in it.
func TestRecordedRequests(t *testing.T) {
	text, err := os.ReadFile("testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string]string{"bogus": "InvalidParameterValue", "99999": "InvalidParameterValue", "SourcePortRange.FromPort=5": "MissingParameter"}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		form, err := url.ParseQuery(line)
		if err != nil {
			t.Fatal(err)
		}
		a := actionNamed(form.Get("Action"))
		form.Del("Action")
		form.Del("Version")
		if a == nil {
			t.Errorf("no action: %s", line)
			continue
		}
		want := ""
		for part, code := range wrong {
			if strings.Contains(line, part) && !strings.Contains(line, "bogus-type") { // that is judged later
				want = code
			}
		}
		got := ""
		if _, fault := decode(form, a.fields); fault != nil {
			got = fault.Code
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestDotsAreFewPieces: a name of nothing but dots takes no more memory than itself.
func TestDotsAreFewPieces(t *testing.T) {
	params := url.Values{"A.1" + strings.Repeat(".", 1<<20): {""}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, fault := decode(params, []field{list("A", 3, text("", 9))})
	runtime.ReadMemStats(&after)
	if fault == nil || fault.Code != "UnknownParameter" {
		t.Errorf("fault %v", fault)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("%d bytes for one parameter", n)
	}
}
