package client

import (
	"context"
	"net/http"
	"strconv"

	"mirrorgw/ctl/api"
)

// AuditQuery chooses entries of the audit log. The zero value is the newest 100.
type AuditQuery struct {
	Limit    int    // 1 to 1000; 0: 100
	Before   string // Next of the page before; empty: from the newest on
	User     string // user name, ARN, account, access key, or number of a user of the gateway's machine
	Action   string // * stands for any characters
	Resource string // identifier or ARN
	Outcome  string // success, failure or denied
	Door     string // aws, socket or console
	Search   string // words that stand somewhere
}

// AuditLog reads a page of the audit log, the newest entry first.
func (c *Client) AuditLog(ctx context.Context, q AuditQuery) (*api.AuditLog, error) {
	call := newCall(http.MethodGet, api.PathAudit, nil, nil)
	if q.Limit != 0 {
		call.query.Set("limit", strconv.Itoa(q.Limit))
	}
	for name, value := range map[string]string{"before": q.Before, "user": q.User, "action": q.Action, "resource": q.Resource, "outcome": q.Outcome, "door": q.Door, "search": q.Search} {
		if value != "" {
			call.query.Set(name, value)
		}
	}
	log := &api.AuditLog{}
	if err := c.do(ctx, call, log); err != nil {
		return nil, err
	}
	return log, nil
}

// AuditEntry reads one entry by its position.
func (c *Client) AuditEntry(ctx context.Context, position string) (*api.AuditEntry, error) {
	return get[api.AuditEntry](ctx, c, under(api.PathAudit, position))
}
