package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"mirrorgw/ctl/api"
)

// Capture is one that runs: a pcapng file that grows.
type Capture struct {
	id       string
	client   *Client
	response *http.Response
}

// Capture begins to capture frames. It runs until it has what was asked for, StopCapture ends it, or ctx
// does; then the rest of it is lost.
func (c *Client) Capture(ctx context.Context, request api.CaptureRequest, options ...Option) (*Capture, error) {
	body, err := encode(request)
	if err != nil {
		return nil, err
	}
	response, err := c.send(ctx, newCall(http.MethodPost, api.PathCapture, body, options))
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 400 {
		defer response.Body.Close()
		return nil, readError(response)
	}
	return &Capture{response.Header.Get(api.HeaderCaptureID), c, response}, nil
}

// Identifier is what StopCapture wants.
func (c *Capture) Identifier() string { return c.id }

// Read reads the file. io.EOF: it is complete.
func (c *Capture) Read(p []byte) (int, error) {
	n, err := c.response.Body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.client.explain(err)
	}
	return n, err
}

// Close ends the capture if it runs still. What was not read is lost.
func (c *Capture) Close() error { return c.response.Body.Close() }

// Summary says what was captured and what was not. It is there once Read has returned io.EOF.
func (c *Capture) Summary() (*api.CaptureSummary, error) {
	text := c.response.Trailer.Get(api.TrailerCaptureSummary)
	if text == "" {
		return nil, errors.New("the capture has no end: the daemon broke it off")
	}
	summary := &api.CaptureSummary{}
	if err := json.Unmarshal([]byte(text), summary); err != nil {
		return nil, fmt.Errorf("the end of the capture cannot be read (%w); check that mirrorctl and the daemon are of the same version", err)
	}
	return summary, nil
}

// Captures lists those that run.
func (c *Client) Captures(ctx context.Context) ([]api.Capture, error) {
	all, err := get[api.Captures](ctx, c, api.PathCapture)
	if err != nil {
		return nil, err
	}
	return all.Items, nil
}

// StopCapture ends a capture; who reads it gets the rest.
func (c *Client) StopCapture(ctx context.Context, id string) error {
	return c.do(ctx, newCall(http.MethodDelete, under(api.PathCapture, id), nil, nil), nil)
}
