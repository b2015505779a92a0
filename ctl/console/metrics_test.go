package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console"
	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/report"
)

// exposed are metrics as Prometheus reads them: one with one series, and one with many.
func exposed(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, "# HELP mirrorgw_up Whether it is <up>\n# TYPE mirrorgw_up gauge\nmirrorgw_up 1\n# HELP mirrorgw_hits_total Hits of rules\n# TYPE mirrorgw_hits_total counter\n")
	for i := range 700 {
		fmt.Fprintf(w, "mirrorgw_hits_total{name=\"a b\",number=\"%d\"} %d\n", i, 2*i)
	}
}

func TestMetricsAndSettings(t *testing.T) {
	cfg, err := config.Parse("gateway.toml", []byte(gatewayTOML))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *console.Options) {
		o.Config, o.Metrics = func() *config.Config { return cfg }, http.HandlerFunc(exposed)
	})
	b := w.admin()
	for path, wants := range map[string][]string{
		"/metrics":                       {"mirrorgw_up", "Whether it is &lt;up&gt;", "700 series", "1–2 of 2"},
		"/metrics?q=rules":               {"mirrorgw_hits_total", "1–1 of 1"},
		"/metrics?q=mirrorgw_hits_total": {"{name=&#34;a b&#34;,number=&#34;499&#34;}", ">998<"},
		"/metrics?q=nothing":             {"No metric has all of these words."},
		"/settings":                      {"sessions_per_source", ">10<", "after a reload", "Port wire0", "net_null0", "[eal]"},
	} {
		status, page := b.get(path)
		if status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not have %q", path, want)
			}
		}
	}
	if _, page := b.get("/metrics?q=mirrorgw_hits_total"); strings.Contains(page, "number=&#34;500&#34;") {
		t.Error("more series are shown than are kept")
	}
}

// TestOverview is what the first page has: everything for who looks after the gateway, and for a user of
// another account what is its own.
func TestOverview(t *testing.T) {
	w := newWorld(t)
	hub := live.New(live.Options{Store: w.store, Status: func() ctl.Status { return ctl.Status{} }, Report: func(report.Kinds) *report.Report { return report.New() }})
	t.Cleanup(hub.Close)
	w.console.Live = hub
	_, page := w.admin().get("/")
	for _, want := range []string{`data-topic="overview"`, `data-since="` + hub.Instance(), "Unaccounted for", `id="now-lcores"`, `data-list="problems"`, `data-live="port.wire0.rx.frames"`, `data-list="changes"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the overview does not have %q", want)
		}
	}
	if err := foreignMarkup(page); err != nil {
		t.Error(err)
	}
	_, page = w.user("ann").get("/")
	if strings.Contains(page, "wire0") || !strings.Contains(page, `data-live="sessions.copies"`) {
		t.Errorf("who sees one account sees\n%s", page)
	}
}
