package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"mirrorgw/ctl/tomldoc"
)

// Defaults of [aws].
const (
	DefaultAWSListen = "127.0.0.1:8788"
	DefaultAWSRegion = "local-1"
	DefaultAccount   = "000000000000" // of access keys; ctl.DefaultAccount, which imports this package
)

// AWS is the [aws] section: the AWS-compatible endpoint. Without the section all of it is zero and
// nothing listens.
type AWS struct {
	Listen         netip.AddrPort // TCP; the zero value: there is no endpoint
	TLSCertificate string         // path, PEM with the chain; empty: no TLS, and Listen is a loopback address
	TLSKey         string         // path, PEM
	Region         string         // the gateway's own, part of every ARN
	AnyRegion      bool           // requests may be signed for other regions too
	Account        string         // of access keys that name none: 12 digits
	Keys           string         // path of the access keys

	Rates AWSRates

	src *tomldoc.Table
}

// AWSRates limit requests: so many a second for long, and a burst after a pause. They reload.
type AWSRates struct {
	PerSecond, Burst             int // of one access key; PerSecond 0: no limit
	FailedPerSecond, FailedBurst int // failed authentications of one source address; 0: no limit
}

// DefaultAWSRates are above what a client asks that waits for its answers.
var DefaultAWSRates = AWSRates{PerSecond: 1000, Burst: 2000, FailedPerSecond: 10, FailedBurst: 100}

const maxRate = 1000000

var (
	accountForm = regexp.MustCompile(`^\d{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
)

func readAWS(root *tomldoc.Table) AWS {
	present := root.Has("aws")
	t := root.Table("aws")
	defer t.Done()
	if !present {
		return AWS{}
	}
	a := AWS{src: t, Listen: netip.MustParseAddrPort(DefaultAWSListen), Rates: DefaultAWSRates}
	if text, ok := t.String("listen"); ok {
		a.Listen = parseListen(t, text, DefaultAWSListen)
	}
	a.TLSCertificate, a.TLSKey = readPath(t, "tls_certificate", ""), readPath(t, "tls_key", "")
	a.Region = readForm(t, "region", DefaultAWSRegion, regionForm, "1 to 64 lower-case letters, digits and hyphens")
	a.AnyRegion = t.BoolOr("any_region", false)
	a.Account = readForm(t, "account", DefaultAccount, accountForm, "12 digits in quotes")
	a.Keys = readPath(t, "keys", DefaultKeys())
	r := &a.Rates
	r.PerSecond = t.IntOr("requests_per_second", r.PerSecond, 0, maxRate)
	r.Burst = t.IntOr("requests_burst", max(r.Burst, 2*r.PerSecond), 1, maxRate)
	r.FailedPerSecond = t.IntOr("failures_per_second", r.FailedPerSecond, 0, maxRate)
	r.FailedBurst = t.IntOr("failures_burst", max(r.FailedBurst, r.FailedPerSecond), 1, maxRate)
	a.check(t)
	return a
}

// readForm reads a text of a form; example is also what an absent one is.
func readForm(t *tomldoc.Table, key, example string, form *regexp.Regexp, is string) string {
	text, ok := t.String(key)
	if !ok {
		return example
	}
	if !form.MatchString(text) {
		t.Errorf(key, "%s %q is not %s; write one like %s = %q", key, text, is, key, example)
	}
	return text
}

// check judges what keys say together: TLS takes two files, and only a loopback address does without.
func (a *AWS) check(t *tomldoc.Table) {
	switch {
	case a.TLSCertificate != "" && a.TLSKey == "":
		t.Errorf("tls_certificate", "tls_certificate has no key; add tls_key with the path of the private key that belongs to it")
	case a.TLSCertificate == "" && a.TLSKey != "":
		t.Errorf("tls_key", "tls_key has no certificate; add tls_certificate with the path of the certificate that belongs to it")
	case a.TLSCertificate == "" && a.Listen.IsValid() && !a.Listen.Addr().Unmap().IsLoopback():
		t.Errorf("listen", "listen %s is not a loopback address, and without TLS whoever is on the way reads requests; set tls_certificate and tls_key, or use %q",
			a.Listen, fmt.Sprintf("127.0.0.1:%d", a.Listen.Port()))
	}
}

// URL is what clients are given as their endpoint; empty: there is none.
func (a AWS) URL() string {
	switch {
	case !a.Listen.IsValid():
		return ""
	case a.TLSCertificate != "":
		return "https://" + a.Listen.String()
	}
	return "http://" + a.Listen.String()
}

// String is what the plan says of the endpoint.
func (a AWS) String() string {
	parts := []string{a.URL(), "region " + a.Region}
	if a.AnyRegion {
		parts[1] += " and any other"
	}
	parts = append(parts, "account "+a.Account, "keys "+a.Keys)
	if a.TLSCertificate != "" {
		parts = append(parts, "certificate "+a.TLSCertificate)
	}
	return strings.Join(append(parts, a.Rates.String()), ", ")
}

// String is what the plan says of the rate limits.
func (r AWSRates) String() string {
	return fmt.Sprintf("%s a key, %s an address", rate(r.PerSecond, r.Burst, "requests"), rate(r.FailedPerSecond, r.FailedBurst, "failures"))
}

func rate(perSecond, burst int, what string) string {
	if perSecond == 0 {
		return "unlimited " + what
	}
	return fmt.Sprintf("%d %s/s (burst %d)", perSecond, what, burst)
}

// keysCredential is what the keys are called in $CREDENTIALS_DIRECTORY, where systemd puts what a unit's
// LoadCredential names.
const keysCredential = "keys.toml"

// DefaultKeys is where the keys are unless the configuration says otherwise: the service's
// credential, or a file in /etc where there is none.
func DefaultKeys() string {
	if directory := os.Getenv("CREDENTIALS_DIRECTORY"); directory != "" {
		if path := filepath.Join(directory, keysCredential); exists(path) {
			return path
		}
	}
	return "/etc/mirrorgw/keys.toml"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
