package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"mirrorgw/ctl/api"
)

const (
	attempts     = 4                     // of a request whose connection is lost
	firstPause   = 50 * time.Millisecond // before the second attempt; doubles
	maxErrorBody = 1 << 20               // bytes of an error that are read
	maxAnswer    = 1 << 30               // bytes of any other answer
)

// do sends a call and decodes the answer into result, which may be nil.
func (c *Client) do(ctx context.Context, call *call, result any) error {
	response, err := c.send(ctx, call)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		return readError(response)
	}
	return decode(response, result)
}

func decode(response *http.Response, result any) error {
	if result == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(result); err != nil {
		return fmt.Errorf("the answer of the daemon to %s cannot be read (%w); check that both are of the same version", response.Request.URL.Path, err)
	}
	return nil
}

// send returns the answer, whatever its status. A call that may be sent again is, when the
// connection is lost before the answer.
func (c *Client) send(ctx context.Context, call *call) (*http.Response, error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		response, err := c.sendOnce(ctx, call)
		if err == nil {
			return response, nil
		}
		if !call.again || attempt == attempts || !isLost(err) {
			return nil, c.explain(err)
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return nil, c.explain(ctx.Err())
		}
	}
}

func (c *Client) sendOnce(ctx context.Context, call *call) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, call.method, call.url(), bytes.NewReader(call.body))
	if err != nil {
		return nil, fmt.Errorf("%s %s is not a request (%w); check the name in it", call.method, call.path, err)
	}
	for name, values := range call.header {
		request.Header[name] = values
	}
	if len(call.body) > 0 && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", api.ContentType)
	}
	return c.http.Do(request)
}

// isLost tells a connection that broke from one that was never there.
func isLost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "server closed idle connection")
}

// readError makes the *api.Error of an answer of 400 and above.
func readError(response *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	var body api.ErrorBody
	if err := json.Unmarshal(text, &body); err != nil || body.Error.Code == "" {
		return &api.Error{Status: response.StatusCode, Code: codeOf(response.StatusCode),
			Message: fmt.Sprintf("the daemon answered %s: %s", response.Status, strings.TrimSpace(string(text)))}
	}
	body.Error.Status = response.StatusCode
	return &body.Error
}

// codeOf is the code of an answer that the HTTP layer gave before the API was asked.
func codeOf(status int) string {
	switch {
	case status == http.StatusRequestEntityTooLarge || status == http.StatusRequestHeaderFieldsTooLarge:
		return api.CodeTooLarge
	case status >= 500:
		return api.CodeInternal
	}
	return api.CodeMalformedRequest
}
