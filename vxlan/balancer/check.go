package balancer

import (
	"net/netip"
	"time"
)

// Protocol is how members are probed.
type Protocol string

// Protocols. None probes nothing: only the next hop counts.
const (
	None Protocol = "none"
	ICMP Protocol = "icmp"
	TCP  Protocol = "tcp"
	HTTP Protocol = "http"
)

// Defaults of a health check: those of an AWS Network Load Balancer (its user guide, "Health checks
// for target groups"). ICMP, which AWS does not have, goes with TCP.
const (
	DefaultInterval           = 30 * time.Second
	DefaultTimeout            = 10 * time.Second
	DefaultTimeoutHTTP        = 6 * time.Second
	DefaultHealthyThreshold   = 5
	DefaultUnhealthyThreshold = 2
)

// Check says how members are probed. Zero numbers stand for the defaults.
type Check struct {
	Protocol           Protocol
	Port               int           // of TCP and HTTP, 1-65535
	Path               string        // of HTTP; empty: /
	Interval           time.Duration // between the starts of two probes of a member
	Timeout            time.Duration // until a probe has failed; at most Interval
	HealthyThreshold   int           // good probes in a row until an unhealthy member is healthy
	UnhealthyThreshold int           // bad probes in a row until a healthy member is unhealthy
}

// WithDefaults returns the check with its defaults filled in.
func (c Check) WithDefaults() Check {
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
		if c.Protocol == HTTP {
			c.Timeout = DefaultTimeoutHTTP
		}
	}
	c.Timeout = min(c.Timeout, c.Interval)
	if c.HealthyThreshold <= 0 {
		c.HealthyThreshold = DefaultHealthyThreshold
	}
	if c.UnhealthyThreshold <= 0 {
		c.UnhealthyThreshold = DefaultUnhealthyThreshold
	}
	if c.Protocol == HTTP && c.Path == "" {
		c.Path = "/"
	}
	return c
}

// Probe is one question to one member. Its check has all defaults filled in.
type Probe struct {
	Address netip.Addr
	Check   Check
}

// Result is the answer to a probe.
type Result struct {
	OK      bool
	NotSent bool          // the question did not leave the gateway: nothing is known of the member
	Reason  string        // of a failure, and of what was not sent, a clause: "connection refused"
	RTT     time.Duration // from the question to the answer; 0 without an answer
}

// Prober sends probes. Probe returns at once; done is called once, from any goroutine, at the latest
// after the check's timeout.
type Prober interface {
	Probe(p Probe, done func(Result))
}
