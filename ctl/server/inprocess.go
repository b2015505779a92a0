package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"mirrorgw/ctl/iam"
)

// Caller is who a request is from that comes from another door of this process and not over the
// socket. That door has to know; the API judges.
type Caller struct {
	Door string // what the audit log calls it

	// Principal is whom policies allow what they may do. Where it is zero, Role counts.
	Principal iam.Principal
	Role      Role
	UID       int // with Role: the user of this machine that the door takes the caller for

	AccessKey string // identifier of the key that the caller came by; may be empty
	SourceIP  netip.Addr
	TLS       bool
	UserAgent string
}

type callerKey struct{}

// WithCaller makes requests with the context those of a caller. It is for requests that Transport
// answers.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf is what WithCaller put into a context; nil: nobody.
func CallerOf(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}

// inProcess makes a caller of another door one of the API.
func (c *Caller) inProcess() caller {
	return caller{Principal: c.Principal, mapped: c.Principal.Account != "", role: c.Role, through: c}
}

// Transport answers requests in this process, as whom WithCaller has put into their context, and
// nobody else. The change stream streams: whoever closes a body ends the handler.
func (s *Server) Transport() http.RoundTripper { return &transport{s.Handler()} }

type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	request := r.Clone(ctx)
	if request.Body == nil {
		request.Body = http.NoBody
	}
	reader, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, begun: make(chan struct{}), pipe: writer}
	go func() {
		defer cancel()
		defer func() {
			if recover() != nil { // the handler has logged it: what was begun must not look whole
				w.end(io.ErrUnexpectedEOF)
			}
		}()
		t.handler.ServeHTTP(w, request)
		w.WriteHeader(http.StatusOK)
		w.end(nil)
	}()
	select {
	case <-w.begun:
	case <-ctx.Done():
		if r.Context().Err() != nil {
			reader.CloseWithError(r.Context().Err())
			return nil, r.Context().Err()
		}
		<-w.begun
	}
	response := &http.Response{Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: -1, Request: r}
	response.Body = &pipeBody{PipeReader: reader, cancel: cancel, response: response, last: w.header}
	return response, nil
}

// pipeBody ends the handler when it is closed.
type pipeBody struct {
	*io.PipeReader
	cancel   context.CancelFunc
	response *http.Response
	last     http.Header // of the handler, which has ended when the body has
}

// Read implements io.Reader. The trailer that the header announced is there once the body has ended.
func (b *pipeBody) Read(p []byte) (int, error) {
	n, err := b.PipeReader.Read(p)
	if name := b.response.Header.Get("Trailer"); err == io.EOF && name != "" && b.response.Trailer == nil {
		b.response.Trailer = http.Header{http.CanonicalHeaderKey(name): b.last.Values(name)}
	}
	return n, err
}

// Close implements io.Closer.
func (b *pipeBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// pipeWriter is the handler's end. Deadlines are of writes: nobody sends it anything slowly.
type pipeWriter struct {
	header http.Header
	sent   http.Header // as it was when the answer began
	status int
	begun  chan struct{} // closed when status and sent are there
	once   sync.Once
	pipe   *io.PipeWriter

	mu    sync.Mutex
	timer *time.Timer // cuts the reader off; nil: no deadline
}

// Header implements http.ResponseWriter.
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

// Write waits for the reader.
func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

// FlushError is for http.ResponseController: nothing is kept back.
func (w *pipeWriter) FlushError() error { return nil }

// SetReadDeadline is for http.ResponseController.
func (w *pipeWriter) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is for http.ResponseController.
func (w *pipeWriter) SetWriteDeadline(at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	if !at.IsZero() {
		w.timer = time.AfterFunc(time.Until(at), func() { w.pipe.CloseWithError(os.ErrDeadlineExceeded) })
	}
	return nil
}

// end closes the answer; nil: it is whole.
func (w *pipeWriter) end(err error) {
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
	w.SetWriteDeadline(time.Time{})
	w.pipe.CloseWithError(errors.Join(err))
}
