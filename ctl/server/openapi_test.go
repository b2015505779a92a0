package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/pcapng"
	"mirrorgw/ctl/server"
)

// document is what the test reads of the OpenAPI document.
type document struct {
	OpenAPI    string                          `json:"openapi"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]any `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name, In string
		Prefix   bool `json:"x-prefix"`
		Schema   map[string]any
	}
	RequestBody *struct {
		Content map[string]struct{ Schema any }
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]struct{ Schema any }
	}
}

func (w *world) document() *document {
	w.t.Helper()
	_, text, _ := w.curl("GET", api.PathOpenAPI, "")
	d := &document{}
	if err := json.Unmarshal([]byte(text), d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// requests are a body for every operation that takes one, and what the path names.
var requests = map[string]struct{ ref, body string }{
	"post /v1/interfaces":            {"", `{"name":"new","port":"wire1","macAddress":"02:00:00:00:00:77","tags":{"a":"b"}}`},
	"post /v1/targets":               {"", `{"name":"new","ipAddress":"192.0.2.11"}`},
	"post /v1/filters":               {"", `{"name":"new","networkServices":["amazon-dns"],"egressFilterRules":[{"ruleNumber":1,"ruleAction":"reject","protocol":"udp","sourcePortRange":{"fromPort":1,"toPort":2}}]}`},
	"post /v1/rules":                 {"", `{"trafficMirrorFilterId":"web","trafficDirection":"egress","ruleNumber":7,"ruleAction":"accept","protocol":17}`},
	"post /v1/sessions":              {"", `{"name":"new","networkInterfaceId":"web-1","trafficMirrorTargetId":"ids","trafficMirrorFilterId":"web","sessionNumber":2}`},
	"post /v1/load-balancers":        {"", `{"name":"new","listeners":[{"protocol":"udp","port":4789}],"health":{"protocol":"tcp","port":80},"members":[{"address":"192.0.2.30"}]}`},
	"post /v1/shares":                {"", `{"name":"new","trafficMirrorTargetIds":["ids"],"principals":[{"principalId":"123456789012","status":"accepted"}]}`},
	"patch /v1/shares/{ref}":         {"sh", `{"allowExternalPrincipals":true,"principals":null}`},
	"post /v1/invitations/{id}":      {"", `{"status":"accepted"}`},
	"post /v1/capture":               {"", `{"count":1}`},
	"post /v1/iam/simulate":          {"", `{"action":"ec2:CreateTrafficMirrorSession","resources":["arn:aws:ec2:local-1:000000000000:traffic-mirror-target/tmt-1"],"context":{"aws:SourceIp":["192.0.2.1"]}}`},
	"patch /v1/interfaces/{ref}":     {"web-1", `{"mtu":9001}`},
	"patch /v1/targets/{ref}":        {"ids", `{"mtu":1600}`},
	"patch /v1/filters/{ref}":        {"web", `{"description":"x"}`},
	"patch /v1/rules/{ref}":          {"RULE", `{"ruleNumber":8}`},
	"patch /v1/sessions/{ref}":       {"s1", `{"packetLength":100}`},
	"patch /v1/load-balancers/{ref}": {"lb", `{"crossZone":true}`},
	"put /v1/tags/{id}":              {"RULE", `{"tags":{"a":"b"}}`},
	"patch /v1/tags/{id}":            {"RULE", `{"tags":{"a":null}}`},
	"post /v1/apply":                 {"", `[[filter]]`},
	"put /v1/log-level":              {"", `{"level":"info"}`},
	"post /v1/explain":               {"", `{"source":"web-1","direction":"ingress","protocol":6,"sourceAddress":"10.0.0.9","destinationAddress":"10.0.0.5:443"}`},
}

var references = map[string]string{api.PathInterfaces: "web-1", api.PathTargets: "ids", api.PathFilters: "web", api.PathRules: "RULE",
	api.PathSessions: "s1", api.PathLoadBalancers: "lb", api.PathShares: "sh", api.PathTags: "RULE"}

// TestEveryOperationAnswersAsDocumented walks the document the server serves: each operation is
// called on a world of its own, and its answer must be a documented one and fit its schema.
func TestEveryOperationAnswersAsDocumented(t *testing.T) {
	d := newWorld(t, server.Limits{}).document()
	if d.OpenAPI != "3.1.0" || len(d.Paths) < 20 {
		t.Fatalf("OpenAPI %s with %d paths", d.OpenAPI, len(d.Paths))
	}
	ids := map[string]bool{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			if ids[o.ID] {
				t.Errorf("operationId %s is there twice", o.ID)
			}
			ids[o.ID] = true
			t.Run(method+path, func(t *testing.T) { checkOperation(t, d, method, path, &o) })
		}
	}
}

func checkOperation(t *testing.T, d *document, method, path string, o *operation) {
	w := newWorldWith(t, server.Limits{Heartbeat: time.Millisecond}, server.SocketOptions{}, func(o *server.Options) {
		o.Reloader = &reloader{}
		o.Audit = must(audit.Open(audit.Options{Path: filepath.Join(t.TempDir(), "audit.log"), MaxBytes: 1 << 20, Files: 1}))(t)
		t.Cleanup(func() { o.Audit.Close() })
	})
	w.build()
	w.captures.frames = sample("")
	must(w.client.LoadBalancers().Create(background, api.LoadBalancer{Common: api.Common{Name: "lb"}, Members: []api.LoadBalancerMember{{Address: "192.0.2.30"}}}))(t)
	must(w.client.Shares().Create(background, api.ResourceShare{Common: api.Common{Name: "sh"}, TrafficMirrorTargetIDs: []string{"ids"},
		Principals: []api.SharePrincipal{{PrincipalID: "123456789012"}}}))(t)
	request, has := requests[method+" "+path]
	if (o.RequestBody != nil) != has {
		t.Fatalf("documented body: %v; the test has one: %v", o.RequestBody != nil, has)
	}
	real := w.realPath(path)
	if method == "delete" && (strings.HasPrefix(path, api.PathTargets) || strings.HasPrefix(path, api.PathFilters)) {
		must(w.client.Sessions().Delete(background, "s1"))(t)
	}
	body := request.body
	if path == api.PathApply {
		body = "[[filter]]\nname = \"new\"\n"
	}
	if path == api.PathWatch {
		response := must(w.raw().Get("http://x" + path + "?from=4"))(t)
		defer response.Body.Close()
		var event any
		if err := json.NewDecoder(response.Body).Decode(&event); err != nil {
			t.Fatal(err)
		}
		d.check(t, o.Responses["200"].Content["application/jsonl"].Schema, event, "event")
	} else {
		status, text, header := w.curl(strings.ToUpper(method), real, body, "Accept", api.ContentType)
		d.checkAnswer(t, o, status, text, header)
		if status >= 300 {
			t.Errorf("%d %s", status, text)
		}
	}
	w.checkParameters(d, o, method, real, body)
}

// realPath puts a name or identifier where the pattern has a place for one.
func (w *world) realPath(path string) string {
	base, _, found := strings.Cut(path, "/{")
	if !found {
		return path
	}
	ref := references[base]
	if base == api.PathCapture {
		return base + "/" + w.begin(w.t.Context()).Identifier()
	}
	if base == api.PathInvitations {
		return base + "/" + must(w.client.Shares().List(background))(w.t)[0].Principals[0].InvitationID
	}
	if base == api.PathAudit {
		return base + "/" + must(w.client.AuditLog(background, client.AuditQuery{}))(w.t).Items[0].Position
	}
	if ref == "RULE" {
		ref = must(w.client.Rules().List(background))(w.t)[0].TrafficMirrorFilterRuleID
	}
	return base + "/" + ref
}

func (d *document) checkAnswer(t *testing.T, o *operation, status int, text string, header http.Header) {
	t.Helper()
	response, ok := o.Responses[fmt.Sprint(status)]
	if !ok {
		t.Fatalf("status %d is not documented: %s", status, text)
	}
	content, ok := response.Content[header.Get("Content-Type")]
	if !ok {
		t.Fatalf("%s with status %d is not documented", header.Get("Content-Type"), status)
	}
	if header.Get("Content-Type") == pcapng.ContentType {
		return
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	d.check(t, content.Schema, value, "answer")
}

// checkParameters: every documented query parameter is accepted, or its value refused by name;
// one that is not documented is unknown.
func (w *world) checkParameters(d *document, o *operation, method, path, body string) {
	t := w.t
	for _, p := range o.Parameters {
		if p.In != "query" || path == api.PathWatch {
			continue
		}
		name := p.Name
		if p.Prefix {
			name += "key"
		}
		value := map[string]string{"limit": "5", "nextToken": "e30", "dryRun": "true", "keepOthers": "true", "kind": "ports", "protocol": "tcp"}[name]
		status, text, header := w.curl(strings.ToUpper(method), path+"?"+name+"="+value, body, "Accept", api.ContentType)
		d.checkAnswer(t, o, status, text, header)
		if strings.Contains(text, api.CodeUnknownField) {
			t.Errorf("documented parameter %s: %s", name, text)
		}
	}
	w.refused(strings.ToUpper(method), path+"?bogus=1", body, api.CodeUnknownField, "bogus")
}

// check validates a value against a schema of the kinds that the document uses.
func (d *document) check(t *testing.T, schema, value any, at string) {
	t.Helper()
	if err := d.validate(schema, value, at); err != nil {
		t.Error(err)
	}
}

func (d *document) validate(schema, value any, at string) error {
	s, ok := schema.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: there is no schema", at)
	}
	if ref, ok := s["$ref"].(string); ok {
		return d.validate(d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")], value, at)
	}
	if ways, ok := s["anyOf"].([]any); ok {
		var faults error
		for _, one := range ways {
			err := d.validate(one, value, at)
			if err == nil {
				return nil
			}
			faults = errors.Join(faults, err)
		}
		return faults
	}
	if len(s) == 0 {
		return nil // anything
	}
	types, ok := s["type"].([]any)
	if !ok {
		types = []any{s["type"]}
	}
	if !slices.Contains(types, typeOf(value)) && !(typeOf(value) == "integer" && slices.Contains(types, any("number"))) {
		return fmt.Errorf("%s is %v of type %v; the schema says %v", at, value, typeOf(value), types)
	}
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			if err := d.validate(s["items"], item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		return d.validateObject(s, v, at)
	}
	return nil
}

func (d *document) validateObject(s, value map[string]any, at string) error {
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := value[name.(string)]; !ok {
			return fmt.Errorf("%s lacks %s", at, name)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, item := range value {
		schema, ok := properties[name]
		if !ok {
			if schema = s["additionalProperties"]; schema == false {
				return fmt.Errorf("%s has %s, which the schema does not", at, name)
			}
		}
		if schema == nil {
			continue // an object of anything
		}
		if err := d.validate(schema, item, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func typeOf(value any) any {
	switch v := value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}

// TestNoHandlerOutsideTheTable: only Handler registers, and what it registers is the table's.
func TestNoHandlerOutsideTheTable(t *testing.T) {
	for name, file := range parseSources(t, ".") {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && (call.Sel.Name == "HandleFunc" || call.Sel.Name == "Handle") && name != "handler.go" {
				t.Errorf("%s registers a handler", name)
			}
			return true
		})
	}
}

// parseSources parses the Go files of a directory, tests apart.
func parseSources(t *testing.T, directory string) map[string]*ast.File {
	files := map[string]*ast.File{}
	for _, path := range must(filepath.Glob(filepath.Join(directory, "*.go")))(t) {
		if !strings.HasSuffix(path, "_test.go") {
			files[filepath.Base(path)] = must(parser.ParseFile(token.NewFileSet(), path, nil, 0))(t)
		}
	}
	return files
}
