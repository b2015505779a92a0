package bundle

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mirrorgw/ctl/config"
)

// TestClean: what is called secret goes, whatever the form; what only sounds like it stays.
func TestClean(t *testing.T) {
	s, err := newScrubber(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`secret = "PLANTED"`:                                                          `secret = "(removed)"`,
		`on_bypass = ["/bin/b", "--password", "PLANTED"]`:                             `on_bypass = ["/bin/b", "--password", "(removed)"]`,
		`on_bypass = ["/bin/b", "--password=PLANTED"]`:                                `on_bypass = ["/bin/b", "--password=(removed)"]`,
		`{"sessionToken": "PLANTED\"x", "name": "a"}`:                                 `{"sessionToken": "(removed)", "name": "a"}`,
		`AWS_SECRET_ACCESS_KEY=PLANTED other=1`:                                       `AWS_SECRET_ACCESS_KEY=(removed) other=1`,
		`Authorization: Bearer PLANTED0123456789abc`:                                  `Authorization: Bearer (removed)`,
		`Signature=PLANTED0123456789abc, x`:                                           `Signature=(removed), x`,
		`db_password: PLANTED`:                                                        `db_password: (removed)`,
		`curl --user-password PLANTED http://x`:                                       `curl --user-password (removed) http://x`,
		"a\n-----BEGIN EC PRIVATE KEY-----\nPLANTED\n-----END EC PRIVATE KEY-----\nb": "a\n(removed)\nb",
		"-----BEGIN PRIVATE KEY-----\nPLANTED that is cut":                            "(removed)",
		`keys.toml:3: key "A": secret is not right`:                                   `keys.toml:3: key "A": secret is not right`,
		`tls_key = "/etc/mirrorgw/tls.pem"`:                                           `tls_key = "/etc/mirrorgw/tls.pem"`,
		`keys = "/etc/mirrorgw/keys.toml"`:                                            `keys = "/etc/mirrorgw/keys.toml"`,
		`access keys file=/etc/mirrorgw/keys.toml keys=2`:                             `access keys file=/etc/mirrorgw/keys.toml keys=2`,
		`sessions=3 tokens=4`:                                                         `sessions=3 tokens=4`,
	} {
		if got := string(s.clean([]byte(text))); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", text, got, want)
		}
	}
	if s.removed[kindNamed] == 0 || s.removed[kindPrivate] != 2 {
		t.Errorf("counted %v", s.removed)
	}
}

// TestCleanQuoted: values in quotes that a log has quoted again, that a cut has left open, or that have other
// characters than words.
func TestCleanQuoted(t *testing.T) {
	s, err := newScrubber(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`error="line 3: secret = \"PLANTED x\" is short" a=1`: `error="line 3: secret = \"(removed)\" is short" a=1`,
		`body="{\"secret\": \"PLANTED\", \"name\": \"x\"}"`:   `body="{\"secret\": \"(removed)\", \"name\": \"x\"}"`,
		`argv="[\"--password\", \"PLANTED\"]"`:                `argv="[\"--password\", \"(removed)\"]"`,
		`secret = """PLANTED x""" # c`:                        `secret = "(removed)" # c`,
		`password = "PLANTED and the rest is cut`:             `password = "(removed)"`,
		`password = 'PLANTED and`:                             `password = '(removed)'`,
		`db_password: PLAN(TED);PLANTED&PLANTED x`:            `db_password: (removed) x`,
		`password=(PLANTED x`:                                 `password=(removed) x`,
		`token = "PLANTED"`:                                   `token = "(removed)"`,
		`"access_token": "PLANTED", "next": 1`:                `"access_token": "(removed)", "next": 1`,
		`X-Auth-Token: PLANTED`:                               `X-Auth-Token: (removed)`,
		`curl --token PLANTED x`:                              `curl --token (removed) x`,
		`["--token", "PLANTED", "x"]`:                         `["--token", "(removed)", "x"]`,
		`Authorization: Basic UExBTlQ=`:                       `Authorization: Basic (removed)`,
		`HTTPS_PROXY=http://user:PLAN:TED@proxy:3128/x b`:     `HTTPS_PROXY=http://user:(removed)@proxy:3128/x b`,
		`a token bucket of 5 frames, http://127.0.0.1:1/a@b`:  `a token bucket of 5 frames, http://127.0.0.1:1/a@b`,
		`{"secret":null} {"password":""}`:                     `{"secret":null} {"password":""}`,
	} {
		if got := string(s.clean([]byte(text))); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", text, got, want)
		}
	}
}

