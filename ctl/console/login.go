package console

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
)

// loginData is what the log-in page shows.
type loginData struct {
	Form    *form
	HasKeys bool
	Next    string // where to go then
}

// toLogin sends to the log-in page whoever has not logged in, and then back.
func (v *visit) toLogin() *reply {
	if v.r.Method != http.MethodGet {
		return &reply{redirect: pathLogin}
	}
	return &reply{redirect: pathLogin + "?" + url.Values{"next": {v.r.URL.RequestURI()}}.Encode()}
}

// next is the path to go to after a log-in. It is one of this console, whatever the link said.
func next(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(text, "//") || strings.Contains(text, "\\") {
		return pathHome
	}
	return u.RequestURI()
}

func (v *visit) loginForm() (*reply, error) {
	if v.session != nil {
		return &reply{redirect: next(v.r.URL.Query().Get("next"))}, nil
	}
	return v.showLogin(http.StatusOK, "", next(v.r.URL.Query().Get("next")), ""), nil
}

func (v *visit) showLogin(status int, key, then, fault string) *reply {
	f := &form{Submit: "Log in", Fields: []field{
		{Name: "accessKeyId", Label: "Access key ID", Value: key, Required: true, Autocomplete: "username"},
		{Name: "secretAccessKey", Label: "Secret access key", Kind: kindPassword, Required: true, Autocomplete: "current-password"},
	}}
	if fault != "" {
		f.fault("accessKeyId", fault)
	}
	return &reply{status: status, template: "login", data: loginData{f, v.Keys != nil, then}}
}

// login is by an access key.
func (v *visit) login() (*reply, error) {
	id, secret := strings.TrimSpace(v.form.Get("accessKeyId")), strings.TrimSpace(v.form.Get("secretAccessKey"))
	then, from, now := next(v.form.Get("next")), sourceIP(v.r), v.Now()
	if v.Keys == nil {
		return v.showLogin(http.StatusForbidden, "", then, "This gateway has no access keys; use a one-time link"), nil
	}
	id = strings.ToValidUTF8(id[:min(len(id), 128)], "")
	if !v.attempts.allowed(from, id, now) {
		return v.showLogin(http.StatusTooManyRequests, id, then, "Too many log-ins have failed; wait a minute and try again"), nil
	}
	key, ok := v.checkKey(id, secret)
	if !ok {
		v.attempts.failed(from, id, now)
		v.record(&server.Caller{AccessKey: id}, actionLogin, http.StatusUnauthorized, "InvalidCredentials")
		return v.showLogin(http.StatusUnauthorized, id, then, "The access key ID or the secret access key is wrong"), nil
	}
	return v.enterAs(server.Caller{Principal: key.Principal, AccessKey: key.ID}, v.sessions.hashSecret(key.Secret), then), nil
}

// checkKey compares in the same time whether there is such a key or not. Temporary keys, which come
// with a token, do not log in.
func (v *visit) checkKey(id, secret string) (iam.Key, bool) {
	key, ok := v.Keys.Key(id)
	if !ok || key.SessionToken != "" {
		key, ok = iam.Key{Secret: "no such key"}, false
	}
	want, given := v.sessions.hashSecret(key.Secret), v.sessions.hashSecret(secret)
	return key, subtle.ConstantTimeCompare(want[:], given[:]) == 1 && ok
}

// enterAs begins a log-in. The one that the browser had before is over.
func (v *visit) enterAs(caller server.Caller, secret [32]byte, then string) *reply {
	v.leave()
	caller.Door = Door
	cookie, one := v.sessions.begin(caller, secret)
	v.record(&caller, actionLogin, http.StatusOK, "")
	v.Log.Info("console log-in", "user", one.user(), "source", sourceIP(v.r).String())
	return &reply{redirect: then, cookie: cookie, setCookie: true}
}

// leave ends the log-in of the browser, if there is one.
func (v *visit) leave() {
	if cookie, err := v.r.Cookie(v.cookieName()); err == nil {
		v.sessions.close(cookie.Value)
	}
}

func (v *visit) logout() (*reply, error) {
	v.leave()
	v.record(&v.session.caller, actionLogout, http.StatusOK, "")
	return &reply{redirect: pathLogin, setCookie: true}, nil
}

// enterData is what the page of a one-time link shows.
type enterData struct{ Link, User string }

// enterForm asks whoever follows a link to say so: programs that look at links do not use it up.
func (v *visit) enterForm() (*reply, error) {
	text := v.r.URL.Query().Get("link")
	caller, ok := v.links.look(text)
	if !ok {
		return nil, errLink
	}
	one := session{caller: caller}
	return &reply{template: "enter", data: enterData{text, one.user()}}, nil
}

var errLink = failed(http.StatusGone, "This link has been used, or is older than a minute. Get another one with: mirrorctl console")

func (v *visit) enter() (*reply, error) {
	from, now := sourceIP(v.r), v.Now()
	if !v.attempts.allowed(from, "", now) {
		return nil, failed(http.StatusTooManyRequests, "Too many log-ins have failed; wait a minute and try again.")
	}
	caller, ok := v.links.take(v.form.Get("link"))
	if !ok {
		v.attempts.failed(from, "", now)
		v.record(&server.Caller{}, actionLogin, http.StatusGone, "InvalidLink")
		return nil, errLink
	}
	return v.enterAs(caller, [32]byte{}, pathHome), nil
}

// What the audit log calls what people do here besides changes.
const (
	actionLogin  = "consoleLogin"
	actionLogout = "consoleLogout"
)

// record tells the audit log.
func (v *visit) record(c *server.Caller, action string, status int, code string) {
	id := make([]byte, 16)
	rand.Read(id)
	r := &audit.Record{Time: v.Now(), Door: Door, RequestID: hex.EncodeToString(id), Service: "mirrorgw", Action: action, Identity: c.Identity(),
		UserAgent: userAgent(v.r), Status: status, Code: code}
	if from := sourceIP(v.r); from.IsValid() {
		r.SourceIP = from.String()
	}
	v.Audit.Write(r)
}
