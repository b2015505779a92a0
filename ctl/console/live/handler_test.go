package live

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// rights are paths that may be read, by user.
type rights map[string][]string

func (r rights) May(c *server.Caller, method, path string) bool {
	for _, may := range r[c.Principal.User] {
		if method == http.MethodGet && (may == path || may == "*") {
			return true
		}
	}
	return false
}

func caller(account, user string) *server.Caller {
	return &server.Caller{Principal: iam.Principal{Account: account, User: user}}
}

func TestScopeOf(t *testing.T) {
	w := newWorld(t, nil)
	r := rights{"admin": {"*"}, "tenant": {"*"}, "numbers": {api.PathState, api.PathStats}, "sessions": {api.PathSessions}, "state": {api.PathState, api.PathSessions}}
	for _, c := range []struct {
		account, user string
		gateway       bool
		ours, theirs  bool // sessions
		target        bool
	}{
		{ctl.DefaultAccount, "admin", true, true, true, true},
		{ctl.DefaultAccount, "numbers", true, false, false, false},
		{ctl.DefaultAccount, "sessions", false, true, true, false},
		{ctl.DefaultAccount, "state", false, true, true, false},
		{other, "tenant", false, false, true, false},
		{other, "sessions", false, false, true, false},
		{other, "nobody", false, false, false, false},
		{"", "admin", true, true, true, true},
	} {
		s := ScopeOf(r, caller(c.account, c.user))
		w.store.Read(func(v *store.View) {
			ours, theirs := s.sees(v, store.KindSession, ctl.DefaultAccount, sessionOne), s.sees(v, store.KindSession, other, sessionTwo)
			target := s.sees(v, store.KindTarget, ctl.DefaultAccount, "tmt-00000000000000001")
			if s.Gateway != c.gateway || ours != c.ours || theirs != c.theirs || target != c.target {
				t.Errorf("%s of %q: gateway %v, sessions %v %v, target %v", c.user, c.account, s.Gateway, ours, theirs, target)
			}
		})
	}
	if a, b := ScopeOf(r, caller(other, "tenant")), ScopeOf(r, caller(ctl.DefaultAccount, "admin")); a.Key == b.Key {
		t.Error("who sees different things has one key")
	}
}

func TestHandler(t *testing.T) {
	w := newWorld(t, nil)
	handler := w.hub.Handler(rights{"admin": {"*"}, "tenant": {"*"}})
	for _, c := range []struct {
		caller *server.Caller
		target string
		status int
	}{
		{nil, "/events?topic=overview", http.StatusUnauthorized},
		{caller(other, "tenant"), "/events?topic=overview&topic=" + sessionOne, http.StatusNotFound},
		{caller(other, "tenant"), "/events?topic=overview&topic=" + sessionTwo, http.StatusOK},
		{caller("", "admin"), "/events?topic=" + strings.Repeat("x", 100), http.StatusNotFound},
		{caller("", "admin"), "/events", http.StatusOK},
	} {
		request := httptest.NewRequest(http.MethodHead, c.target, nil) // which does not stay
		if c.caller != nil {
			request = request.WithContext(server.WithCaller(request.Context(), c.caller))
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != c.status {
			t.Errorf("%s: %d; want %d", c.target, answer.Code, c.status)
		}
	}
	if n := w.hub.Counts().Viewers; n != 0 {
		t.Errorf("%d viewers stayed", n)
	}
}
