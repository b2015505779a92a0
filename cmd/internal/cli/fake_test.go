package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

// fake is a Gateway that keeps records as they come and judges nothing.
type fake struct {
	records  map[string][]record
	revision uint64
	calls    []string // of changes: method, kind, reference, body
	asked    []Options
	fail     error // of every request

	state     api.State
	health    api.Health
	stats     []*report.Report // one for each question; the last one again and again
	applied   api.Applied
	apply     client.ApplyOptions
	got       []byte // the document
	explain   api.ExplainRequest
	simulated api.SimulateRequest
	reload    api.Reload
	events    []api.Event
	from      uint64
	captured  api.CaptureRequest
	capture   fakeCapture
}

func newFake() *fake {
	return &fake{records: map[string][]record{}, health: api.Health{Status: "ok"}}
}

func (f *fake) find(kind, ref string) (int, error) {
	for i, r := range f.records[kind] {
		if ref == plain(r["name"]) || ref == plain(r[kindOf(kind).idKey]) {
			return i, f.fail
		}
	}
	if f.fail != nil {
		return 0, f.fail
	}
	return 0, &api.Error{Status: http.StatusNotFound, Code: api.CodeNotFound, Message: "there is no " + kind + " " + ref}
}

func (f *fake) note(o Options, parts ...any) {
	f.asked = append(f.asked, o)
	f.calls = append(f.calls, strings.TrimSpace(fmt.Sprintln(parts...)))
	f.revision++
}

