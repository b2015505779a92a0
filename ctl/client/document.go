package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"mirrorgw/ctl/api"
)

// ApplyOptions say how a document is applied.
type ApplyOptions struct {
	ContentType string // of the document; empty: api.ContentTypeTOML
	DryRun      bool   // only say what would change
	KeepOthers  bool   // delete nothing that the document does not have
	IfMatch     uint64 // revision that must still be the last; 0: any
}

// Apply makes the resources equal to a document. After a lost connection it may be called again:
// what was done by then is not done twice.
func (c *Client) Apply(ctx context.Context, document []byte, o ApplyOptions) (*api.Applied, error) {
	call := newCall(http.MethodPost, api.PathApply, document, []Option{IfMatch(o.IfMatch)})
	call.header.Set("Content-Type", api.ContentTypeTOML)
	if o.ContentType != "" {
		call.header.Set("Content-Type", o.ContentType)
	}
	if o.DryRun {
		call.query.Set("dryRun", "true")
		call.again = true
	}
	if o.KeepOthers {
		call.query.Set("keepOthers", "true")
	}
	applied := &api.Applied{}
	if err := c.do(ctx, call, applied); err != nil {
		return nil, err
	}
	return applied, nil
}

// Export returns all resources as the document that Apply reads, in TOML or in JSON as
// contentType says; empty is api.ContentTypeTOML.
func (c *Client) Export(ctx context.Context, contentType string) ([]byte, error) {
	if contentType == "" {
		contentType = api.ContentTypeTOML
	}
	call := newCall(http.MethodGet, api.PathExport, nil, nil)
	call.header.Set("Accept", contentType)
	response, err := c.send(ctx, call)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		return nil, readError(response)
	}
	document, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("the document from %s is cut off (%w); try again", c.socket, err)
	}
	return document, nil
}
