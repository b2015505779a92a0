package testbed

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// prometheusTime is how long Prometheus may take to start and to have scraped a few times.
const prometheusTime = 10 * time.Second

// prometheus is Debian's, on a loopback address, with the alert rules that come with the gateway.
type prometheus struct {
	t   *testing.T
	url string
	log string // path
}

// startPrometheus has it scrape an address five times a second until the test ends.
func startPrometheus(t *testing.T, scrape string) *prometheus {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("prometheus is not installed: scripts/install-deps.sh does it")
	}
	rules, err := filepath.Abs("../monitoring/mirrorgw.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir, listen := t.TempDir(), freeAddress(t)
	writeFile(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(
		"global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}\nrule_files: [%q]\n"+
			"scrape_configs: [{job_name: mirrorgw, static_configs: [{targets: [%q]}]}]\n", rules, scrape))
	p := &prometheus{t, "http://" + listen, filepath.Join(dir, "log")}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command := exec.Command(path, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+listen)
	command.Dir, command.Stdout, command.Stderr = dir, log, log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end(command) })
	return p
}

// end asks the process to end, and ends it.
func (p *prometheus) end(command *exec.Cmd) {
	command.Process.Signal(unix.SIGTERM)
	late := time.AfterFunc(prometheusTime, func() { command.Process.Kill() })
	defer late.Stop()
	if err := command.Wait(); err != nil || p.t.Failed() {
		p.t.Errorf("prometheus ended (%v), and says:\n%s", err, tail(readText(p.t, filepath.Dir(p.log), filepath.Base(p.log)), 20))
	}
}

// get asks its API for data, which is read into answer. It is an error until Prometheus listens.
func (p *prometheus) get(path string, parameters url.Values, answer any) error {
	response, err := http.Get(p.url + "/api/v1/" + path + "?" + parameters.Encode())
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(&struct {
		Data any `json:"data"`
	}{answer})
}

// query returns the values of an expression by the label name, port, law or action that they have.
func (p *prometheus) query(expression string) (map[string]float64, error) {
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	if err := p.get("query", url.Values{"query": {expression}}, &data); err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, r := range data.Result {
		n, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if err != nil {
			return nil, err
		}
		values[r.Metric["name"]+r.Metric["port"]+r.Metric["law"]+r.Metric["action"]] = n
	}
	return values, nil
}

// await returns once an expression has a value for a key that is good.
func (p *prometheus) await(expression, key string, good func(float64) bool) {
	p.t.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(prometheusTime); ; <-look.C {
		values, err := p.query(expression)
		if n, there := values[key]; err == nil && there && good(n) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: %v (%v)", expression, values, err)
		}
	}
}

// TestPrometheusScrapes has Debian's Prometheus read a gateway at full work and asks it, not us,
// what it has understood.
func TestPrometheusScrapes(t *testing.T) {
	g := newSteered(t)
	listen := freeAddress(t)
	g.more = "\n[metrics]\nlisten = \"" + listen + "\"\n"
	g.write()
	p := startPrometheus(t, listen)
	s := g.start()
	s.mirrorAll()
	above := func(least float64) func(float64) bool { return func(n float64) bool { return n > least } }
	p.await(`up{job="mirrorgw"}`, "", above(0))
	p.await(`rate(mirrorgw_port_rx_packets_total{port="wire0"}[2s])`, "wire0", above(1000))
	p.await(`rate(mirrorgw_session_mirrored_packets_total{direction="egress"}[2s])`, "all", above(1000))
	p.await(`rate(mirrorgw_lcore_heartbeats_total[2s])`, "", above(0))
	p.await(`sum(mirrorgw_mempool_available_mbufs{pool=~"mgw_rx.*"})`, "", above(0))
	p.await(`mirrorgw_api_requests_total{status="201"}`, "postFilters", above(0))
	p.await(`histogram_quantile(0.9, sum by (le) (mirrorgw_change_seconds_bucket{phase="publish"}))`, "", above(0))
	p.await(`mirrorgw_state_file_bytes`, "", above(4096))
	p.await(`max_over_time(mirrorgw_law_unaccounted_packets[1m])`, "mirror", func(n float64) bool { return n == 0 })
	p.await(`max_over_time(mirrorgw_law_unaccounted_packets[1m])`, "production", func(n float64) bool { return n == 0 })
	p.checkTypes()
	p.checkAlerts()
	p.checkDashboard()
	s.end()
}

// checkTypes compares what Prometheus has taken each metric for with the page.
func (p *prometheus) checkTypes() {
	p.t.Helper()
	var known map[string][]struct{ Type, Help string }
	if err := p.get("metadata", nil, &known); err != nil {
		p.t.Fatal(err)
	}
	page, ours := readText(p.t, "../docs", "metrics.md"), 0
	for name, said := range known {
		if !strings.HasPrefix(name, "mirrorgw_") {
			continue
		}
		if ours++; len(said) != 1 || !strings.Contains(page, "| `"+name+"` | "+said[0].Type+" |") {
			p.t.Errorf("%s is %+v for Prometheus, and not for docs/metrics.md", name, said)
		}
	}
	if ours < 50 {
		p.t.Errorf("Prometheus knows only %d metrics", ours)
	}
}

// checkAlerts: every rule could be evaluated, and none has anything to say but that the gateway
// was not there at first.
func (p *prometheus) checkAlerts() {
	p.t.Helper()
	var data struct {
		Groups []struct {
			Rules []struct {
				Name, Health, LastError, State string
			}
		}
	}
	if err := p.get("rules", nil, &data); err != nil {
		p.t.Fatal(err)
	}
	rules := 0
	for _, group := range data.Groups {
		for _, r := range group.Rules {
			if rules++; r.Health == "err" || r.State == "firing" {
				p.t.Errorf("rule %s is %s (%s) and %s", r.Name, r.Health, r.LastError, r.State)
			}
		}
	}
	if rules < 15 {
		p.t.Errorf("Prometheus has only %d rules", rules)
	}
}
