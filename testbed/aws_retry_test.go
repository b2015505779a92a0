package testbed

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/testbed/signed"
)

// awsClient is a client of an endpoint that starts no program.
func (g *steeredGateway) awsClient(endpoint, key string) *signed.Client {
	c := signed.New(endpoint, "local-1", key, strings.ReplaceAll(awsSecret, " ", "/"))
	g.t.Cleanup(c.Close)
	return c
}

// rootEntry is the key of an account itself, which may do everything that is its own.
func rootEntry(id string) string { return strings.Replace(keyEntry(id), "user = \"ann\"\n", "", 1) }

// ok makes an EC2 request that must succeed.
func (s *steered) ok(c *signed.Client, action string, params ...string) signed.Reply {
	s.t.Helper()
	reply, err := c.EC2(s.context(), action, params...)
	if err != nil || !reply.OK() {
		s.t.Fatalf("%s %v: %v %d %s", action, params, err, reply.Status, reply.Body)
	}
	return reply
}

// TestCLIRetries: a CLI whose key has used up its requests is told RequestLimitExceeded, waits as long as it sees
// fit, and succeeds; what it repeats is done once.
func TestCLIRetries(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	g := newSteered(t)
	ann := g.withEndpoint(rootEntry("AKIDOLD") + rootEntry("AKIDOTHER"))
	g.more += "requests_per_second = 1\nrequests_burst = 5\n"
	g.write()
	s := g.start()
	same, other := g.awsClient(ann.Endpoint, "AKIDOLD"), g.awsClient(ann.Endpoint, "AKIDOTHER")
	between := newThrottler(t, ann.Endpoint, func() { s.exhaust(same) })
	ann.Endpoint, ann.Attempts = between.URL, 8 // how long it waits is random
	if r := ann.Run(t, "ec2", "create-traffic-mirror-filter"); r.Exit != 0 {
		t.Errorf("%+v", r)
	}
	if seen := between.statuses; len(seen) < 2 || seen[0] != http.StatusServiceUnavailable || seen[len(seen)-1] != http.StatusOK {
		t.Errorf("the CLI was answered %v, want 503 first and 200 at last", seen)
	}
	if filters := s.ok(other, "DescribeTrafficMirrorFilters").Fields("trafficMirrorFilterId"); len(filters) != 1 {
		t.Errorf("one create made %d filters", len(filters))
	}
	between.statuses, ann.Attempts = nil, 1
	if r := ann.Run(t, "ec2", "create-traffic-mirror-filter"); r.Code() != "RequestLimitExceeded" || len(between.statuses) != 1 {
		t.Errorf("a CLI that may not try again was answered %v: %+v", between.statuses, r)
	}
	s.end()
}

// exhaust uses up the requests of a client's key.
func (s *steered) exhaust(c *signed.Client) {
	for range 1000 {
		reply, err := c.EC2(s.context(), "DescribeTrafficMirrorFilters")
		if err != nil || reply.Status == http.StatusServiceUnavailable && reply.Code() == "RequestLimitExceeded" {
			return // the proxy's own request tells what is wrong
		}
	}
}

// throttler stands between a CLI and the endpoint.
type throttler struct {
	*httptest.Server
	statuses []int // that the CLI was answered, while it runs only
}

// newThrottler passes requests on as they are, Host included, for it is signed. Before the first of each run
// it uses up what the key has.
func newThrottler(t *testing.T, endpoint string, exhaust func()) *throttler {
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &throttler{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = to.Scheme, to.Host, r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			p.statuses = append(p.statuses, r.StatusCode)
			return nil
		},
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(p.statuses) == 0 {
			exhaust()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// TestAWSOutlivesKill: what was made through the endpoint is there after kill -9, and whoever repeats a create with
// its client token is told of the same resource, not given another.
func TestAWSOutlivesKill(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	g := newSteered(t)
	endpoint := g.withEndpoint(rootEntry("AKIDOLD")).Endpoint
	s := g.start()
	s.mirrorAll()
	c := g.awsClient(endpoint, "AKIDOLD")
	eni := s.ok(c, "DescribeNetworkInterfaces").Field("networkInterfaceId")
	target := s.ok(c, "DescribeTrafficMirrorTargets").Field("trafficMirrorTargetId")
	filter := []string{"Description", "second", "ClientToken", "token-1"}
	made := s.ok(c, "CreateTrafficMirrorFilter", filter...).Field("trafficMirrorFilterId")
	session := []string{"NetworkInterfaceId", eni, "TrafficMirrorTargetId", target, "TrafficMirrorFilterId", made, "SessionNumber", "2", "ClientToken", "token-2",
		"TagSpecification.1.ResourceType", "traffic-mirror-session", "TagSpecification.1.Tag.1.Key", "env", "TagSpecification.1.Tag.1.Value", "prod"}
	rule := []string{"TrafficMirrorFilterId", made, "TrafficDirection", "ingress", "RuleNumber", "1", "RuleAction", "accept", "SourceCidrBlock", "0.0.0.0/0",
		"DestinationCidrBlock", "0.0.0.0/0", "ClientToken", "token-3"}
	firstSession, firstRule := s.ok(c, "CreateTrafficMirrorSession", session...), s.ok(c, "CreateTrafficMirrorFilterRule", rule...)
	all := string(withoutRequest(s.ok(c, "DescribeTrafficMirrorSessions")))
	s.Signal(syscall.SIGKILL)
	s.Wait()

	s = g.start()
	if after := string(withoutRequest(s.ok(c, "DescribeTrafficMirrorSessions"))); after != all {
		t.Errorf("the sessions are\n%s\nbefore the kill they were\n%s", after, all)
	}
	if again := s.ok(c, "CreateTrafficMirrorFilter", filter...).Field("trafficMirrorFilterId"); again != made {
		t.Errorf("the filter of the token is %s, before the kill %s", again, made)
	}
	if again := s.ok(c, "CreateTrafficMirrorSession", session...); again.Field("trafficMirrorSessionId") != firstSession.Field("trafficMirrorSessionId") {
		t.Errorf("the token gives another session: %s", again.Body)
	}
	if again := s.ok(c, "CreateTrafficMirrorFilterRule", rule...); again.Field("trafficMirrorFilterRuleId") != firstRule.Field("trafficMirrorFilterRuleId") {
		t.Errorf("the token gives another rule: %s", again.Body)
	}
	if reply, err := c.EC2(s.context(), "CreateTrafficMirrorFilter", "Description", "third", "ClientToken", "token-1"); err != nil || reply.Code() != "IdempotentParameterMismatch" {
		t.Errorf("the token with other parameters: %v %s", err, reply.Body)
	}
	if n := len(s.ok(c, "DescribeTrafficMirrorFilters").Fields("ingressFilterRuleSet")); n > 2 {
		t.Errorf("there are %d filters", n)
	}
	s.awaitFrames()
	s.end()
}

// withoutRequest is the answer without what every request has of its own.
func withoutRequest(r signed.Reply) []byte {
	return []byte(strings.Replace(string(r.Body), r.Field("requestId"), "", 1))
}
