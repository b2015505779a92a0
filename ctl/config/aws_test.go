package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const endpoint = good + `
[aws]
listen = "192.0.2.1:8788"
tls_certificate = "/etc/mirrorgw/tls.pem"
tls_key = "/etc/mirrorgw/tls.key"
region = "dc-2"
any_region = true
account = "123456789012"
keys = "/etc/gw/keys.toml"
requests_per_second = 50
requests_burst = 60
failures_per_second = 0
`

func TestAWSSection(t *testing.T) {
	a := parse(t, endpoint).AWS
	a.src = nil
	want := AWS{Listen: netip.MustParseAddrPort("192.0.2.1:8788"), TLSCertificate: "/etc/mirrorgw/tls.pem", TLSKey: "/etc/mirrorgw/tls.key", Region: "dc-2",
		AnyRegion: true, Account: "123456789012", Keys: "/etc/gw/keys.toml", Rates: AWSRates{50, 60, 0, 100}}
	if a != want {
		t.Errorf("[aws] is %+v", a)
	}
	if a = parse(t, good).AWS; a != (AWS{}) {
		t.Errorf("the absent section is %+v", a)
	}
	a = parse(t, good+"\n[aws]\n").AWS
	a.src = nil
	want = AWS{Listen: netip.MustParseAddrPort("127.0.0.1:8788"), Region: "local-1", Account: "000000000000", Keys: "/etc/mirrorgw/keys.toml", Rates: DefaultAWSRates}
	if a != want {
		t.Errorf("defaults are %+v", a)
	}
	if a = parse(t, good+"\n[aws]\nrequests_per_second = 5000\n").AWS; a.Rates.Burst != 10000 {
		t.Errorf("the burst of 5000 a second is %d", a.Rates.Burst)
	}
}

// TestAWSKeysCredential: what systemd hands over goes before the file in /etc, if it is there.
func TestAWSKeysCredential(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if got := parse(t, good+"\n[aws]\n").AWS.Keys; got != "/etc/mirrorgw/keys.toml" {
		t.Errorf("without a credential: %s", got)
	}
	path := filepath.Join(dir, "keys.toml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := parse(t, good+"\n[aws]\n").AWS.Keys; got != path {
		t.Errorf("with a credential: %s", got)
	}
}

func TestBadAWSSections(t *testing.T) {
	for _, test := range []struct{ name, section, want string }{
		{"no TLS", `listen = "0.0.0.0:8788"`, `gateway.toml:28: [aws]: listen 0.0.0.0:8788 is not a loopback address, and without TLS whoever is on the way reads requests; set tls_certificate and tls_key, or use "127.0.0.1:8788"`},
		{"no key", `tls_certificate = "c"`, `gateway.toml:28: [aws]: tls_certificate has no key; add tls_key with the path of the private key that belongs to it`},
		{"no certificate", `tls_key = "k"`, `gateway.toml:28: [aws]: tls_key has no certificate; add tls_certificate with the path of the certificate that belongs to it`},
		{"name", `listen = "localhost:8788"`, `gateway.toml:28: [aws]: listen "localhost:8788" is not an IP address and a port; write one like listen = "127.0.0.1:8788"`},
		{"port 0", `listen = "127.0.0.1:0"`, `gateway.toml:28: [aws]: listen "127.0.0.1:0" has no port that a client could know; use one from 1 to 65535, like "127.0.0.1:8788"`},
		{"region", `region = "A/b"`, `gateway.toml:28: [aws]: region "A/b" is not 1 to 64 lower-case letters, digits and hyphens; write one like region = "local-1"`},
		{"account", `account = "12"`, `gateway.toml:28: [aws]: account "12" is not 12 digits in quotes; write one like account = "000000000000"`},
		{"account number", `account = 123456789012`, `gateway.toml:28: [aws]: account is a whole number, not text; write account = "123456789012"`},
		{"rate", `requests_per_second = -1`, `gateway.toml:28: [aws]: requests_per_second = -1 is out of range; use a number from 0 to 1000000`},
		{"burst", `failures_burst = 0`, `gateway.toml:28: [aws]: failures_burst = 0 is out of range; use a number from 1 to 1000000`},
		{"unknown key", `key = "k"`, `gateway.toml:28: [aws]: unknown key "key"; did you mean "keys"?`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("gateway.toml", []byte(good+"\n[aws]\n"+test.section+"\n"))
			if first, _, _ := strings.Cut(message(err), "\n"); first != test.want {
				t.Errorf("got  %s\nwant %s", message(err), test.want)
			}
		})
	}
}

func TestAWSPlan(t *testing.T) {
	var out strings.Builder
	if err := parse(t, endpoint).Plan().Print(&out); err != nil {
		t.Fatal(err)
	}
	const want = "AWS endpoint   https://192.0.2.1:8788, region dc-2 and any other, account 123456789012, keys /etc/gw/keys.toml, certificate /etc/mirrorgw/tls.pem, 50 requests/s (burst 60) a key, unlimited failures an address\n"
	if !strings.Contains(out.String(), want) {
		t.Errorf("the plan lacks %q:\n%s", want, out.String())
	}
	out.Reset()
	if err := parse(t, good).Plan().Print(&out); err != nil || strings.Contains(out.String(), "AWS") {
		t.Errorf("%v: an endpoint that is not there is in the plan:\n%s", err, out.String())
	}
}
