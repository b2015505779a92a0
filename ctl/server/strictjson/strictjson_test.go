package strictjson

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mirrorgw/ctl/api"
)

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		name, body string
		kind       Kind
		field      string
		text       string // part of the sentence
	}{
		{"nothing", "", Malformed, "", "no body"},
		{"white space", " \n", Malformed, "", "no body"},
		{"not JSON", "{\n  \"name\": web}", Malformed, "", "line 2, column 11"},
		{"cut off", `{"name": "a"`, Malformed, "", "unexpected end"},
		{"trailing data", `{"name":"a"} x`, Malformed, "", "invalid character 'x' after top-level value"},
		{"two objects", `{"name":"a"}{"name":"b"}`, Malformed, "", "after top-level value"},
		{"not UTF-8", "{\"name\":\"\xff\"}", Malformed, "", "UTF-8"},
		{"array", `[]`, Malformed, "", "the body is an array; send an object"},
		{"null", `null`, Malformed, "", "the body is null"},
		{"twice", `{"name":"a","name":"b"}`, Malformed, "name", "is there twice"},
		{"twice below", `{"tags":{"k":"a","k":"b"}}`, Malformed, "tags.k", "is there twice"},
		{"deep", strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17), Malformed, strings.Repeat("a.", 15) + "a", "nested deeper"},
		{"unknown", `{"speed":1}`, UnknownField, "speed", "is not known; remove it"},
		{"near", `{"networkInterfaceID":"eni-1"}`, UnknownField, "networkInterfaceID", "did you mean networkInterfaceId?"},
		{"letter case", `{"Name":"a"}`, UnknownField, "Name", "did you mean name?"},
		{"type", `{"name":5}`, InvalidValue, "name", "field name is the number 5; give it a string"},
		{"null field", `{"name":null}`, InvalidValue, "name", "is null; give it a string, or leave it out"},
		{"text for number", `{"vlan":"5"}`, InvalidValue, "vlan", `the string "5"; give it a whole number`},
		{"fraction", `{"vlan":5.5}`, InvalidValue, "vlan", "5.5; give it a whole number"},
		{"exponent", `{"vlan":1e3}`, InvalidValue, "vlan", "1e3; give it a whole number"},
		{"range", `{"vlan":4294967296}`, InvalidValue, "vlan", "4294967296; give it a whole number from -2147483648"},
		{"zero is not absent", `{"vlan":0}`, InvalidValue, "vlan", "is 0; give it another number, or leave it out"},
		{"array item", `{"ipAddresses":["10.0.0.1",7]}`, InvalidValue, "ipAddresses[1]", "the number 7; give it a string"},
		{"tag value", `{"tags":{"a":{}}}`, InvalidValue, "tags.a", "an object; give it a string"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var w api.NetworkInterface
			err := Decode([]byte(test.body), &w)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("accepted: %+v", w)
			}
			if got := e.Faults[0]; got.Kind != test.kind || got.Field != test.field || !strings.Contains(got.Text, test.text) {
				t.Errorf("got %+v; want kind %d, field %q, text with %q", got, test.kind, test.field, test.text)
			}
		})
	}
}

func TestDecodeReportsAllFaults(t *testing.T) {
	var w api.TrafficMirrorFilter
	err := Decode([]byte(`{"nme":"a","description":1,"ingressFilterRules":[{"ruleNumber":"x","sourcePortRange":{"from":1}}]}`), &w)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal("accepted")
	}
	var fields []string
	for _, f := range e.Faults {
		fields = append(fields, f.Field)
	}
	want := []string{"nme", "description", "ingressFilterRules[0].ruleNumber", "ingressFilterRules[0].sourcePortRange.from"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeProtocol(t *testing.T) {
	for body, want := range map[string]string{`{"protocol":"tcp"}`: "tcp", `{"protocol":6}`: "6", `{"protocol":-1}`: "-1"} {
		var w api.TrafficMirrorFilterRule
		if err := Decode([]byte(body), &w); err != nil || w.Protocol.Text != want {
			t.Errorf("%s: got %+v, %v", body, w.Protocol, err)
		}
	}
	var w api.TrafficMirrorFilterRule
	if err := Decode([]byte(`{"protocol":true}`), &w); err == nil || !strings.Contains(err.Error(), "a name or a number") {
		t.Errorf("got %v", err)
	}
}

// TestMergeExamples are those of RFC 7396 appendix A that concern objects, in fields that we have.
func TestMergeExamples(t *testing.T) {
	before := api.NetworkInterface{Common: api.Common{Name: "a", Tags: map[string]string{"x": "1", "y": "2"}}, VLAN: 5, IPAddresses: []string{"10.0.0.1"}}
	tests := []struct {
		patch string
		want  api.NetworkInterface
	}{
		{`{}`, before},
		{`{"name":"b"}`, with(before, func(w *api.NetworkInterface) { w.Name = "b" })},
		{`{"vlan":null}`, with(before, func(w *api.NetworkInterface) { w.VLAN = 0 })},
		{`{"port":null}`, before},
		{`{"ipAddresses":["10.0.0.2"]}`, with(before, func(w *api.NetworkInterface) { w.IPAddresses = []string{"10.0.0.2"} })},
		{`{"tags":{"x":null,"z":"3"}}`, with(before, func(w *api.NetworkInterface) { w.Tags = map[string]string{"y": "2", "z": "3"} })},
		{`{"tags":null}`, with(before, func(w *api.NetworkInterface) { w.Tags = nil })},
	}
	for _, test := range tests {
		var got api.NetworkInterface
		if err := Merge([]byte(test.patch), &before, &got); err != nil {
			t.Errorf("%s: %v", test.patch, err)
		} else if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.patch, diff)
		}
	}
	for _, patch := range []string{`[]`, `null`, `{"nme":null}`, `{"name":7}`, `{"vlan":0}`, `{"tags":{"x":1}}`, `{"a":1`} {
		var got api.NetworkInterface
		if err := Merge([]byte(patch), &before, &got); err == nil {
			t.Errorf("%s is accepted: %+v", patch, got)
		}
	}
}

func with(w api.NetworkInterface, change func(*api.NetworkInterface)) api.NetworkInterface {
	change(&w)
	return w
}

// TestDecodeInvertsMarshal: what the server writes, it reads back.
func TestDecodeInvertsMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z0-9 "\\é]{0,8}`)
		w := api.TrafficMirrorSession{Common: api.Common{Name: text.Draw(t, "name"), Description: text.Draw(t, "description"),
			Tags: rapid.MapOfN(text, text, 0, 4).Draw(t, "tags")},
			SessionNumber: rapid.IntRange(1, 32766).Draw(t, "number"), VirtualNetworkID: rapid.IntRange(0, 1<<24-1).Draw(t, "vni")}
		if len(w.Tags) == 0 {
			w.Tags = nil
		}
		body, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		var got api.TrafficMirrorSession
		if err := Decode(body, &got); err != nil || !reflect.DeepEqual(w, got) {
			t.Fatalf("%s: %v\n%s", body, err, cmp.Diff(w, got))
		}
	})
}
