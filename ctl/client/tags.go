package client

import (
	"context"
	"net/http"

	"mirrorgw/ctl/api"
)

// Tags returns the tags of the resource with an ID.
func (c *Client) Tags(ctx context.Context, id string) (map[string]string, error) {
	var tags api.Tags
	err := c.do(ctx, newCall(http.MethodGet, under(api.PathTags, id), nil, nil), &tags)
	return tags.Tags, err
}

// SetTags sets some tags of the resource with an ID; nil removes one. The others stay.
func (c *Client) SetTags(ctx context.Context, id string, tags map[string]*string, options ...Option) (*api.Changed[api.Tags], error) {
	return c.changeTags(ctx, http.MethodPatch, id, tags, options)
}

// ReplaceTags makes tags all that the resource with an ID has.
func (c *Client) ReplaceTags(ctx context.Context, id string, tags map[string]string, options ...Option) (*api.Changed[api.Tags], error) {
	if tags == nil {
		tags = map[string]string{}
	}
	return c.changeTags(ctx, http.MethodPut, id, tags, options)
}

// DeleteTags removes all tags of the resource with an ID.
func (c *Client) DeleteTags(ctx context.Context, id string, options ...Option) (*api.Changed[api.Tags], error) {
	return changed[api.Tags](ctx, c, newCall(http.MethodDelete, under(api.PathTags, id), nil, options))
}

func (c *Client) changeTags(ctx context.Context, method, id string, tags any, options []Option) (*api.Changed[api.Tags], error) {
	body, err := encode(map[string]any{"tags": tags})
	if err != nil {
		return nil, err
	}
	return changed[api.Tags](ctx, c, newCall(method, under(api.PathTags, id), body, options))
}
