package console

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"mirrorgw/ctl/server"
)

const (
	linkLife = 60 * time.Second
	maxLinks = 64 // that nobody has followed yet
)

// links are the one-time links that have been given out, by the hash of what they have.
type links struct {
	now func() time.Time
	mu  sync.Mutex
	all map[[32]byte]link
}

type link struct {
	caller server.Caller
	until  time.Time
}

func newLinks(now func() time.Time) *links { return &links{now: now, all: map[[32]byte]link{}} }

// Link makes a link that logs in as a caller, once. It is server.Options.ConsoleLink.
func (s *Server) Link(c server.Caller) (url string, until time.Time, err error) {
	text, until, err := s.links.add(c)
	if err != nil {
		return "", until, err
	}
	return s.URL + pathEnter + "?link=" + text, until, nil
}

func (l *links) add(c server.Caller) (text string, until time.Time, err error) {
	text, until = token(), l.now().Add(linkLife)
	l.mu.Lock()
	defer l.mu.Unlock()
	for hash, one := range l.all {
		if !l.now().Before(one.until) {
			delete(l.all, hash)
		}
	}
	if len(l.all) >= maxLinks {
		return "", until, errors.New("many links wait to be followed already; follow one, or try again in a minute")
	}
	l.all[sha256.Sum256([]byte(text))] = link{c, until}
	return text, until, nil
}

// look finds a link that is good and leaves it so.
func (l *links) look(text string) (server.Caller, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.all[sha256.Sum256([]byte(text))]
	return one.caller, ok && l.now().Before(one.until)
}

// take finds a link and uses it up.
func (l *links) take(text string) (server.Caller, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	hash := sha256.Sum256([]byte(text))
	one, ok := l.all[hash]
	delete(l.all, hash)
	return one.caller, ok && l.now().Before(one.until)
}
