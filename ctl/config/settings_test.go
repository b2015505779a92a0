package config

import "testing"

func TestSettings(t *testing.T) {
	c, err := Parse("gateway.toml", []byte(`
[eal]
lcores = "1"
[[port]]
name = "wire0"
device = "net_null0"
peer = "wire1"
[[port]]
name = "wire1"
device = "net_null1"
peer = "wire0"
[[port]]
name = "tun0"
device = "net_null2"
role = "tunnel"
addresses = ["192.0.2.1/24"]
[quotas]
sessions_per_source = 7
`))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Setting{}
	for _, s := range c.Settings() {
		name := s.Section + " " + s.Name
		if _, twice := found[name]; twice {
			t.Errorf("%s is listed twice", name)
		}
		found[name] = s
	}
	for name, want := range map[string]Setting{
		"eal lcores":                 {"eal", "lcores", "1", false},
		"port wire0 peer":            {"port wire0", "peer", "wire1", false},
		"port tun0 addresses":        {"port tun0", "addresses", "192.0.2.1/24", false},
		"quotas sessions_per_source": {"quotas", "sessions_per_source", "7", true},
		"log level":                  {"log", "level", "info", true},
	} {
		if found[name] != want {
			t.Errorf("%s: %+v; want %+v", name, found[name], want)
		}
	}
	if _, there := found["aws listen"]; there {
		t.Error("a section that is not configured has settings")
	}
}
