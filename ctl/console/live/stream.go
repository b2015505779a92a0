package live

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// contentType is that of server-sent events; they are always UTF-8.
const contentType = "text/event-stream"

// retryTime is how long a browser waits before it comes back.
const retryTime = 2 * time.Second

// Serve streams to a viewer until it goes, its log-in ends, or the hub is closed. The parameter since,
// which a page gives that comes back by itself, and the header Last-Event-ID, which a browser does, say
// what it knows already.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, want Viewer) {
	if want.Since == "" {
		if want.Since = r.Header.Get("Last-Event-ID"); want.Since == "" {
			want.Since = r.URL.Query().Get("since")
		}
	}
	v, err := h.join(&want)
	if err != nil {
		refuse(w, err)
		return
	}
	defer h.leave(v, want.User)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // of proxies that would wait for more
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return // a page asks whether it may come back
	}
	s := &stream{hub: h, viewer: v, alive: want.Alive, w: w, control: http.NewResponseController(w)}
	s.run(r.Context(), h.greet(want.Scope, want.Since))
}

func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case errors.Is(err, ErrTopic):
		http.Error(w, err.Error(), http.StatusNotFound)
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// stream is one answer under way.
type stream struct {
	hub     *Hub
	viewer  *viewer
	alive   func() bool
	w       http.ResponseWriter
	control *http.ResponseController
}

// Reasons why a stream ends for good.
const (
	byeLogin    = "log-in"        // it has ended, or the viewer may see something else now
	byeShutdown = "shutting-down" // the gateway, which may come back
	byeOthers   = "elsewhere"     // the browser has as many streams as it may, and newer ones
)

func (s *stream) run(ctx context.Context, frames []*frame) {
	first := frame{append([]byte("retry: "), strconv.FormatInt(retryTime.Milliseconds(), 10)+"\n\n"...)}
	if s.write(append([]*frame{&first}, frames...)) != nil {
		return
	}
	beat := time.NewTimer(s.hub.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), ErrElsewhere) {
				s.bye(byeOthers)
			}
			return
		case <-s.hub.ctx.Done():
			s.bye(byeShutdown)
			return
		case <-s.viewer.news:
			frames = s.news()
		case <-beat.C:
			frames = []*frame{{[]byte(":\n\n")}}
		}
		if s.alive != nil && !s.alive() {
			s.bye(byeLogin)
			return
		}
		if s.write(frames) != nil {
			return
		}
		beat.Reset(s.hub.Heartbeat)
	}
}

func (s *stream) news() []*frame {
	frames, lost := s.viewer.take()
	if lost {
		frames = append([]*frame{s.hub.lostFrame(s.hub.revision())}, frames...)
	}
	return frames
}

func (s *stream) bye(reason string) {
	s.write([]*frame{encode("bye", "", map[string]string{"reason": reason})})
}

// write sends messages together. Who does not take them in time is cut off.
func (s *stream) write(frames []*frame) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.hub.WriteTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	for _, f := range frames {
		if _, err := s.w.Write(f.text); err != nil {
			return err
		}
	}
	return s.control.Flush()
}