// TestKnownSecrets: what stands in the files of keys is found wherever it is, without any name.
func TestKnownSecrets(t *testing.T) {
	dir := t.TempDir()
	keys, key := filepath.Join(dir, "keys.toml"), filepath.Join(dir, "key.pem")
	line := strings.Repeat("MIGHAgEAMBMGByqGSM49", 3)
	for path, text := range map[string]string{keys: "[[key]]\nid = \"AKID\"\n secret = \"PLANTEDsecret/0123\"\nsession_token='PLANTEDtoken'\n", key: "-----BEGIN PRIVATE KEY-----\n" + line + "\n-----END PRIVATE KEY-----\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newScrubber(&config.Config{AWS: config.AWS{Keys: keys, TLSKey: key}}, false)
	if err != nil {
		t.Fatal(err)
	}
	got := string(s.clean([]byte("the PLANTEDsecret/0123 and <PLANTEDtoken> and " + line + " AKID")))
	if want := "the (removed) and <(removed)> and (removed) AKID"; got != want || s.removed[kindKnown] != 3 {
		t.Errorf("%q, counted %v", got, s.removed)
	}
}

// TestSecretsOfTheConsole: its own keys and its private key are as secret as those of the AWS endpoint, in
// whatever form the file has them and a text tells them.
func TestSecretsOfTheConsole(t *testing.T) {
	dir := t.TempDir()
	keys, key := filepath.Join(dir, "keys.toml"), filepath.Join(dir, "key.pem")
	line := strings.Repeat("MIGHAgEAMBMGByqGSM49", 3)
	text := `key = [{ id = "AKID1", secret = "PLANTED/slash+plus=" }, { id = "AKID2", "secret" = 'PLANTED"quote-0123' },
	{ id = "AKID3", secret = """PLANTED-three-times""" }, { id = "AKID4", secret = "PLANTED-three" }]`
	for path, text := range map[string]string{keys: text, key: line + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newScrubber(&config.Config{Console: config.Console{Keys: keys, TLSKey: key}}, false)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"PLANTED/slash+plus=":             gone,
		"/?a=PLANTED%2Fslash%2Bplus%3D&b": "/?a=(removed)&b",
		`PLANTED"quote-0123`:              gone,
		`"of PLANTED\"quote-0123 x"`:      `"of (removed) x"`,
		"PLANTED-three-times":             gone,
		"PLANTED-three":                   gone,
		line:                              gone,
	} {
		if got := string(s.clean([]byte(text))); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

func testAnonymizer(t testing.TB) *anonymizer {
	a, err := newAnonymizer()
	if err != nil {
		t.Fatal(err)
	}
	a.host = "gw7"
	return a
}

// TestAnonymize: addresses go, equal ones become equal ones, and what is no address stays.
func TestAnonymize(t *testing.T) {
	a := testAnonymizer(t)
	text := `host gw7 at 2026-11-23T12:34:56Z: 192.0.2.10 -> 192.0.2.11:4789 mac 02:00:00:aa:bb:cc via 2001:db8::10/64, [2001:db8::11]:53, fe80::1%eth0
02-00-00-aa-bb-cc ff:ff:ff:ff:ff:ff 01:00:5e:00:00:01 ::1 127.0.0.1 169.254.169.254 0.0.0.0/0 PCI 0000:3b:00.0 version 22.11 std::string gw70 192.0.2.10.`
	got := string(a.clean([]byte(text)))
	for _, gone := range []string{"192.0.2.1", "aa:bb:cc", "aa-bb-cc", "db8::1", "fe80::1%", "gw7 "} {
		if strings.Contains(got, gone) {
			t.Errorf("%q is still there:\n%s", gone, got)
		}
	}
	for _, stays := range []string{"host host at 2026-11-23T12:34:56Z: ", ":4789", "02:00:00:", "02-00-00-", "/64", "]:53", "%eth0", "fe80::",
		"ff:ff:ff:ff:ff:ff 01:00:5e:00:00:01 ::1 127.0.0.1 169.254.169.254 0.0.0.0/0 PCI 0000:3b:00.0 version 22.11", "gw70"} {
		if !strings.Contains(got, stays) {
			t.Errorf("%q is gone:\n%s", stays, got)
		}
	}
	if again := string(a.clean([]byte("192.0.2.10"))); strings.Count(got, again) != 2 {
		t.Errorf("192.0.2.10 is %s, which is there %d times:\n%s", again, strings.Count(got, again), got)
	}
	if m1, m2 := a.mac("02:00:00:aa:bb:cc"), a.mac("02-00-00-AA-BB-CC"); strings.ReplaceAll(m2, "-", ":") != m1 {
		t.Errorf("%s and %s", m1, m2)
	}
}

// TestAnonymizeInSentences: addresses as sentences and names before colons have them, and IPv4 in IPv6.
func TestAnonymizeInSentences(t *testing.T) {
	a := testAnonymizer(t)
	six, four := a.ip("2001:db8::10"), a.ip("192.0.2.10")
	for text, want := range map[string]string{
		"2001:db8::10: no route":                            six + ": no route",
		"target 2001:db8::10:":                              "target " + six + ":",
		"peer:2001:db8::10, x":                              "peer:" + six + ", x",
		"of 2001:db8::10.":                                  "of " + six + ".",
		"[::ffff:192.0.2.10]:80":                            "[::ffff:" + four + "]:80",
		"192.0.2.10:4789, tcp:192.0.2.10 and 10:192.0.2.10": four + ":4789, tcp:" + four + " and 10:" + four,
		"std::bad x::y 12:30:00: 0000:3b:00.0: a":           "std::bad x::y 12:30:00: 0000:3b:00.0: a",
	} {
		if got := string(a.clean([]byte(text))); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	a.host = "gw7.example.net"
	if got, want := string(a.clean([]byte("gw7.example.net, gw7 and gw70"))), "host, host and gw70"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPrefixesSurvive: two addresses share as long a prefix afterwards as before, and different ones stay
// different.
func TestPrefixesSurvive(t *testing.T) {
	a := testAnonymizer(t)
	common := func(x, y netip.Addr) int {
		n := 0
		for p, _ := x.Prefix(n); n <= x.BitLen() && p.Contains(y); p, _ = x.Prefix(n) {
			n++
		}
		return n - 1
	}
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.SampledFrom([]int{4, 16}).Draw(r, "size")
		raw := rapid.SliceOfN(rapid.Byte(), size, size).Draw(r, "x")
		x, _ := netip.AddrFromSlice(raw)
		bit := rapid.IntRange(16, size*8-1).Draw(r, "bit")
		raw[bit/8] ^= 1 << (7 - bit%8)
		y, _ := netip.AddrFromSlice(raw)
		if isCommon(x) || isCommon(y) || x.IsLinkLocalUnicast() != y.IsLinkLocalUnicast() || x.IsPrivate() != y.IsPrivate() {
			return
		}
		if before, after := common(x, y), common(a.mapped(x), a.mapped(y)); before != after {
			r.Fatalf("%s and %s share %d bits, %s and %s %d", x, y, before, a.mapped(x), a.mapped(y), after)
		}
	})
	if x := netip.MustParseAddr("10.9.8.7"); a.mapped(x).As4()[0] != 10 {
		t.Errorf("%s became %s", x, a.mapped(x))
	}
}
