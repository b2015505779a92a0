package config

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const scraped = good + `
[metrics]
listen = "127.0.0.1:9464"
socket = "/run/gw/metrics.sock"
mode = "0666"
group = "prometheus"
`

func TestMetricsSection(t *testing.T) {
	m := parse(t, scraped).Metrics
	m.src = nil
	if m != (Metrics{Listen: netip.MustParseAddrPort("127.0.0.1:9464"), Socket: "/run/gw/metrics.sock", Mode: 0o666, Group: "prometheus"}) {
		t.Errorf("[metrics] is %+v", m)
	}
	if m = parse(t, good).Metrics; m != (Metrics{}) {
		t.Errorf("the absent section is %+v", m)
	}
	if m = parse(t, good+"\n[metrics]\nsocket = \"m.sock\"\n").Metrics; m.Mode != DefaultSocketMode || m.Listen.IsValid() {
		t.Errorf("defaults are %+v", m)
	}
}

func TestBadMetricsSections(t *testing.T) {
	for _, test := range []struct{ name, section, want string }{
		{"nothing", "", `gateway.toml:27: [metrics]: the section names no place to listen; add listen = "127.0.0.1:9464" or socket = "/run/mirrorgw/metrics.sock", or remove [metrics]`},
		{"no address", `listen = ":9464"`, `gateway.toml:28: [metrics]: listen ":9464" has no address; write 127.0.0.1:9464, or 0.0.0.0:9464 for every address of this machine`},
		{"name", `listen = "localhost:9464"`, `gateway.toml:28: [metrics]: listen "localhost:9464" is not an IP address and a port; write one like listen = "127.0.0.1:9464"`},
		{"port 0", `listen = "127.0.0.1:0"`, `gateway.toml:28: [metrics]: listen "127.0.0.1:0" has no port that a client could know; use one from 1 to 65535, like "127.0.0.1:9464"`},
		{"abstract", `socket = "@m"`, `gateway.toml:28: [metrics]: socket "@m" would be an abstract socket, which has no permissions; write a path like /run/mirrorgw/metrics.sock`},
		{"mode without socket", "listen = \"127.0.0.1:1\"\nmode = \"0660\"", `gateway.toml:27: [metrics]: mode and group belong to a socket and there is none; add socket = "/run/mirrorgw/metrics.sock" or remove them`},
		{"unknown key", "address = \"127.0.0.1:1\"\nsocket = \"m.sock\"", `gateway.toml:28: [metrics]: unknown key "address"; remove it or use one of: listen, socket, mode, group`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("gateway.toml", []byte(good+"\n[metrics]\n"+test.section+"\n"))
			if first, _, _ := strings.Cut(message(err), "\n"); first != test.want {
				t.Errorf("got  %s\nwant %s", message(err), test.want)
			}
		})
	}
}

func TestMetricsPlanAndNotice(t *testing.T) {
	var out strings.Builder
	if err := parse(t, scraped).Plan().Print(&out); err != nil {
		t.Fatal(err)
	}
	if want := "metrics        http://127.0.0.1:9464/metrics; /run/gw/metrics.sock, mode 0666, group prometheus\n"; !strings.Contains(out.String(), want) {
		t.Errorf("the plan lacks %q:\n%s", want, out.String())
	}
	quiet := len(parse(t, scraped).Notices())
	for listen, want := range map[string]int{"[::1]:9464": 0, "127.9.9.9:1": 0, "0.0.0.0:9464": 1, "192.0.2.1:9464": 1, "[::]:9464": 1} {
		notices := parse(t, strings.Replace(scraped, "127.0.0.1:9464", listen, 1)).Notices()
		if len(notices)-quiet != want {
			t.Errorf("%s: %q", listen, notices)
		}
		if want == 1 && !strings.HasPrefix(notices[len(notices)-1], "gateway.toml:28: [metrics]: "+listen+" is not a loopback address and the endpoint has no authentication") {
			t.Errorf("the notice is %q", notices[len(notices)-1])
		}
	}
}

func TestCheckMetrics(t *testing.T) {
	c := parse(t, strings.Replace(good+"\n[metrics]\nsocket = \"DIR/none/m.sock\"\ngroup = \"no-such-group\"\n", "DIR", t.TempDir(), 1))
	got := message(CheckMetrics(c))
	for _, want := range []string{"gateway.toml:28: [metrics]: socket ", "gateway.toml:29: [metrics]: group \"no-such-group\" is not a group"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	c.Metrics.Socket, c.Metrics.Group = filepath.Join(t.TempDir(), "m.sock"), ""
	if diff := cmp.Diff("", message(CheckMetrics(c))); diff != "" {
		t.Error(diff)
	}
}
