package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

// Gateway is the daemon as the commands see it. Errors that the daemon answers are *api.Error;
// all others mean that no answer came. Answers about resources are JSON, as the API writes it.
type Gateway interface {
	Create(ctx context.Context, kind string, body record, o Options) (json.RawMessage, error)
	Get(ctx context.Context, kind, ref string, o Options) (json.RawMessage, error)
	Page(ctx context.Context, kind string, limit int, nextToken string, o Options) (json.RawMessage, error)
	Modify(ctx context.Context, kind, ref string, patch record, o Options) (json.RawMessage, error)
	Delete(ctx context.Context, kind, ref string, o Options) (json.RawMessage, error)
	SetTags(ctx context.Context, id string, tags map[string]*string, o Options) (json.RawMessage, error)

	// The rest is the client's own.
	Apply(ctx context.Context, document []byte, o client.ApplyOptions) (*api.Applied, error)
	Export(ctx context.Context, contentType string) ([]byte, error)
	ConsoleLink(ctx context.Context) (*api.ConsoleLink, error)
	Simulate(ctx context.Context, request api.SimulateRequest) (*api.Simulation, error)
	Explain(ctx context.Context, request api.ExplainRequest, options ...client.Option) (*api.Explanation, error)
	Tags(ctx context.Context, id string) (map[string]string, error)
	State(ctx context.Context, options ...client.Option) (*api.State, error)
	Health(ctx context.Context) (*api.Health, error)
	Version(ctx context.Context) (*api.Version, error)
	Reload(ctx context.Context, dryRun bool) (*api.Reload, error)
	SetLogLevel(ctx context.Context, level string) (*api.LogLevel, error)
	Stats(ctx context.Context, q client.StatsQuery) (*report.Report, error)
	Watch(ctx context.Context, from uint64, each func(api.Event) error) error
	Capture(ctx context.Context, request api.CaptureRequest, options ...client.Option) (CaptureStream, error)
	AuditLog(ctx context.Context, q client.AuditQuery) (*api.AuditLog, error)
	StopCapture(ctx context.Context, id string) error
	Changes(ctx context.Context, resource string, limit int, before string) (*api.Changes, error)
	AnswerInvitation(ctx context.Context, id, status string) (*api.Changed[api.ResourceShare], error)
}

// CaptureStream is a capture that runs: a pcapng file that grows, to io.EOF.
type CaptureStream interface {
	io.ReadCloser
	Identifier() string                    // to end it by
	Summary() (*api.CaptureSummary, error) // once io.EOF was read
}

// Options go with requests about resources.
type Options struct {
	Account     string              // whose names are meant; "": the default account
	IfMatch     uint64              // revision that must still be the last; 0: any
	ClientToken string              // of a create; "": drawn
	Where       map[string][]string // of a list: JSON member -> values
}

// list is what the client takes.
func (o Options) list() []client.Option {
	options := []client.Option{client.Account(o.Account), client.IfMatch(o.IfMatch)}
	if o.ClientToken != "" {
		options = append(options, client.ClientToken(o.ClientToken))
	}
	for name, values := range o.Where {
		options = append(options, client.Where(name, values...))
	}
	return options
}

// Dial returns the daemon behind a socket. It does not connect yet.
func Dial(socket string) Gateway {
	c := client.New(socket)
	return &daemon{Client: c, collections: map[string]collection{
		"interface":     typed[api.NetworkInterface]{c.Interfaces()},
		"target":        typed[api.TrafficMirrorTarget]{c.Targets()},
		"filter":        typed[api.TrafficMirrorFilter]{c.Filters()},
		"rule":          typed[api.TrafficMirrorFilterRule]{c.Rules()},
		"session":       typed[api.TrafficMirrorSession]{c.Sessions()},
		"load-balancer": typed[api.LoadBalancer]{c.LoadBalancers()},
		"share":         typed[api.ResourceShare]{c.Shares()},
	}}
}

// daemon is a Gateway over a client.
type daemon struct {
	*client.Client
	collections map[string]collection
}

// collection is a client.Collection of any type.
type collection interface {
	create(ctx context.Context, body record, o []client.Option) (any, error)
	get(ctx context.Context, ref string, o []client.Option) (any, error)
	page(ctx context.Context, limit int, nextToken string, o []client.Option) (any, error)
	modify(ctx context.Context, ref string, patch record, o []client.Option) (any, error)
	remove(ctx context.Context, ref string, o []client.Option) (any, error)
}

type typed[T any] struct{ c client.Collection[T] }

func (t typed[T]) create(ctx context.Context, body record, o []client.Option) (any, error) {
	var resource T
	if err := body.into(&resource); err != nil {
		return nil, err
	}
	return t.c.Create(ctx, resource, o...)
}

func (t typed[T]) get(ctx context.Context, ref string, o []client.Option) (any, error) {
	return t.c.Get(ctx, ref, o...)
}

func (t typed[T]) page(ctx context.Context, limit int, nextToken string, o []client.Option) (any, error) {
	return t.c.Page(ctx, limit, nextToken, o...)
}

func (t typed[T]) modify(ctx context.Context, ref string, patch record, o []client.Option) (any, error) {
	return t.c.Modify(ctx, ref, patch, o...)
}

func (t typed[T]) remove(ctx context.Context, ref string, o []client.Option) (any, error) {
	return t.c.Delete(ctx, ref, o...)
}

func (d *daemon) Create(ctx context.Context, kind string, body record, o Options) (json.RawMessage, error) {
	return raw(d.collections[kind].create(ctx, body, o.list()))
}

func (d *daemon) Get(ctx context.Context, kind, ref string, o Options) (json.RawMessage, error) {
	return raw(d.collections[kind].get(ctx, ref, o.list()))
}

func (d *daemon) Page(ctx context.Context, kind string, limit int, nextToken string, o Options) (json.RawMessage, error) {
	return raw(d.collections[kind].page(ctx, limit, nextToken, o.list()))
}

func (d *daemon) Modify(ctx context.Context, kind, ref string, patch record, o Options) (json.RawMessage, error) {
	return raw(d.collections[kind].modify(ctx, ref, patch, o.list()))
}

func (d *daemon) Delete(ctx context.Context, kind, ref string, o Options) (json.RawMessage, error) {
	return raw(d.collections[kind].remove(ctx, ref, o.list()))
}

func (d *daemon) SetTags(ctx context.Context, id string, tags map[string]*string, o Options) (json.RawMessage, error) {
	return raw(d.Client.SetTags(ctx, id, tags, o.list()...))
}

// Capture returns an interface that is nil after an error.
func (d *daemon) Capture(ctx context.Context, request api.CaptureRequest, options ...client.Option) (CaptureStream, error) {
	stream, err := d.Client.Capture(ctx, request, options...)
	if err != nil {
		return nil, err
	}
	return stream, nil
}

// raw writes an answer as the API did.
func raw[T any](answer T, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	return encode(answer)
}

func encode(v any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("this cannot be written as JSON: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}
