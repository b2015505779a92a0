package server

import (
	"encoding/json"
	"net/url"
	"reflect"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
)

// roundTrip: whatever a decoder takes becomes a record without panic, and a record comes back from
// its wire form as it was.
func roundTrip[W, R any](t *testing.T, k *kind[W, R], body []byte) {
	var w W
	if strictjson.Decode(body, &w) != nil {
		return
	}
	var f faults
	record := k.record(&w, &f)
	if len(f.items) > 0 {
		for _, item := range f.items {
			if item.Code == "" || item.Field == "" || item.Message == "" {
				t.Fatalf("%s: a fault that does not say enough: %+v", k.kind, item)
			}
		}
		return
	}
	once := k.wire(record)
	again := k.record(&once, &f)
	twice := k.wire(again)
	first, err1 := json.Marshal(once)
	second, err2 := json.Marshal(twice)
	if err1 != nil || err2 != nil || len(f.items) > 0 || string(first) != string(second) {
		t.Fatalf("%s: %s becomes %s (%+v)", k.kind, first, second, f.items)
	}
}

func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","port":"wire0","macAddress":"02:00:00:00:00:01","vlan":7,"ipAddresses":["10.0.0.5","2001:db8::1"],"tags":{"a":"b"}}`,
		`{"name":"a","ipAddress":"192.0.2.1","mtu":1500}`,
		`{"name":"f","networkServices":["amazon-dns"],"ingressFilterRules":[{"ruleNumber":1,"ruleAction":"accept","protocol":"tcp","sourceCidrBlock":"10.0.0.0/8","sourcePortRange":{"fromPort":1,"toPort":2}}]}`,
		`{"trafficMirrorFilterId":"f","trafficDirection":"egress","ruleNumber":1,"ruleAction":"reject","protocol":-1}`,
		`{"name":"s","networkInterfaceId":"a","trafficMirrorTargetId":"t","trafficMirrorFilterId":"f","sessionNumber":1,"packetLength":64}`,
		`{"name":"lb","listeners":[{"protocol":"udp","port":1}],"health":{"protocol":"tcp","port":80},"members":[{"address":"10.0.0.1","weight":0}]}`,
		`{"name":"s","trafficMirrorTargetIds":["t"],"allowExternalPrincipals":false,"principals":[{"principalId":"123456789012","status":"pending"}]}`,
		`{"interfaces":[{"name":"a"}],"filters":[{"name":"f"}]}`,
		`{"source":"web-1","direction":"ingress","protocol":"udp","sourceAddress":"[2001:db8::1]:1","destinationAddress":"[2001:db8::2]:53","length":1500}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		roundTrip(t, interfaceKind, body)
		roundTrip(t, targetKind, body)
		roundTrip(t, filterKind, body)
		roundTrip(t, ruleKind, body)
		roundTrip(t, sessionKind, body)
		roundTrip(t, balancerKind, body)
		roundTrip(t, shareKind, body)
		_, _ = decodeDocument(body)
		namesRules(body)
		fuzzPacket(t, body)
	})
}

// fuzzPacket: a packet that is accepted becomes a frame of the length that was asked for.
func fuzzPacket(t *testing.T, body []byte) {
	var w api.ExplainRequest
	if strictjson.Decode(body, &w) != nil {
		return
	}
	source := interfaceRecord(&api.NetworkInterface{}, &faults{})
	frame, err := readFrame(&w, source, 0)
	if err == nil && w.Length != 0 && len(frame) != w.Length {
		t.Fatalf("%s becomes a frame of %d bytes", body, len(frame))
	}
}

// FuzzListQuery: no query of a list panics or selects by what it does not name.
func FuzzListQuery(f *testing.F) {
	for _, seed := range []string{"limit=5&nextToken=e30", "name=a*&name=?b&tag:x=%2A", "protocol=tcp&ruleNumber=1", "nextToken=eyJsIjpbImEiXSwiYyI6LTF9", `name=\`} {
		f.Add(seed)
	}
	r := &route{query: listParameters(reflect.TypeFor[api.TrafficMirrorFilterRule]())}
	rule := api.TrafficMirrorFilterRule{RuleNumber: 1, Tags: map[string]string{"x": "*"}}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		for name := range query {
			if r.parameter(name) == nil {
				return
			}
		}
		if s, err := readSelection[api.TrafficMirrorFilterRule](query); err == nil && !s.holds(&rule) && s.isEmpty() {
			t.Fatalf("%q selects nothing and refuses", raw)
		}
		if p, err := readPlace(query.Get("nextToken")); err == nil {
			if at := p.after(3, func(i int) string { return string(rune('a' + i)) }); at < 0 || at > 3 {
				t.Fatalf("%q begins at %d of 3", raw, at)
			}
		}
	})
}
