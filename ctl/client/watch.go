package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl/api"
)

// Now watches what changes from now on.
const Now = math.MaxUint64

const (
	maxLine     = 16 << 20               // bytes of one event: a filter of 10,000 rules before and after
	silence     = 45 * time.Second       // three heartbeats: the connection is dead
	reconnect   = 500 * time.Millisecond // before the first attempt to resume; doubles
	reconnectTo = 10 * time.Second       // longest pause between attempts
)

// watcher knows how far the caller has been told, so that a broken stream is taken up where it
// broke. One revision may have several events.
type watcher struct {
	client *Client
	each   func(api.Event) error
	last   uint64 // revision of the last event told; everything before it was told too
	told   int    // events of that revision that were told
}

// errStop carries an error of the caller's function out of the stream.
type errStop struct{ error }

// Watch calls each for every change after revision from, in order, then for each change as it
// happens, and for each change of state (api.ActionState) while the connection lasts. It resumes by itself when the connection is lost, and returns when ctx ends (its
// error), each returns an error (that error), or the daemon refuses: api.CodeRevisionGone says
// that changes after from are no longer kept.
func (c *Client) Watch(ctx context.Context, from uint64, each func(api.Event) error) error {
	w := &watcher{client: c, each: each, last: from, told: math.MaxInt}
	connected := false
	for pause := reconnect; ; pause = min(2*pause, reconnectTo) {
		before, told := w.last, w.told
		err := w.stream(ctx, &connected)
		var stop errStop
		var refused *api.Error
		switch {
		case errors.As(err, &stop):
			return stop.error
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &refused) && refused.Code != api.CodeUnavailable, errors.Is(err, bufio.ErrTooLong):
			return err
		case !connected:
			return err
		}
		if w.last != before || w.told != told {
			pause = reconnect
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stream reads one connection to its end.
func (w *watcher) stream(ctx context.Context, connected *bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call := newCall(http.MethodGet, api.PathWatch, nil, nil)
	if w.last != Now {
		call.query.Set("from", strconv.FormatUint(w.resumeFrom(), 10))
	}
	response, err := w.client.send(ctx, call)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		return readError(response)
	}
	*connected = true
	if w.last == Now {
		if w.last, err = strconv.ParseUint(strings.Trim(response.Header.Get("ETag"), `"`), 10, 64); err != nil {
			return fmt.Errorf("the daemon does not say at which revision its change stream begins (%w); check its version", err)
		}
	}
	deadline := time.AfterFunc(silence, cancel)
	defer deadline.Stop()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLine)
	toSkip := w.alreadyTold()
	for lines.Scan() {
		deadline.Reset(silence)
		if err := w.line(lines.Bytes(), &toSkip); err != nil {
			return err
		}
	}
	return lines.Err()
}

// resumeFrom is the revision to ask for: if only a part of the last one may have been told, the
// one before it.
func (w *watcher) resumeFrom() uint64 {
	if w.told == math.MaxInt || w.last == 0 {
		return w.last
	}
	return w.last - 1
}

// alreadyTold is how many events of the last revision the stream repeats.
func (w *watcher) alreadyTold() int {
	if w.told == math.MaxInt {
		return 0
	}
	return w.told
}

// line takes an event, an error or a heartbeat, which is an empty line.
func (w *watcher) line(text []byte, toSkip *int) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	var line struct {
		api.Event
		Error *api.Error `json:"error"`
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return fmt.Errorf("a line of the change stream cannot be read (%w)", err)
	}
	if line.Error != nil {
		return line.Error
	}
	if line.Action == api.ActionState { // not kept, so not counted
		if err := w.each(line.Event); err != nil {
			return errStop{err}
		}
		return nil
	}
	if line.Revision == w.last && *toSkip > 0 {
		*toSkip--
		return nil
	}
	if line.Revision != w.last || w.told == math.MaxInt {
		w.last, w.told = line.Revision, 0
	}
	w.told++
	if err := w.each(line.Event); err != nil {
		return errStop{err}
	}
	return nil
}

// Changes lists the last changes, the newest first: of one resource, or of all where the identifier is
// empty. before is Next of the page before; empty: from the newest on. limit is 1 to 1000.
func (c *Client) Changes(ctx context.Context, resource string, limit int, before string) (*api.Changes, error) {
	call := newCall(http.MethodGet, api.PathChanges, nil, nil)
	call.query.Set("limit", strconv.Itoa(limit))
	for name, value := range map[string]string{"resource": resource, "before": before} {
		if value != "" {
			call.query.Set(name, value)
		}
	}
	page := &api.Changes{}
	if err := c.do(ctx, call, page); err != nil {
		return nil, err
	}
	return page, nil
}
