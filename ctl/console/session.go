package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"time"

	"mirrorgw/ctl/server"
)

// session is a log-in.
type session struct {
	caller server.Caller
	csrf   string   // in every form
	secret [32]byte // of the access key, hashed: a key whose secret has changed is another one
	born   time.Time

	mu      sync.Mutex
	used    time.Time
	flashes []flash
	drafts  []*draft      // of the guide, the oldest first; at most maxDrafts
	ended   chan struct{} // closed when the log-in ends: event streams end with it

	streams streams
}

// flash is a message for the next page.
type flash struct {
	Kind string // success, warning or error
	Text string
}

func (s *session) tell(kind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.flashes) < 8 {
		s.flashes = append(s.flashes, flash{kind, text})
	}
}

// told are the messages, which are told once.
func (s *session) told() []flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.flashes
	s.flashes = nil
	return told
}

// user is whose log-in it is, for people and for Limits.PerUser.
func (s *session) user() string {
	switch p := &s.caller.Principal; {
	case p.Account != "" && p.User != "":
		return p.User + " (account " + p.Account + ")"
	case p.Account != "":
		return "account " + p.Account
	}
	return "local " + s.caller.Role.String() + " (uid " + strconv.Itoa(s.caller.UID) + ")"
}

// sessions are the log-ins, by the hash of what their cookie has: who reads the memory of the daemon
// finds no cookie.
type sessions struct {
	most, perUser int
	now           func() time.Time
	key           [32]byte // of this process, for the hashes of secrets

	mu         sync.Mutex
	idle, life time.Duration
	all        map[[32]byte]*session
}

// SetLives changes after how long log-ins end: without use, and whatever happens.
func (s *Server) SetLives(idle, life time.Duration) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.sessions.idle, s.sessions.life = idle, life
}

func newSessions(o *Options) *sessions {
	s := &sessions{idle: o.Idle, life: o.Life, most: o.Limits.Sessions, perUser: o.Limits.PerUser, now: o.Now, all: map[[32]byte]*session{}}
	rand.Read(s.key[:])
	return s
}

// token is a random text of 256 bits.
func token() string {
	var random [32]byte
	rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// hashSecret makes a secret recognisable and nothing more.
func (s *sessions) hashSecret(secret string) (hash [32]byte) {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte(secret))
	copy(hash[:], mac.Sum(nil))
	return hash
}

// begin makes a log-in and returns what its cookie has.
func (s *sessions) begin(caller server.Caller, secret [32]byte) (string, *session) {
	cookie, now := token(), s.now()
	one := &session{caller: caller, csrf: token(), secret: secret, born: now, used: now, ended: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom(one.user())
	s.all[sha256.Sum256([]byte(cookie))] = one
	return cookie, one
}

// makeRoom ends what has expired, and where there are too many log-ins, of the user or at all, the one
// that was not used for longest. The caller holds mu.
func (s *sessions) makeRoom(user string) {
	var oldest, oldestOfUser [32]byte
	total, ofUser := 0, 0
	older := func(a, b [32]byte) bool { return s.all[b] == nil || s.all[a].used.Before(s.all[b].used) }
	for hash, one := range s.all {
		if s.isOver(one) {
			s.drop(hash)
			continue
		}
		if total++; older(hash, oldest) {
			oldest = hash
		}
		if one.user() != user {
			continue
		}
		if ofUser++; older(hash, oldestOfUser) {
			oldestOfUser = hash
		}
	}
	switch {
	case ofUser >= s.perUser:
		s.drop(oldestOfUser)
	case total >= s.most:
		s.drop(oldest)
	}
}

func (s *sessions) drop(hash [32]byte) {
	if one := s.all[hash]; one != nil {
		close(one.ended)
		delete(s.all, hash)
	}
}

func (s *sessions) isOver(one *session) bool {
	now := s.now()
	return now.Sub(one.used) > s.idle || now.Sub(one.born) > s.life
}

// find returns the log-in of a cookie, and notes that it is used; nil: there is none, or it is over.
func (s *sessions) find(cookie string) *session {
	hash := sha256.Sum256([]byte(cookie))
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[hash]
	if one == nil {
		return nil
	}
	if s.isOver(one) {
		s.drop(hash)
		return nil
	}
	one.used = s.now()
	return one
}

// close ends the log-in of a cookie.
func (s *sessions) close(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(sha256.Sum256([]byte(cookie)))
}

// cookieName is that of the log-in. Under TLS browsers themselves see to it that it comes from this
// host alone (RFC 6265bis section 4.1.3.2). Without, the port keeps gateways apart.
func (s *Server) cookieName() string {
	if s.Certificate != nil {
		return "__Host-mirrorgw"
	}
	return "mirrorgw-" + strconv.Itoa(int(s.Listen.Port()))
}

func (s *Server) setCookie(w http.ResponseWriter, value string) {
	c := &http.Cookie{Name: s.cookieName(), Value: value, Path: "/", HttpOnly: true, Secure: s.Certificate != nil, SameSite: http.SameSiteStrictMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// sessionOf is the log-in that a request belongs to; nil: none. A log-in by an access key lasts as long
// as the key is there and the same.
func (s *Server) sessionOf(r *http.Request) *session {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil
	}
	one := s.sessions.find(cookie.Value)
	if one == nil || one.caller.AccessKey == "" {
		return one
	}
	key, ok := s.Keys.Key(one.caller.AccessKey)
	if !ok || s.sessions.hashSecret(key.Secret) != one.secret || key.Principal.Account != one.caller.Principal.Account || key.Principal.User != one.caller.Principal.User {
		s.sessions.close(cookie.Value)
		return nil
	}
	return one
}
