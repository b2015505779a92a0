package ec2

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
)

// Bounds of MaxResults. Without it a page has maxPage resources too.
const (
	minPage = 5
	maxPage = 1000
)

// maxAnswer ends a page early, bytes: filters may have very many rules.
const maxAnswer = 4 << 20

// tokenSum is how many bytes of a token tell that it belongs to a request.
const tokenSum = 16

// A token of a page is base64 of a sum and of the last key of the page. The sum is of the account,
// the action, its parameters and the key, so that a token fits only what it was made for. It is no
// secret and protects none: whoever forges one chooses where a page of its own list begins.
func (x *request) pageToken(last string) string {
	sum := x.pageSum(last)
	return base64.RawURLEncoding.EncodeToString(append(sum[:tokenSum:tokenSum], last...))
}

func (x *request) pageSum(last string) [sha256.Size]byte {
	parameters := x.fingerprint("NextToken", "MaxResults", "DryRun")
	return sha256.Sum256([]byte(strings.Join([]string{x.account(), x.action.name, string(parameters[:]), last}, "\x00")))
}

// after is the key that the page begins behind.
func (x *request) after() (string, error) {
	token := x.in.str("NextToken")
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil && len(raw) > tokenSum {
		last := string(raw[tokenSum:])
		sum := x.pageSum(last)
		if subtle.ConstantTimeCompare(sum[:tokenSum], raw[:tokenSum]) == 1 {
			return last, nil
		}
	}
	return "", invalid("InvalidNextToken", "The token in NextToken is not from an answer to this request; repeat the request with the same parameters, or begin without it")
}

// page collects the lowest keys of a list, and whether there are more.
type page[R any] struct {
	keys []string // ascending
	list []R
	most int
	more bool
}

// add takes a record if its key is among the lowest so far.
func (p *page[R]) add(key string, r R) {
	if len(p.keys) == p.most && key >= p.keys[p.most-1] {
		p.more = true
		return
	}
	at, _ := slices.BinarySearch(p.keys, key)
	p.keys, p.list = slices.Insert(p.keys, at, key), slices.Insert(p.list, at, r)
	if len(p.keys) > p.most {
		p.keys, p.list, p.more = p.keys[:p.most], p.list[:p.most], true
	}
}
