package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"mirrorgw/ctl/tomldoc"
)

// Defaults and bounds of [console].
const (
	DefaultConsoleListen  = "127.0.0.1:8790"
	DefaultSessionMinutes = 60
	DefaultSessionHours   = 12

	maxSessionMinutes = 24 * 60
	maxSessionHours   = 30 * 24
	maxConsoleNames   = 16
)

// Console is the [console] section: the web console. Without the section all of it is zero and
// nothing listens.
type Console struct {
	Listen         netip.AddrPort // TCP; the zero value: there is no console
	Names          []string       // hosts that browsers may ask for besides the address itself, lower case
	TLSCertificate string         // path, PEM with the chain; empty: no TLS, and Listen is a loopback address
	TLSKey         string         // path, PEM
	Keys           string         // path of the access keys that log in; empty: those of [aws], if it is there

	SessionMinutes int // without a request, after which a log-in ends
	SessionHours   int // after which a log-in ends whatever happens

	src *tomldoc.Table
}

var hostForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

func readConsole(root *tomldoc.Table) Console {
	present := root.Has("console")
	t := root.Table("console")
	defer t.Done()
	if !present {
		return Console{}
	}
	c := Console{src: t, Listen: netip.MustParseAddrPort(DefaultConsoleListen)}
	if text, ok := t.String("listen"); ok {
		c.Listen = parseListen(t, text, DefaultConsoleListen)
	}
	c.Names = readNames(t)
	c.TLSCertificate, c.TLSKey = readPath(t, "tls_certificate", ""), readPath(t, "tls_key", "")
	c.Keys = readPath(t, "keys", "")
	c.SessionMinutes = t.IntOr("session_minutes", DefaultSessionMinutes, 1, maxSessionMinutes)
	c.SessionHours = t.IntOr("session_hours", DefaultSessionHours, 1, maxSessionHours)
	c.check(t)
	return c
}

func readNames(t *tomldoc.Table) (names []string) {
	texts, _ := t.Strings("names")
	if len(texts) > maxConsoleNames {
		t.Errorf("names", "names has %d hosts; keep at most %d", len(texts), maxConsoleNames)
	}
	for _, text := range texts {
		name := strings.ToLower(text)
		if !hostForm.MatchString(name) {
			t.Errorf("names", "names: %q is not the name of a host; write one like \"gateway.example.net\", without a port", text)
		}
		names = append(names, name)
	}
	return names
}

// check judges what keys say together: TLS takes two files, and only a loopback address does without.
func (c *Console) check(t *tomldoc.Table) {
	switch {
	case c.TLSCertificate != "" && c.TLSKey == "":
		t.Errorf("tls_certificate", "tls_certificate has no key; add tls_key with the path of the private key that belongs to it")
	case c.TLSCertificate == "" && c.TLSKey != "":
		t.Errorf("tls_key", "tls_key has no certificate; add tls_certificate with the path of the certificate that belongs to it")
	case c.TLSCertificate == "" && c.Listen.IsValid() && !c.Listen.Addr().Unmap().IsLoopback():
		t.Errorf("listen", "listen %s is not a loopback address, and without TLS whoever is on the way reads secrets; set tls_certificate and tls_key, or use %q",
			c.Listen, fmt.Sprintf("127.0.0.1:%d", c.Listen.Port()))
	}
}

// URL is what a browser on this machine is given; empty: there is no console. With TLS it has the
// first name, since the certificate is for that.
func (c *Console) URL() string {
	switch {
	case !c.Listen.IsValid():
		return ""
	case c.TLSCertificate == "":
		return "http://" + c.Listen.String()
	case len(c.Names) > 0:
		return fmt.Sprintf("https://%s:%d", c.Names[0], c.Listen.Port())
	}
	return "https://" + c.Listen.String()
}

// KeysOf is the path of the access keys that log in to the console; empty: there are none.
func (c *Config) KeysOf() string {
	if c.Console.Keys != "" {
		return c.Console.Keys
	}
	return c.AWS.Keys
}

// String is what the plan says of the console.
func (c *Console) String() string {
	parts := []string{c.URL(), fmt.Sprintf("log-ins end after %d minutes without use, %d hours at most", c.SessionMinutes, c.SessionHours)}
	if len(c.Names) > 0 {
		parts = append(parts, "names "+strings.Join(c.Names, ", "))
	}
	if c.Keys != "" {
		parts = append(parts, "keys "+c.Keys)
	}
	if c.TLSCertificate != "" {
		parts = append(parts, "certificate "+c.TLSCertificate)
	}
	return strings.Join(parts, ", ")
}
