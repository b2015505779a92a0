package iam

import (
	"net/netip"
	"strconv"
	"time"
)

// RequestFacts are what a door knows of a request.
type RequestFacts struct {
	SourceIP  netip.Addr // the zero Addr: it came over a unix socket
	Time      time.Time
	TLS       bool
	UserAgent string
	Region    string            // may be empty
	Tags      map[string]string // that the request gives or, for aws:TagKeys, takes away
}

// Context makes Question.Context. A key that the door knows nothing of is absent.
func (r *RequestFacts) Context() map[string][]string {
	c := map[string][]string{
		KeyCurrentTime:     {r.Time.UTC().Format(time.RFC3339)},
		KeyEpochTime:       {strconv.FormatInt(r.Time.Unix(), 10)},
		KeySecureTransport: {strconv.FormatBool(r.TLS)},
	}
	if r.SourceIP.IsValid() {
		c[KeySourceIP] = []string{r.SourceIP.Unmap().WithZone("").String()}
	}
	if r.UserAgent != "" {
		c[KeyUserAgent] = []string{r.UserAgent}
	}
	if r.Region != "" {
		c[KeyRequestedRegion], c[KeyRegion] = []string{r.Region}, []string{r.Region}
	}
	for key, value := range r.Tags {
		c[KeyRequestTag+key] = []string{value}
		c[KeyTagKeys] = append(c[KeyTagKeys], key)
	}
	return c
}
