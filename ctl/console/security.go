package console

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// policy of the content: nothing but what comes from here, no script and no style in the page itself.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard sets the headers of every answer. The referrer policy is same-origin and not no-referrer: with
// the latter browsers send "Origin: null" with forms, and the origin of a form is looked at here.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
}

// isHost tells whether a request is for this console: by an address of it, by localhost where it
// listens there, or by one of its names. A page of another name that resolves to this address may not
// talk to it.
func (s *Server) isHost(r *http.Request) bool {
	host := strings.ToLower(hostname(r.Host))
	if slices.Contains(s.Names, host) {
		return true
	}
	local := s.Listen.Addr().Unmap()
	if local.IsLoopback() && host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	address = address.Unmap().WithZone("")
	if address == local || local.IsLoopback() && address.IsLoopback() {
		return true
	}
	arrived, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(arrived.String())
	return err == nil && at.Addr().Unmap().WithZone("") == address
}

// hostname is a Host header without its port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// isOwn tells whether a form was sent from a page of this console. Browsers say so in at least one of
// two headers, and other clients have no business here.
func isOwn(r *http.Request) bool {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if site != "" && site != "same-origin" {
		return false
	}
	if origin == "" {
		return site != ""
	}
	from, err := url.Parse(origin)
	return err == nil && from.Host != "" && strings.EqualFold(from.Host, r.Host) && (r.TLS == nil || from.Scheme == "https")
}

// hasToken tells whether a form has the token of the log-in.
func hasToken(given, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

// sourceIP is where a request comes from.
func sourceIP(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap().WithZone("")
}
