package client

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/report"
)

// GapSeconds has State tell the longest gaps between two polls of the last n whole seconds, 1 to 60;
// absent: 60.
func GapSeconds(n int) Option {
	return func(c *call) { c.query.Set("gapSeconds", strconv.Itoa(n)) }
}

// Accounts are those that resources may belong to, as far as they are known.
func (c *Client) Accounts(ctx context.Context) (*api.Accounts, error) {
	return get[api.Accounts](ctx, c, api.PathAccounts)
}

// State returns what the gateway is and does at this moment.
func (c *Client) State(ctx context.Context, options ...Option) (*api.State, error) {
	state := &api.State{}
	if err := c.do(ctx, newCall(http.MethodGet, api.PathState, nil, options), state); err != nil {
		return nil, err
	}
	return state, nil
}

// Version returns the versions of the daemon.
func (c *Client) Version(ctx context.Context) (*api.Version, error) {
	return get[api.Version](ctx, c, api.PathVersion)
}

// Health says whether the daemon works as it should. A failing one is no error.
func (c *Client) Health(ctx context.Context) (*api.Health, error) {
	return c.health(ctx, api.PathHealth)
}

// Ready says whether the gateway forwards and takes changes. One that is not ready is no error.
func (c *Client) Ready(ctx context.Context) (*api.Health, error) {
	return c.health(ctx, api.PathReady)
}

// StatsQuery chooses from the statistics. The zero value is everything.
type StatsQuery struct {
	Kinds   []string // ports, sessions, sources, rules, laws
	Session string   // only this one, name or ID
	Source  string   // only this one, name or ID, with its sessions
}

// Stats returns counters since the daemon started.
func (c *Client) Stats(ctx context.Context, q StatsQuery) (*report.Report, error) {
	call := newCall(http.MethodGet, api.PathStats, nil, nil)
	for name, value := range map[string]string{"kind": strings.Join(q.Kinds, ","), "session": q.Session, "source": q.Source} {
		if value != "" {
			call.query.Set(name, value)
		}
	}
	stats := report.New()
	if err := c.do(ctx, call, stats); err != nil {
		return nil, err
	}
	return stats, nil
}

// Explain asks the production data path what it does with a packet.
func (c *Client) Explain(ctx context.Context, request api.ExplainRequest, options ...Option) (*api.Explanation, error) {
	body, err := encode(request)
	if err != nil {
		return nil, err
	}
	call := newCall(http.MethodPost, api.PathExplain, body, options)
	call.again = true // it changes nothing
	explanation := &api.Explanation{}
	if err := c.do(ctx, call, explanation); err != nil {
		return nil, err
	}
	return explanation, nil
}

// health reads an answer of 200 or 503; both have the same body.
func (c *Client) health(ctx context.Context, path string) (*api.Health, error) {
	response, err := c.send(ctx, newCall(http.MethodGet, path, nil, nil))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 && response.Header.Get(api.HeaderHealth) == "" {
		return nil, readError(response)
	}
	health := &api.Health{}
	if err := decode(response, health); err != nil {
		return nil, err
	}
	return health, nil
}

func get[T any](ctx context.Context, c *Client, path string) (*T, error) {
	answer := new(T)
	if err := c.do(ctx, newCall(http.MethodGet, path, nil, nil), answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// Simulate asks what the policies of a user say of an action.
func (c *Client) Simulate(ctx context.Context, request api.SimulateRequest) (*api.Simulation, error) {
	body, err := encode(request)
	if err != nil {
		return nil, err
	}
	call := newCall(http.MethodPost, api.PathSimulate, body, nil)
	call.again = true // it changes nothing
	simulation := &api.Simulation{}
	if err := c.do(ctx, call, simulation); err != nil {
		return nil, err
	}
	return simulation, nil
}

// ConsoleLink asks for a link with which the caller logs in to the console, once.
func (c *Client) ConsoleLink(ctx context.Context) (*api.ConsoleLink, error) {
	link := &api.ConsoleLink{}
	if err := c.do(ctx, newCall(http.MethodPost, api.PathConsoleLinks, nil, nil), link); err != nil {
		return nil, err
	}
	return link, nil
}