func text(v any) string {
	raw, err := encode(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// copied is a record as it looks after a journey through JSON.
func copied(r record) record {
	var c record
	if err := decode(json.RawMessage(text(r)), &c); err != nil {
		panic(err)
	}
	return c
}

func (f *fake) Create(_ context.Context, kind string, body record, o Options) (json.RawMessage, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	f.note(o, "create", kind, text(body))
	k, r := kindOf(kind), copied(body)
	r[k.idKey] = fmt.Sprintf("%s%017x", k.prefix, len(f.records[kind])+1)
	f.refer(k, r)
	if k == ruleKind {
		f.addRule(r)
	}
	f.records[kind] = append(f.records[kind], r)
	return encode(api.Changed[record]{Resource: r, Revision: f.revision})
}

// refer replaces names by identifiers, as the daemon does.
func (f *fake) refer(k *kind, r record) {
	for _, field := range k.fields {
		if to := kindOf(field.refers); to != nil {
			if i, err := f.find(to.word, plain(r[field.json])); err == nil {
				r[field.json] = f.records[to.word][i][to.idKey]
			}
		}
	}
}

func (f *fake) addRule(r record) {
	i, err := f.find("filter", plain(r["trafficMirrorFilterId"]))
	if err != nil {
		return
	}
	filter, key := f.records["filter"][i], plain(r["trafficDirection"])+"FilterRules"
	list, _ := filter[key].([]any)
	filter[key] = append(list, map[string]any(copied(r)))
}

func (f *fake) Get(_ context.Context, kind, ref string, o Options) (json.RawMessage, error) {
	f.asked = append(f.asked, o)
	i, err := f.find(kind, ref)
	if err != nil {
		return nil, err
	}
	return encode(f.records[kind][i])
}

func (f *fake) Page(_ context.Context, kind string, limit int, token string, o Options) (json.RawMessage, error) {
	f.asked = append(f.asked, o)
	if f.fail != nil {
		return nil, f.fail
	}
	first := 0
	fmt.Sscan(token, &first)
	page := api.List[record]{Items: []record{}, Revision: f.revision}
	for i, r := range f.records[kind][first:] {
		if len(page.Items) == limit {
			page.NextToken = fmt.Sprint(first + i)
			break
		}
		page.Items = append(page.Items, r)
	}
	return encode(page)
}

func (f *fake) Modify(_ context.Context, kind, ref string, patch record, o Options) (json.RawMessage, error) {
	i, err := f.find(kind, ref)
	if err != nil {
		return nil, err
	}
	f.note(o, "modify", kind, ref, text(patch))
	for key, v := range copied(patch) {
		f.records[kind][i][key] = v
	}
	return encode(api.Changed[record]{Resource: f.records[kind][i], Revision: f.revision})
}

func (f *fake) Delete(_ context.Context, kind, ref string, o Options) (json.RawMessage, error) {
	i, err := f.find(kind, ref)
	if err != nil {
		return nil, err
	}
	f.note(o, "delete", kind, ref)
	gone := f.records[kind][i]
	f.records[kind] = append(f.records[kind][:i:i], f.records[kind][i+1:]...)
	return encode(api.Changed[record]{Resource: gone, Revision: f.revision, Warnings: []string{"it is gone"}})
}

func (f *fake) SetTags(_ context.Context, id string, tags map[string]*string, o Options) (json.RawMessage, error) {
	f.note(o, "tags", id, text(tags))
	return encode(api.Changed[api.Tags]{Resource: api.Tags{ResourceID: id, Tags: map[string]string{"a": "1"}}, Revision: f.revision})
}

func (f *fake) Tags(context.Context, string) (map[string]string, error) {
	return map[string]string{"team": "netops", "env": "prod"}, f.fail
}

func (f *fake) Apply(_ context.Context, document []byte, o client.ApplyOptions) (*api.Applied, error) {
	f.got, f.apply = document, o
	f.applied.DryRun = o.DryRun
	return &f.applied, f.fail
}

func (f *fake) Export(_ context.Context, contentType string) ([]byte, error) {
	if contentType == api.ContentType {
		return []byte(`{"interfaces":[]}`), f.fail
	}
	return []byte("[[interface]]\nname = \"web-1\"\n"), f.fail
}

func (f *fake) ConsoleLink(context.Context) (*api.ConsoleLink, error) {
	return &api.ConsoleLink{URL: "http://127.0.0.1:8790/enter?link=x", ExpiresAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, f.fail
}

func (f *fake) Simulate(_ context.Context, request api.SimulateRequest) (*api.Simulation, error) {
	f.simulated = request
	return &api.Simulation{Allowed: request.User == "alice", Reason: "because", Policy: "p", Statement: "2", Principal: "arn:aws:iam::000000000000:user/" + request.User}, nil
}

func (f *fake) AuditLog(_ context.Context, q client.AuditQuery) (*api.AuditLog, error) {
	f.note(Options{}, "audit", text(q))
	uid := 1000
	log := &api.AuditLog{Next: "1-2", Items: []api.AuditEntry{{Position: "1-9"}, {Position: "1-2"}}}
	log.Items[0].Record = audit.Record{Time: start, Door: "aws", Action: "CreateTags", Identity: audit.Identity{Type: audit.TypeUser, ARN: "arn:aws:iam::111111111111:user/ian"}, Status: 403, Code: "Denied"}
	log.Items[1].Record = audit.Record{Time: start, Door: "socket", Action: "postApply", Identity: audit.Identity{Type: audit.TypeUnix, UID: &uid}, Status: 200, Resources: []string{"tmt-1", "tmt-\x1b2"}}
	return log, f.fail
}

func (f *fake) Changes(_ context.Context, resource string, limit int, before string) (*api.Changes, error) {
	f.note(Options{}, "changes", resource, limit, before)
	return &api.Changes{Items: f.events, Next: "7"}, f.fail
}

func (f *fake) AnswerInvitation(_ context.Context, id, status string) (*api.Changed[api.ResourceShare], error) {
	f.note(Options{}, "answer", id, status)
	return &api.Changed[api.ResourceShare]{Resource: api.ResourceShare{Common: api.Common{Name: "tools"}, ResourceShareID: "s-1"}}, f.fail
}

func (f *fake) Explain(_ context.Context, request api.ExplainRequest, _ ...client.Option) (*api.Explanation, error) {
	f.explain = request
	return &api.Explanation{Outcome: "matched", Text: "session s1 mirrors it\n"}, f.fail
}

func (f *fake) State(context.Context, ...client.Option) (*api.State, error) { return &f.state, f.fail }
func (f *fake) Health(context.Context) (*api.Health, error)                 { return &f.health, f.fail }
func (f *fake) Reload(_ context.Context, dryRun bool) (*api.Reload, error) {
	f.note(Options{}, "reload", dryRun)
	return &f.reload, f.fail
}
func (f *fake) SetLogLevel(_ context.Context, level string) (*api.LogLevel, error) {
	f.note(Options{}, "log-level", level)
	return &api.LogLevel{Level: level}, f.fail
}
func (f *fake) Version(context.Context) (*api.Version, error) {
	return &api.Version{Version: "1.2.3", API: "1", DPDK: "DPDK 22.11"}, f.fail
}

func (f *fake) Stats(context.Context, client.StatsQuery) (*report.Report, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	stats := f.stats[0]
	if len(f.stats) > 1 {
		f.stats = f.stats[1:]
	}
	return stats, nil
}

func (f *fake) Watch(_ context.Context, from uint64, each func(api.Event) error) error {
	f.from = from
	for _, event := range f.events {
		if err := each(event); err != nil {
			return err
		}
	}
	return errors.New("the stream broke")
}

// start is when all tests take place.
var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// result is what a run of mirrorctl left.
type result struct {
	code      int
	out, errs string
}

// run executes a command line against a gateway. Words are separated by blanks.
func run(t *testing.T, g Gateway, line string) result {
	t.Helper()
	return runWords(g, "", strings.Fields(line)...)
}

func runWords(g Gateway, input string, args ...string) result {
	var out, errs bytes.Buffer
	at := start
	code := Run(context.Background(), args, Environment{
		In: strings.NewReader(input), Out: &out, Errs: &errs,
		Getenv: func(string) string { return "" },
		Dial:   func(string) Gateway { return g },
		Now:    func() time.Time { at = at.Add(time.Second); return at },
		After: func(time.Duration) <-chan time.Time {
			c := make(chan time.Time, 1)
			c <- at
			return c
		},
	})
	return result{code, out.String(), errs.String()}
}

// build makes the example in a gateway.
func build(t *testing.T, g Gateway) {
	t.Helper()
	for _, line := range creations {
		if r := run(t, g, line); r.code != ExitOK {
			t.Fatalf("%s: exit %d\n%s", line, r.code, r.errs)
		}
	}
}

var creations = []string{
	"interface create web-1 --port wire0 --mac 02:00:00:00:00:05 --address 10.0.0.5",
	"target create ids --address 192.0.2.10",
	"filter create web --service amazon-dns",
	"rule create --filter web --direction ingress --number 100 --action accept --protocol tcp" +
		" --source 0.0.0.0/0 --destination 10.0.0.0/16 --destination-ports 80-443",
	"session create s1 --source web-1 --target ids --filter web --number 1 --vni 100",
}
