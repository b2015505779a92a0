package store

import (
	"encoding/hex"
	"encoding/json"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// tokenLife is how long a client token is remembered.
const tokenLife = 24 * time.Hour

// maxTokens bounds the memory that tokens take; beyond it the oldest are forgotten early.
const maxTokens = 100000

// maxTokenEvents bounds the events that tokens hold, with the records in them: one create of a
// filter may have ten thousand.
const maxTokenEvents = 200000

// tokens remembers client tokens. Only the writer uses it.
type tokens struct {
	byKey  map[string]*usedToken
	order  []*usedToken // oldest first
	events int          // of all in order
}

type usedToken struct {
	key         string
	time        time.Time
	fingerprint [32]byte
	revision    uint64
	events      []Event
	saved       []json.RawMessage // events of before the start, decoded when asked for
}

// size is how many events it holds.
func (t *usedToken) size() int { return len(t.events) + len(t.saved) }

func (t *Token) key() string { return t.Account + "\x00" + t.Action + "\x00" + t.Value }

// replay answers a change whose token was used before. Nil, nil: it was not.
func (u *tokens) replay(t *Token, now time.Time) (*Result, error) {
	used := u.byKey[t.key()]
	if used == nil || now.Sub(used.time) >= tokenLife {
		return nil, nil
	}
	if used.fingerprint != t.Fingerprint {
		return nil, problem.Of(api.CodeTokenMismatch, "", "", "the client token was used before with other parameters; use a new one")
	}
	events := used.events
	for _, raw := range used.saved {
		e, err := decodeEvent(raw)
		if err != nil {
			return nil, problem.Of(api.CodeInternal, "", "", "the answer to this client token cannot be read (%v); run mirrorgw state check", err)
		}
		events = append(events, e)
	}
	used.events, used.saved = events, nil
	return &Result{Revision: used.revision, Events: used.events, Replayed: true}, nil
}

// add remembers a token; forget takes the last one that was added back.
func (u *tokens) add(t *usedToken) (forget func()) {
	before := u.byKey[t.key]
	u.byKey[t.key] = t
	u.order = append(u.order, t)
	u.events += t.size()
	return func() {
		u.order = u.order[:len(u.order)-1]
		u.events -= t.size()
		if delete(u.byKey, t.key); before != nil {
			u.byKey[t.key] = before
		}
	}
}

// expired returns the keys of tokens that need not be remembered any more, at most limit, and how
// many of the oldest entries they are.
func (u *tokens) expired(now time.Time, limit int) (keys []string, entries int) {
	events := u.events
	for _, t := range u.order {
		if entries == limit || now.Sub(t.time) < tokenLife && len(u.order)-entries <= maxTokens && events <= maxTokenEvents {
			break
		}
		entries++
		events -= t.size()
		if u.byKey[t.key] == t {
			keys = append(keys, t.key)
		}
	}
	return keys, entries
}

// drop forgets the oldest entries.
func (u *tokens) drop(entries int) {
	for _, t := range u.order[:entries] {
		u.events -= t.size()
		if u.byKey[t.key] == t {
			delete(u.byKey, t.key)
		}
	}
	clear(u.order[:entries])
	u.order = u.order[entries:]
}

// savedUse is a token's value as it is saved.
type savedUse struct {
	Fingerprint string            `json:"fingerprint"`
	Revision    uint64            `json:"revision"`
	Events      []json.RawMessage `json:"events"`
}

func (t *usedToken) encode() ([]byte, error) {
	s := savedUse{Fingerprint: hex.EncodeToString(t.fingerprint[:]), Revision: t.revision}
	for i := range t.events {
		data, err := encodeEvent(&t.events[i])
		if err != nil {
			return nil, err
		}
		s.Events = append(s.Events, data)
	}
	return json.Marshal(&s)
}

func decodeToken(saved SavedToken) (*usedToken, error) {
	var s savedUse
	if err := json.Unmarshal(saved.Value, &s); err != nil {
		return nil, err
	}
	t := &usedToken{key: saved.Key, time: saved.Time, revision: s.Revision, saved: s.Events}
	if _, err := hex.Decode(t.fingerprint[:], []byte(s.Fingerprint)[:min(len(s.Fingerprint), 64)]); err != nil {
		return nil, err
	}
	return t, nil
}
