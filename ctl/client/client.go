package client

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DefaultSocket is where the packaged daemon listens.
const DefaultSocket = "/run/mirrorgw/ctl.sock"

// maxIdle is how many connections are kept for later requests.
const maxIdle = 16

// Client is a connection pool to one daemon.
type Client struct {
	socket string
	http   *http.Client
}

// New returns a client of the daemon that listens on a unix socket. It does not connect yet.
func New(socketPath string) *Client {
	c := &Client{socket: socketPath}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	c.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, "unix", socketPath)
			if err != nil {
				return nil, unreachable(socketPath, err)
			}
			return conn, nil
		},
		MaxIdleConnsPerHost: maxIdle,
		IdleConnTimeout:     30 * time.Second, // shorter than the server's, so that it is we who close
		DisableCompression:  true,
	}}
	return c
}

// Over returns a client whose requests a transport answers. name is what errors call the daemon.
func Over(name string, transport http.RoundTripper) *Client {
	return &Client{socket: name, http: &http.Client{Transport: transport}}
}

// Socket is the path that the client was made with, or the name given to Over.
func (c *Client) Socket() string { return c.socket }

// Close closes the idle connections. The client may still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call is one request with what the options add to it.
type call struct {
	method, path string
	query        url.Values
	header       http.Header
	body         []byte
	again        bool // may be sent again when the connection is lost
}

// Option adds to one request.
type Option func(*call)

// Account makes names in the path those of an account, 12 digits; absent: the default account.
func Account(id string) Option {
	return func(c *call) {
		if id != "" {
			c.query.Set("ownerId", id)
		}
	}
}

// IfMatch refuses the change unless revision is still the last one (api.CodeRevisionMismatch).
// 0 is any.
func IfMatch(revision uint64) Option {
	return func(c *call) {
		if revision != 0 {
			c.header.Set("If-Match", strconv.Quote(strconv.FormatUint(revision, 10)))
		}
	}
}

// DryRun has a create only say whether it could be made, and what it would make.
func DryRun() Option { return func(c *call) { c.query.Set("dryRun", "true") } }

// Where keeps the resources of a list that have one of the values in a field, by its JSON name,
// or in a tag, as "tag:KEY". * and ? are wildcards. Several Where of different fields must all
// hold.
func Where(field string, values ...string) Option {
	return func(c *call) { c.query[field] = append(c.query[field], values...) }
}

// Ordered reads a list as people do: words to look for, a field to sort by (with - before it the other
// way round), what to leave out before the page, and the names of what the resources refer to.
func Ordered(search, sort string, skip int) Option {
	return func(c *call) {
		c.query.Set("search", search)
		c.query.Set("sort", sort)
		c.query.Set("skip", strconv.Itoa(skip))
		c.query.Set("names", "true")
	}
}

func newCall(method, path string, body []byte, options []Option) *call {
	c := &call{method: method, path: path, body: body, query: url.Values{}, header: http.Header{}}
	c.again = method == http.MethodGet
	for _, option := range options {
		option(c)
	}
	return c
}

// url is where the call goes. The host is for HTTP's sake only.
func (c *call) url() string {
	target := "http://mirrorgw" + c.path
	if query := c.query.Encode(); query != "" {
		target += "?" + query
	}
	return target
}

// under is the path of one resource of a collection. Names of dots alone are escaped, since they
// mean other things in a path (RFC 3986 section 3.3).
func under(collection, ref string) string {
	if strings.Trim(ref, ".") == "" {
		return collection + "/" + strings.ReplaceAll(ref, ".", "%2E")
	}
	return collection + "/" + url.PathEscape(ref)
}
