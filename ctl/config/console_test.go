package config

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestConsoleSection(t *testing.T) {
	c := parse(t, good+`
[console]
listen = "192.0.2.1:443"
names = ["Gateway.example", "gw"]
tls_certificate = "/etc/mirrorgw/tls.pem"
tls_key = "/etc/mirrorgw/tls.key"
keys = "/etc/gw/keys.toml"
session_minutes = 5
session_hours = 48
`).Console
	c.src = nil
	want := Console{Listen: netip.MustParseAddrPort("192.0.2.1:443"), Names: []string{"gateway.example", "gw"}, TLSCertificate: "/etc/mirrorgw/tls.pem",
		TLSKey: "/etc/mirrorgw/tls.key", Keys: "/etc/gw/keys.toml", SessionMinutes: 5, SessionHours: 48}
	if !reflect.DeepEqual(c, want) || c.URL() != "https://gateway.example:443" {
		t.Errorf("[console] is %+v, %s", c, c.URL())
	}
	if c = parse(t, good).Console; !reflect.DeepEqual(c, Console{}) || c.URL() != "" {
		t.Errorf("the absent section is %+v", c)
	}
	cfg := parse(t, good+"\n[console]\n[aws]\n")
	cfg.Console.src = nil
	want = Console{Listen: netip.MustParseAddrPort(DefaultConsoleListen), SessionMinutes: 60, SessionHours: 12}
	if !reflect.DeepEqual(cfg.Console, want) || cfg.Console.URL() != "http://127.0.0.1:8790" || cfg.KeysOf() != "/etc/mirrorgw/keys.toml" {
		t.Errorf("defaults are %+v, keys %s", cfg.Console, cfg.KeysOf())
	}
}

func TestConsoleFaults(t *testing.T) {
	for text, want := range map[string]string{
		`listen = "0.0.0.0:8790"`: "not a loopback address",
		`listen = "there"`:        "listen",
		`names = ["a b"]`:         "is not the name of a host",
		`names = ["gw:8790"]`:     "without a port",
		`tls_key = "/k"`:          "has no certificate",
		`tls_certificate = "/c"`:  "has no key",
		`session_minutes = 0`:     "session_minutes",
		`session_hours = 10000`:   "session_hours",
		`port = 1`:                "port",
	} {
		_, err := Parse("gateway.toml", []byte(good+"\n[console]\n"+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
