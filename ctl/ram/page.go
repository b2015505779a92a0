package ram

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl/store"
)

// maxPage is the largest maxResults, and the size of a page without it.
const maxPage = 500

// tokenSum is how many bytes of a token tell that it belongs to a request.
const tokenSum = 16

// paged are the parameters of a page. They are embedded in those of lists.
type paged struct {
	NextToken  string `json:"nextToken,omitempty"`
	MaxResults *int   `json:"maxResults,omitempty"`
}

// item is one row of a list with the key that it is sorted by, which no other row has.
type item[W any] struct {
	key string
	row W
}

// keyOf sorts by creation and then by what tells rows apart.
func keyOf(created time.Time, parts ...string) string {
	return fmt.Sprintf("%020d", created.UnixNano()) + strings.Join(parts, "\x00")
}

// list answers one page. in are the parameters without those of the page; a token fits only the
// request that it was made for. rows makes all rows.
func list[W any](x *request, in any, p paged, rows func(v *store.View) ([]item[W], error)) (page []W, next *string, err error) {
	limit := maxPage
	if p.MaxResults != nil {
		if limit = *p.MaxResults; limit < 1 || limit > maxPage {
			code := "InvalidParameterException"
			if x.action.name == "GetResourceShareInvitations" {
				code = "InvalidMaxResultsException"
			}
			return nil, nil, refused(code, "The value %d of maxResults is not valid. Use a number from 1 to %d.", limit, maxPage)
		}
	}
	after, err := x.after(in, p.NextToken)
	if err != nil {
		return nil, nil, err
	}
	var all []item[W]
	if err := x.read(func(v *store.View) (err error) { all, err = rows(v); return err }); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(all, func(a, b item[W]) int { return cmp.Compare(a.key, b.key) })
	page = []W{}
	for _, i := range all {
		switch {
		case after != "" && i.key <= after:
		case len(page) == limit:
			return page, next, nil
		default:
			page = append(page, i.row)
			token := x.pageToken(in, i.key)
			next = &token
		}
	}
	return page, nil, nil
}

// A token is base64 of a sum and of the last key of the page. The sum is no secret and protects
// nothing: whoever forges one chooses where a page of its own list begins.
func (x *request) pageToken(in any, last string) string {
	sum := x.pageSum(in, last)
	return base64.RawURLEncoding.EncodeToString(append(sum[:tokenSum:tokenSum], last...))
}

func (x *request) pageSum(in any, last string) [sha256.Size]byte {
	parameters, err := json.Marshal(in)
	if err != nil {
		panic(err) // texts, numbers and lists of them
	}
	return sha256.Sum256([]byte(strings.Join([]string{x.account(), x.action.name, string(parameters), last}, "\x00")))
}

func (x *request) after(in any, token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil && len(raw) > tokenSum {
		last := string(raw[tokenSum:])
		sum := x.pageSum(in, last)
		if subtle.ConstantTimeCompare(sum[:tokenSum], raw[:tokenSum]) == 1 {
			return last, nil
		}
	}
	return "", refused("InvalidNextTokenException", "The specified value for nextToken is not from an answer to this request. Repeat the request with the same parameters, or begin without it.")
}
