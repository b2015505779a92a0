package ram

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl"
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

// keyOf sorts by creation and then by what tells rows apart.
func keyOf(created time.Time, parts ...string) string {
	return fmt.Sprintf("%020d", created.UnixNano()) + strings.Join(parts, "\x00")
}

// shareKey is what the keys of all rows of a share begin with.
func shareKey(r *ctl.Share) string { return keyOf(r.Created, r.ID) }

// page collects the rows with the lowest keys behind one, and whether there are more. An account may have
// millions of rows in its shares: those that are not on the page are not made.
type page[W any] struct {
	after string // the key that the page begins behind
	most  int
	keys  []string // ascending, of the rows
	rows  []W
	more  bool
}

// wants reports whether the row of a key, if it is added, would change anything.
func (p *page[W]) wants(key string) bool {
	return (p.after == "" || key > p.after) && (!p.more || key < p.keys[p.most-1])
}

// passes reports whether a page wants no key that begins with a prefix.
func (p *page[W]) passes(prefix string) bool {
	isBefore := prefix < p.after && !strings.HasPrefix(p.after, prefix)
	return isBefore || p.more && prefix > p.keys[p.most-1]
}

// add takes a row that is wanted. No other has its key.
func (p *page[W]) add(key string, row W) {
	if len(p.keys) == p.most && key > p.keys[p.most-1] {
		p.more = true
		return
	}
	at, _ := slices.BinarySearch(p.keys, key)
	p.keys, p.rows = slices.Insert(p.keys, at, key), slices.Insert(p.rows, at, row)
	if len(p.keys) > p.most {
		p.keys, p.rows, p.more = p.keys[:p.most], p.rows[:p.most], true
	}
}

// newPage is the empty page that a request asks for. in are its parameters without those of the page; a token fits
// only the request that it was made for.
func newPage[W any](x *request, in any, p paged) (*page[W], error) {
	to := &page[W]{most: maxPage, rows: []W{}}
	if p.MaxResults != nil {
		if to.most = *p.MaxResults; to.most < 1 || to.most > maxPage {
			code := "InvalidParameterException"
			if x.action.name == "GetResourceShareInvitations" {
				code = "InvalidMaxResultsException"
			}
			return nil, refused(code, "The value %d of maxResults is not valid. Use a number from 1 to %d.", to.most, maxPage)
		}
	}
	var err error
	to.after, err = x.after(in, p.NextToken)
	return to, err
}

// next is the token of the next page; nil: this is the last one.
func (p *page[W]) next(x *request, in any) *string {
	if !p.more {
		return nil
	}
	token := x.pageToken(in, p.keys[p.most-1])
	return &token
}

// list answers one page of a list that is not long. rows adds all rows.
func list[W any](x *request, in any, p paged, rows func(v *store.View, to *page[W]) error) ([]W, *string, error) {
	to, err := newPage[W](x, in, p)
	if err != nil {
		return nil, nil, err
	}
	if err := x.read(func(v *store.View) error { return rows(v, to) }); err != nil {
		return nil, nil, err
	}
	return to.rows, to.next(x, in), nil
}

// listShares answers one page of a list of what is in shares, each of which may have very many rows: rows adds those
// of one, whose keys begin with key. It is called when the state is no longer held.
func listShares[W any](x *request, in any, p paged, find func(v *store.View) ([]*ctl.Share, error), rows func(r *ctl.Share, key string, to *page[W])) ([]W, *string, error) {
	to, err := newPage[W](x, in, p)
	if err != nil {
		return nil, nil, err
	}
	var shares []*ctl.Share
	if err := x.read(func(v *store.View) (err error) { shares, err = find(v); return err }); err != nil {
		return nil, nil, err
	}
	for _, r := range shares {
		if err := x.ctx().Err(); err != nil {
			return nil, nil, err
		}
		if key := shareKey(r); !to.passes(key) {
			rows(r, key, to)
		}
	}
	return to.rows, to.next(x, in), nil
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
