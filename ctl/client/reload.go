package client

import (
	"context"
	"net/http"

	"mirrorgw/ctl/api"
)

// Reload has the daemon read its configuration again; with dryRun it only tells what would change. One
// that fails is an *api.Error (api.CodeConfigurationRefused), and nothing has changed.
func (c *Client) Reload(ctx context.Context, dryRun bool) (*api.Reload, error) {
	call := newCall(http.MethodPost, api.PathReload, nil, nil)
	if dryRun {
		call.query.Set("dryRun", "true")
	}
	call.again = true // a second time changes nothing more
	reload := &api.Reload{}
	if err := c.do(ctx, call, reload); err != nil {
		return nil, err
	}
	return reload, nil
}

// SetLogLevel changes the level of the daemon's log until the next reload or start.
func (c *Client) SetLogLevel(ctx context.Context, level string) (*api.LogLevel, error) {
	body, err := encode(api.LogLevel{Level: level})
	if err != nil {
		return nil, err
	}
	call := newCall(http.MethodPut, api.PathLogLevel, body, nil)
	call.again = true
	answer := &api.LogLevel{}
	if err := c.do(ctx, call, answer); err != nil {
		return nil, err
	}
	return answer, nil
}
