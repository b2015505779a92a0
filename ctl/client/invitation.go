package client

import (
	"context"
	"net/http"

	"mirrorgw/ctl/api"
)

// AnswerInvitation accepts or rejects an invitation to a share; status is accepted or rejected.
func (c *Client) AnswerInvitation(ctx context.Context, id, status string) (*api.Changed[api.ResourceShare], error) {
	body, err := encode(api.InvitationAnswer{Status: status})
	if err != nil {
		return nil, err
	}
	changed := &api.Changed[api.ResourceShare]{}
	if err := c.do(ctx, newCall(http.MethodPost, under(api.PathInvitations, id), body, nil), changed); err != nil {
		return nil, err
	}
	return changed, nil
}
