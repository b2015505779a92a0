package client

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
)

// pageSize is the number of resources asked for at once; api allows 1 to 1000.
const pageSize = 1000

// Collection is all resources of one kind. T is its wire type.
type Collection[T any] struct {
	client *Client
	path   string
}

// Interfaces are the network interfaces.
func (c *Client) Interfaces() Collection[api.NetworkInterface] {
	return Collection[api.NetworkInterface]{c, api.PathInterfaces}
}

// Targets are the traffic mirror targets.
func (c *Client) Targets() Collection[api.TrafficMirrorTarget] {
	return Collection[api.TrafficMirrorTarget]{c, api.PathTargets}
}

// Filters are the traffic mirror filters, with their rules.
func (c *Client) Filters() Collection[api.TrafficMirrorFilter] {
	return Collection[api.TrafficMirrorFilter]{c, api.PathFilters}
}

// Rules are the rules of all filters; Where("trafficMirrorFilterId", ID) lists those of one.
func (c *Client) Rules() Collection[api.TrafficMirrorFilterRule] {
	return Collection[api.TrafficMirrorFilterRule]{c, api.PathRules}
}

// Sessions are the traffic mirror sessions.
func (c *Client) Sessions() Collection[api.TrafficMirrorSession] {
	return Collection[api.TrafficMirrorSession]{c, api.PathSessions}
}

// LoadBalancers are the load balancers.
func (c *Client) LoadBalancers() Collection[api.LoadBalancer] {
	return Collection[api.LoadBalancer]{c, api.PathLoadBalancers}
}

// Shares are the shares of targets with other accounts.
func (c *Client) Shares() Collection[api.ResourceShare] {
	return Collection[api.ResourceShare]{c, api.PathShares}
}

// ClientToken sets the token of a create instead of a drawn one.
func ClientToken(token string) Option {
	return func(c *call) { c.header.Set(api.HeaderClientToken, token) }
}

// Create makes a resource. It is in force on every lcore when Create returns.
func (r Collection[T]) Create(ctx context.Context, resource T, options ...Option) (*api.Changed[T], error) {
	return r.create(ctx, resource, options)
}

// CreateFrom is Create of a resource that is given by the JSON names of its fields.
func (r Collection[T]) CreateFrom(ctx context.Context, fields map[string]any, options ...Option) (*api.Changed[T], error) {
	return r.create(ctx, fields, options)
}

func (r Collection[T]) create(ctx context.Context, resource any, options []Option) (*api.Changed[T], error) {
	body, err := encode(resource)
	if err != nil {
		return nil, err
	}
	call := newCall(http.MethodPost, r.path, body, options)
	if err := withToken(call); err != nil {
		return nil, err
	}
	return changed[T](ctx, r.client, call)
}

// Get returns the resource with a name or ID.
func (r Collection[T]) Get(ctx context.Context, ref string, options ...Option) (*T, error) {
	resource := new(T)
	if err := r.client.do(ctx, newCall(http.MethodGet, under(r.path, ref), nil, options), resource); err != nil {
		return nil, err
	}
	return resource, nil
}

// Read is Get that also tells the revision of all resources at that moment, for IfMatch.
func (r Collection[T]) Read(ctx context.Context, ref string, options ...Option) (*T, uint64, error) {
	response, err := r.client.send(ctx, newCall(http.MethodGet, under(r.path, ref), nil, options))
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		return nil, 0, readError(response)
	}
	resource := new(T)
	if err := decode(response, resource); err != nil {
		return nil, 0, err
	}
	revision, err := strconv.ParseUint(strings.Trim(response.Header.Get("ETag"), `"`), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("the daemon does not say at which revision its answer is (%w); check its version", err)
	}
	return resource, revision, nil
}

// List returns all resources that the options select, oldest first, from as many pages as it
// takes.
func (r Collection[T]) List(ctx context.Context, options ...Option) ([]T, error) {
	var all []T
	for token := ""; ; {
		page, err := r.Page(ctx, pageSize, token, options...)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.NextToken == "" {
			return all, nil
		}
		token = page.NextToken
	}
}

// Page returns at most limit resources (1-1000), from the beginning or from where the page with
// NextToken ended.
func (r Collection[T]) Page(ctx context.Context, limit int, nextToken string, options ...Option) (*api.List[T], error) {
	call := newCall(http.MethodGet, r.path, nil, options)
	call.query.Set("limit", strconv.Itoa(limit))
	if nextToken != "" {
		call.query.Set("nextToken", nextToken)
	}
	page := &api.List[T]{}
	if err := r.client.do(ctx, call, page); err != nil {
		return nil, err
	}
	return page, nil
}

// Modify changes the fields that patch names, by their JSON names; nil removes a field (JSON merge
// patch, RFC 7396). The rest stays as it is.
func (r Collection[T]) Modify(ctx context.Context, ref string, patch map[string]any, options ...Option) (*api.Changed[T], error) {
	body, err := encode(patch)
	if err != nil {
		return nil, err
	}
	return changed[T](ctx, r.client, newCall(http.MethodPatch, under(r.path, ref), body, options))
}

// Delete removes a resource; the answer has it as it was.
func (r Collection[T]) Delete(ctx context.Context, ref string, options ...Option) (*api.Changed[T], error) {
	return changed[T](ctx, r.client, newCall(http.MethodDelete, under(r.path, ref), nil, options))
}

func changed[T any](ctx context.Context, c *Client, call *call) (*api.Changed[T], error) {
	answer := &api.Changed[T]{}
	if err := c.do(ctx, call, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

func encode(value any) ([]byte, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("the request cannot be written as JSON (%w); leave out what JSON cannot express", err)
	}
	return body, nil
}

// withToken makes a create safe to send again.
func withToken(call *call) error {
	if call.header.Get(api.HeaderClientToken) == "" {
		var random [16]byte
		if _, err := rand.Read(random[:]); err != nil {
			return fmt.Errorf("no random bytes for a client token (%w); check the system's random device", err)
		}
		call.header.Set(api.HeaderClientToken, hex.EncodeToString(random[:]))
	}
	call.again = true
	return nil
}
