package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/server"
)

const maxUserAgent = 256 // bytes

// Handler is the console without its socket.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, p := range s.pages {
		mux.HandleFunc(p.path, func(w http.ResponseWriter, r *http.Request) { s.serve(p, w, r) })
	}
	mux.HandleFunc("GET "+pathAssets, s.serveAsset)
	mux.HandleFunc("GET "+pathEvents, s.serveEvents)
	missing := &page{title: "Not found", open: true, get: notFound}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(missing, w, r) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guard(w.Header())
		if !s.isHost(r) {
			http.Error(w, "This console does not answer for the host that was asked for; ask by its address, or have the name added to [console] names.", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// visit is one request for a page being answered.
type visit struct {
	*Server
	r       *http.Request
	page    *page
	session *session // nil: nobody has logged in
	ctx     context.Context
	form    url.Values // of a POST
	since   string     // what the page knows of changes; empty: nothing moves
}

// serve answers a request for a page.
func (s *Server) serve(p *page, w http.ResponseWriter, r *http.Request) {
	v := &visit{Server: s, r: r, page: p, session: s.sessionOf(r), ctx: r.Context()}
	if v.session != nil {
		v.ctx = s.as(r, v.session)
		if s.Live != nil {
			v.since = s.Live.Since()
		}
	}
	defer s.recoverPanic(v, w)
	a, err := v.answer(w)
	if err != nil {
		a = v.failure(err)
	}
	v.write(w, a)
}

// as gives a request's context its caller.
func (s *Server) as(r *http.Request, one *session) context.Context {
	caller := one.caller
	caller.Door, caller.SourceIP, caller.TLS, caller.UserAgent = Door, sourceIP(r), r.TLS != nil, userAgent(r)
	return server.WithCaller(r.Context(), &caller)
}

func userAgent(r *http.Request) string {
	agent := r.UserAgent()
	return strings.ToValidUTF8(agent[:min(len(agent), maxUserAgent)], "")
}

// answer decides who may have the page, and has it made.
func (v *visit) answer(w http.ResponseWriter) (*reply, error) {
	handle := v.page.get
	if v.r.Method == http.MethodPost {
		handle = v.page.post
	}
	if handle == nil || v.r.Method != http.MethodGet && v.r.Method != http.MethodHead && v.r.Method != http.MethodPost {
		w.Header().Set("Allow", v.page.methods())
		return nil, failed(http.StatusMethodNotAllowed, "This page cannot be asked for in this way.")
	}
	if v.r.Method == http.MethodPost {
		if err := v.readForm(w); err != nil {
			return nil, err
		}
	}
	if !v.page.open {
		if v.session == nil {
			return v.toLogin(), nil
		}
		if method, path := v.page.question(v.r); method != "" && !v.may(method, path) {
			return nil, v.refused(path)
		}
	}
	return handle(v)
}

// readForm takes a form that this console has made, and no other.
func (v *visit) readForm(w http.ResponseWriter) error {
	if !isOwn(v.r) {
		return failed(http.StatusForbidden, "This form was sent from another site. Nothing has changed; use the forms of this console.")
	}
	v.r.Body = http.MaxBytesReader(w, v.r.Body, v.Limits.BodyBytes)
	if err := v.r.ParseForm(); err != nil {
		return failed(http.StatusBadRequest, fmt.Sprintf("The form cannot be read or is longer than %d bytes. Nothing has changed.", v.Limits.BodyBytes))
	}
	v.form = v.r.PostForm
	if v.session != nil && !hasToken(v.form.Get(fieldToken), v.session.csrf) {
		return failed(http.StatusForbidden, "This form is of another log-in. Nothing has changed; go back, load the page again and repeat what you did.")
	}
	return nil
}

// may asks the API whether the caller may make a request.
func (v *visit) may(method, path string) bool {
	return v.API.May(server.CallerOf(v.ctx), method, path)
}

// failure is what people are shown of an error.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

func failed(status int, text string) error { return &failure{status, text} }

// failure makes a page of an error.
func (v *visit) failure(err error) *reply {
	var own *failure
	var refused *api.Error
	switch {
	case errors.As(err, &own):
	case errors.As(err, &refused):
		if answer := v.late(refused); answer != nil {
			return answer
		}
		own = &failure{refused.Status, sentence(forPeople(refused.Message))}
	case errors.Is(err, context.Canceled):
		own = &failure{http.StatusServiceUnavailable, "The request was given up before it was answered."}
	default:
		v.Log.Error("a page could not be made", "path", v.r.URL.Path, "error", err)
		own = &failure{http.StatusInternalServerError, sentence(err.Error())}
	}
	return &reply{status: own.status, template: "error", title: http.StatusText(own.status), data: own.text}
}

// forPeople is what the API says, without the request that it proposes to programs.
func forPeople(message string) string {
	message, _, _ = strings.Cut(message, "; GET /")
	return message
}

// sentence begins with a capital and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return text
	}
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func notFound(*visit) (*reply, error) {
	return nil, failed(http.StatusNotFound, "There is no such page.")
}

// recoverPanic keeps a defect of one page from the others.
func (s *Server) recoverPanic(v *visit, w http.ResponseWriter) {
	reason := recover()
	if reason == nil {
		return
	}
	if reason == http.ErrAbortHandler {
		panic(reason)
	}
	s.Log.Error("a page panicked", "path", v.r.URL.Path, "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
	http.Error(w, "This is a defect of the gateway; its log has more.", http.StatusInternalServerError)
}

// serveEvents hands a stream over to whoever feeds it. It ends with the log-in, and with the gateway.
// A page that is open keeps its log-in in use.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	one := s.sessionOf(r)
	switch {
	case one == nil:
		http.Error(w, "log in", http.StatusUnauthorized)
		return
	case s.Events == nil:
		http.Error(w, "nothing moves here", http.StatusNotFound)
		return
	}
	ctx, cancel := context.WithCancelCause(s.as(r, one))
	defer cancel(nil)
	go s.endWithSession(ctx, func() { cancel(nil) }, r, one)
	if r.Method != http.MethodHead {
		defer one.streams.begin(func() { cancel(live.ErrElsewhere) })()
	}
	http.NewResponseController(w).SetWriteDeadline(time.Time{}) // each write of a stream has its own
	s.Events.ServeHTTP(w, r.WithContext(ctx))
}

// lookEvery is how often an open stream is judged again.
const lookEvery = 10 * time.Second

func (s *Server) endWithSession(ctx context.Context, cancel context.CancelFunc, r *http.Request, one *session) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return
		case <-one.ended:
			return
		case <-look.C:
			if s.sessionOf(r) != one {
				return
			}
		}
	}
}
