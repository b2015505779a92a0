package console

import (
	"slices"
	"sync"
)

// mostStreams is how many answers without an end a log-in may have at once, events and captures together. A
// browser has six connections to a host for all of its windows (HTTP/1.1): were all of them streams, no page
// would load any more, and nobody could tell why.
const mostStreams = 5

// streams are the answers without an end that a log-in has, the oldest first.
type streams struct {
	mu  sync.Mutex
	all []*openStream
}

// openStream is one of them. rest, which must not block, ends it in favour of others; nil: it is not to be ended.
type openStream struct{ rest func() }

// begin notes a stream; where there are too many, the oldest that may rests. The caller calls end when it is over.
func (s *streams) begin(rest func()) (end func()) {
	one := &openStream{rest}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, one)
	if len(s.all) > mostStreams {
		if i := slices.IndexFunc(s.all, func(o *openStream) bool { return o.rest != nil }); i >= 0 {
			s.all[i].rest()
			s.all = slices.Delete(s.all, i, i+1)
		}
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all = slices.DeleteFunc(s.all, func(o *openStream) bool { return o == one })
	}
}
