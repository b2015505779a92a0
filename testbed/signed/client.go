package signed

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Versions of the query APIs.
const (
	ec2Version        = "2016-11-15"
	cloudwatchVersion = "2010-08-01"
)

const formType = "application/x-www-form-urlencoded; charset=utf-8"

// Client calls with one access key. It has connections of its own, as a process has; any number of goroutines may use
// it. Close frees the connections.
type Client struct {
	Endpoint string // URL without a path, http://127.0.0.1:8788
	Region   string
	KeyID    string
	Secret   string

	http http.Client
}

// New makes a client. The endpoint is a URL without a path.
func New(endpoint, region, keyID, secret string) *Client {
	return &Client{Endpoint: endpoint, Region: region, KeyID: keyID, Secret: secret,
		http: http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}
}

// Close frees the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Reply is what came back.
type Reply struct {
	Status int
	Body   []byte
}

// OK says whether the action was done.
func (r Reply) OK() bool { return r.Status == http.StatusOK }

// Field is the text of the first XML element of that name, without those inside it; empty: there is none.
func (r Reply) Field(name string) string {
	fields := r.Fields(name)
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}

// Fields are the texts of all XML elements of that name, which must have neither attributes nor elements inside.
func (r Reply) Fields(name string) (texts []string) {
	for rest := string(r.Body); ; {
		_, after, found := strings.Cut(rest, "<"+name+">")
		if !found {
			return texts
		}
		text, after, found := strings.Cut(after, "</"+name+">")
		if !found {
			return texts
		}
		texts, rest = append(texts, text), after
	}
}

// Code is the error code of a refusal in XML.
func (r Reply) Code() string { return r.Field("Code") }

// EC2 calls an action. Parameters are names and values in turns.
func (c *Client) EC2(ctx context.Context, action string, params ...string) (Reply, error) {
	return c.form(ctx, "ec2", ec2Version, action, params)
}

// CloudWatch calls an action in the query protocol. The credential scope calls the service monitoring.
func (c *Client) CloudWatch(ctx context.Context, action string, params ...string) (Reply, error) {
	return c.form(ctx, "monitoring", cloudwatchVersion, action, params)
}

func (c *Client) form(ctx context.Context, service, version, action string, params []string) (Reply, error) {
	values := url.Values{"Action": {action}, "Version": {version}}
	for i := 0; i+1 < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	return c.Do(ctx, service, http.MethodPost, "/", formType, values.Encode())
}

// Do sends any request. The target is a path, and a query in the form of url.Values.Encode if there is one.
func (c *Client) Do(ctx context.Context, service, method, target, contentType, body string) (Reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.Endpoint+target, strings.NewReader(body))
	if err != nil {
		return Reply{}, err
	}
	r.Header.Set("Content-Type", contentType)
	c.sign(r, service, body, time.Now().UTC())
	response, err := c.http.Do(r)
	if err != nil {
		return Reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return Reply{response.StatusCode, text}, err
}

// sign adds the headers of Signature Version 4. Content-Type, Host and X-Amz-Date are signed.
func (c *Client) sign(r *http.Request, service, body string, at time.Time) {
	const names = "content-type;host;x-amz-date"
	date := at.Format("20060102T150405Z")
	canonical := fmt.Sprintf("%s\n%s\n%s\ncontent-type:%s\nhost:%s\nx-amz-date:%s\n\n%s\n%x", r.Method, r.URL.EscapedPath(), r.URL.RawQuery,
		r.Header.Get("Content-Type"), r.URL.Host, date, names, sha256.Sum256([]byte(body)))
	scope := []string{date[:8], c.Region, service, "aws4_request"}
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", date, strings.Join(scope, "/"), sha256.Sum256([]byte(canonical)))
	key := []byte("AWS4" + c.Secret)
	for _, part := range append(scope, text) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("X-Amz-Date", date)
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x",
		c.KeyID, strings.Join(scope[:4], "/"), names, key))
}
