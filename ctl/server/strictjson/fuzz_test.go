package strictjson

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"mirrorgw/ctl/api"
)

var seeds = []string{
	`{"name":"web-1","port":"wire0","macAddress":"02:00:00:00:00:01","vlan":7,"ipAddresses":["10.0.0.5"],"tags":{"a":"b"}}`,
	`{"name":"f","networkServices":["amazon-dns"],"ingressFilterRules":[{"ruleNumber":1,"ruleAction":"accept","protocol":"tcp","sourcePortRange":{"fromPort":1,"toPort":2}}]}`,
	`{"name":"lb","listeners":[{"protocol":"udp","port":4789}],"health":{"protocol":"tcp","port":80},"members":[{"address":"10.0.0.1","weight":0}]}`,
	`{"source":"web-1","direction":"ingress","protocol":6,"sourceAddress":"10.0.0.9:4000","destinationAddress":"10.0.0.5:443","length":1500}`,
	`{"interfaces":[{"name":"a"}],"sessions":[{"name":"s","sessionNumber":1}]}`,
	`{"tags":{"a":null}}`, `{"a":`, `[[[[[[[[[[[[[[[[[[[[`, "{\"\\ud800\":1}", `{"vlan":1e99999}`, ``,
}

// decoders are the types of every request body.
var decoders = []func() any{
	func() any { return &api.NetworkInterface{} }, func() any { return &api.TrafficMirrorTarget{} },
	func() any { return &api.TrafficMirrorFilter{} }, func() any { return &api.TrafficMirrorFilterRule{} },
	func() any { return &api.TrafficMirrorSession{} }, func() any { return &api.LoadBalancer{} },
	func() any { return &api.Tags{} }, func() any { return &api.Document{} }, func() any { return &api.ExplainRequest{} },
}

// FuzzDecode: whatever is accepted, encoding/json accepts too, and reads the same; nothing panics;
// every refusal says something.
func FuzzDecode(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, decoder := range decoders {
			strict, lax := decoder(), decoder()
			if err := Decode(body, strict); err != nil {
				checkRefusal(t, err)
				continue
			}
			if err := json.Unmarshal(body, lax); err != nil {
				t.Fatalf("%T: accepted, but encoding/json says %v", strict, err)
			}
			if !reflect.DeepEqual(strict, lax) {
				t.Fatalf("read %+v, encoding/json reads %+v", strict, lax)
			}
		}
	})
}

// FuzzMerge: a patch never leaves a value that is not its type's, and the same patch twice is the
// same as once (RFC 7396 section 2 follows no other rule).
func FuzzMerge(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	before := api.NetworkInterface{Common: api.Common{Name: "a", Tags: map[string]string{"x": "1"}}, VLAN: 5}
	f.Fuzz(func(t *testing.T, patch []byte) {
		var once, twice api.NetworkInterface
		if err := Merge(patch, &before, &once); err != nil {
			checkRefusal(t, err)
			return
		}
		if err := Merge(patch, &once, &twice); err != nil {
			t.Fatalf("the second time: %v", err)
		}
		first, err1 := json.Marshal(once)
		second, err2 := json.Marshal(twice)
		if err1 != nil || err2 != nil || string(first) != string(second) {
			t.Fatalf("once %s, twice %s (%v, %v)", first, second, err1, err2)
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) == 0 || len(e.Faults) > maxFaults {
		t.Fatalf("refused with %#v", err)
	}
	for _, fault := range e.Faults {
		if fault.Text == "" {
			t.Fatalf("a fault without text: %+v", e)
		}
	}
}
