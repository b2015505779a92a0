package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Record is one line. Its names are those of CloudTrail's records where these have one.
type Record struct {
	Time       time.Time `json:"eventTime"` // when the request came, UTC
	Door       string    `json:"door"`      // aws or socket
	RequestID  string    `json:"requestID"`
	Service    string    `json:"eventSource"` // ec2, ram, sts, monitoring, or mirrorgw
	Action     string    `json:"eventName"`   // as asked for; empty: unknown
	Identity   Identity  `json:"userIdentity"`
	SourceIP   string    `json:"sourceIPAddress,omitempty"`
	UserAgent  string    `json:"userAgent,omitempty"`
	Region     string    `json:"awsRegion,omitempty"`
	Parameters any       `json:"requestParameters,omitempty"` // without secrets, see Form and Body
	Resources  []string  `json:"resources,omitempty"`         // identifiers or ARNs touched

	Status  int    `json:"status"`                 // of HTTP
	Code    string `json:"errorCode,omitempty"`    // empty: success
	Message string `json:"errorMessage,omitempty"` // one sentence
	DryRun  bool   `json:"dryRun,omitempty"`       // nothing was to be changed

	// Policy and Statement are what decided that the request is allowed or not, where policies were asked.
	Policy    string `json:"policy,omitempty"`
	Statement string `json:"statement,omitempty"`

	Microseconds int64 `json:"durationMicroseconds"`
	Lost         int64 `json:"lostRecords,omitempty"` // of the line that tells that lines are missing before it
}

// Identity is who asked, as far as it is known.
type Identity struct {
	Type      string `json:"type"` // IAMUser, Root, Unix or Unknown
	Account   string `json:"accountId,omitempty"`
	User      string `json:"userName,omitempty"`
	ARN       string `json:"arn,omitempty"`
	AccessKey string `json:"accessKeyId,omitempty"`
	UID       *int   `json:"uid,omitempty"` // of a process of this machine
	PID       int    `json:"pid,omitempty"`
}

// Types of Identity.
const (
	TypeUser    = "IAMUser"
	TypeRoot    = "Root"
	TypeUnix    = "Unix"
	TypeUnknown = "Unknown"
)

// EventLost is the Action of the line that tells that lines are missing before it.
const EventLost = "AuditRecordsLost"

const (
	maxText      = 1024     // bytes of a text of a record
	maxBody      = 16 << 10 // bytes of parameters; of longer ones the hash is told
	maxResources = 100
)

// hidden stands for what is secret.
const hidden = "(hidden)"

// isSecret tells names whose values are never told. Client tokens are no secrets.
func isSecret(name string) bool {
	lower := strings.ToLower(name)
	for _, part := range []string{"secret", "password", "passphrase", "signature", "credential", "securitytoken", "security-token", "sessiontoken", "privatekey"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

// parameterName is what names of parameters look like. What comes as another one may be a body of another
// kind, with anything in it.
var parameterName = regexp.MustCompile(`^[A-Za-z][\w.:-]{0,127}$`)

// Form makes parameters of a form. Parameters that promise a secret by their name lose their value, and
// what is no name of a parameter is told by its length and hash.
func Form(form url.Values) any {
	if len(form) == 0 {
		return nil
	}
	told, size := map[string]any{}, 0
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			size += len(name) + len(value)
		}
		switch {
		case !parameterName.MatchString(name):
			told[hidden] = digest([]byte(name))
		case isSecret(name):
			told[cut(name)] = hidden
		case len(form[name]) == 1:
			told[cut(name)] = cut(form[name][0])
		default:
			told[cut(name)] = form[name]
		}
	}
	if size > maxBody {
		return digest([]byte(form.Encode()))
	}
	return told
}

// Body makes parameters of a JSON document, in the same way; a text that is none, or a long one,
// is told by its length and hash.
func Body(body []byte) any {
	if len(body) == 0 {
		return nil
	}
	if len(body) > maxBody {
		return digest(body)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return digest(body)
	}
	return withoutSecrets(v)
}

func digest(data []byte) any {
	sum := sha256.Sum256(data)
	return map[string]any{"bytes": len(data), "sha256": hex.EncodeToString(sum[:])}
}

func withoutSecrets(v any) any {
	switch t := v.(type) {
	case map[string]any:
		for name, value := range t {
			if isSecret(name) {
				t[name] = hidden
				continue
			}
			t[name] = withoutSecrets(value)
		}
	case []any:
		for i := range t {
			t[i] = withoutSecrets(t[i])
		}
	}
	return v
}

func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

// line is the record as it stands in the file.
func (r *Record) line() []byte {
	told := *r
	told.Time = r.Time.UTC()
	for _, text := range []*string{&told.RequestID, &told.Action, &told.UserAgent, &told.Region, &told.Message, &told.Identity.AccessKey} {
		*text = cut(*text)
	}
	if n := len(told.Resources); n > maxResources {
		told.Resources = append(slices.Clone(told.Resources[:maxResources]), "…")
	}
	text, err := json.Marshal(&told)
	if err != nil { // parameters that JSON does not have: the facts matter more
		told.Parameters = nil
		text, _ = json.Marshal(&told)
	}
	return append(text, '\n')
}
