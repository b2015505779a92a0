package server

import (
	"io"
	"time"

	"mirrorgw/ctl/api"
)

// places bound how many requests of a kind are answered at once, for those take much memory. A
// request keeps its place until its answer is written.
type places chan struct{}

func newPlaces(n int) places { return make(places, n) }

// take gives the exchange a place if one becomes free within patience. It is given back by leave.
func (p places) take(x *exchange, patience time.Duration) (bool, error) {
	select { // without patience too
	case p <- struct{}{}:
		x.place = p
		return true, nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case p <- struct{}{}:
		x.place = p
		return true, nil
	case <-timer.C:
		return false, nil
	case <-x.r.Context().Done():
		return false, x.r.Context().Err()
	}
}

// leave gives the place back that the exchange has, if any.
func (x *exchange) leave() {
	if x.place != nil {
		<-x.place
		x.place = nil
	}
}

// takeRoom gives a place to a request whose body is longer than usual, or may be, before any of it
// is read.
func (s *Server) takeRoom(x *exchange, limit int64) error {
	if announced := x.r.ContentLength; limit <= s.Limits.BodyBytes || announced >= 0 && announced <= s.Limits.BodyBytes {
		return nil
	}
	taken, err := s.large.take(x, 0)
	if err != nil || taken {
		return err
	}
	x.w.Header().Set("Connection", "close") // the body is not read
	return fault(api.CodeUnavailable, "", "%d requests with a body of more than %d bytes, or of unknown length, are being answered already; try again in a moment",
		s.Limits.LargeBodies, s.Limits.BodyBytes)
}

// readAll reads a body of announced bytes into a buffer of just so many. One of unknown length, -1,
// is read into one that grows as it comes, to no more than limit and one byte; r must end with an
// error before the buffer is full.
func readAll(r io.Reader, announced, limit int64) ([]byte, error) {
	if announced >= 0 {
		body := make([]byte, announced)
		n, err := io.ReadFull(r, body)
		return body[:n], err
	}
	body := make([]byte, 0, min(limit+1, 64<<10))
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		case len(body) == cap(body):
			body = append(make([]byte, 0, grown(int64(cap(body)), limit)), body...)
		}
	}
}

// grown is the next size of a buffer that never needs more than limit and one byte.
func grown(size, limit int64) int64 {
	if size >= limit/2 {
		return limit + 1
	}
	return 2 * size
}
