package cloudwatch

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"mirrorgw/ctl/aws"
)

// position is where a page ended. It is no secret, and a made-up one shows nothing that the same
// client could not ask for; Of ties it to the request that it continues.
type position struct {
	Of string `json:"o"`

	Dimension string `json:"d,omitempty"` // ListMetrics: the last entry
	Value     string `json:"v,omitempty"`
	Metric    int    `json:"m,omitempty"`

	Query int   `json:"q,omitempty"` // GetMetricData: the query to go on with
	Time  int64 `json:"t,omitempty"` // and the last point of it; 0: none
}

// maxToken is longer than any token that this service makes.
const maxToken = 4096

func (p position) token() string {
	text, _ := json.Marshal(p) // strings and numbers do not fail
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseToken reads a token of the request that has this identity. nil: there is none.
func parseToken(token *string, of string) (*position, *aws.Fault) {
	if token == nil {
		return nil, nil
	}
	refused := bad(invalidToken, "The parameter NextToken is none that this request was given; repeat the request without it.")
	if len(*token) > maxToken {
		return nil, refused
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	p := &position{}
	if err != nil || json.Unmarshal(text, p) != nil || p.Of != of || p.Metric < 0 || p.Query < 0 || p.Time < 0 {
		return nil, refused
	}
	return p, nil
}

// identity is short and differs between requests whose pages must not be mixed.
func identity(account string, request any) string {
	text, err := json.Marshal(request)
	if err != nil {
		text = fmt.Append(nil, request)
	}
	sum := sha256.Sum256(append([]byte(account+"\n"), text...))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
