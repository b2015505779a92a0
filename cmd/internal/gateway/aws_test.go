package gateway

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

const awsGateway = `[eal]
lcores = "1"
[[port]]
name = "w0"
device = "net_null0"
peer = "w1"
[[port]]
name = "w1"
device = "net_null1"
peer = "w0"
`

// awsLife is a life with nothing but an AWS endpoint, on a port of its own.
type awsLife struct {
	*life
	t   *testing.T
	dir string
	log bytes.Buffer
}

func newAWSLife(t *testing.T) *awsLife {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	a := &awsLife{t: t, dir: t.TempDir()}
	a.write("keys.toml", "")
	a.write("gateway.toml", a.text(free.Addr().String(), ""))
	o := &Options{Config: filepath.Join(a.dir, "gateway.toml"), Level: new(slog.LevelVar)}
	o.Log = slog.New(slog.NewTextHandler(&a.log, nil))
	cfg, err := config.Load(o.Config)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := store.Open(store.Options{Config: cfg, Publisher: compiled{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resources.Close() })
	if err := resources.Start(); err != nil {
		t.Fatal(err)
	}
	a.life = &life{loader: loader{prepared: &prepared{cfg: cfg, directory: iam.RootsOnly()}, o: o}, loaded: loaded{store: resources}}
	if a.life.aws, err = listenAWS(cfg, o.Log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.life.aws.close)
	a.life.aws.serve(a.life)
	a.life.again = newReloader(a.life)
	return a
}

func (a *awsLife) text(listen, more string) string {
	return awsGateway + "[aws]\nlisten = \"" + listen + "\"\nkeys = \"" + filepath.Join(a.dir, "keys.toml") + "\"\n" + more
}

func (a *awsLife) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// unsigned asks n times without a signature and returns the statuses.
func (a *awsLife) unsigned(n int) (statuses []int) {
	a.t.Helper()
	for range n {
		response, err := http.Get(a.cfg.AWS.URL())
		if err != nil {
			a.t.Fatal(err)
		}
		response.Body.Close()
		statuses = append(statuses, response.StatusCode)
	}
	return statuses
}

func TestReload(t *testing.T) {
	a := newAWSLife(t)
	listen := a.cfg.AWS.Listen.String()
	if !strings.Contains(a.log.String(), "there are no access keys") {
		t.Errorf("nobody is told that there are no keys:\n%s", a.log.String())
	}
	if got := a.unsigned(3); got[2] != 403 {
		t.Errorf("before: %v", got)
	}
	a.write("gateway.toml", a.text(listen, "failures_per_second = 1\nfailures_burst = 1\n[log]\nlevel = \"warn\"\n"))
	a.write("keys.toml", "[[key]]\nid = \"AKID\"\nsecret = \"0123456789abcdef\"\n")
	a.again.onSignal()
	if got := a.unsigned(3); got[2] != 503 { // RequestLimitExceeded, of EC2
		t.Errorf("with other limits: %v", got)
	}
	if a.aws.keys.Len() != 1 || a.o.Level.Level() != slog.LevelWarn {
		t.Errorf("%d keys, level %v", a.aws.keys.Len(), a.o.Level.Level())
	}
	a.log.Reset()
	a.write("gateway.toml", "[eall]")
	a.write("keys.toml", "[[keys]]")
	a.again.onSignal()
	for _, want := range []string{"the new configuration is not used", "did you mean", "what was before stays"} {
		if !strings.Contains(a.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, a.log.String())
		}
	}
	if a.aws.keys.Len() != 1 || a.o.Level.Level() != slog.LevelWarn {
		t.Errorf("what is no good was used: %d keys, level %v", a.aws.keys.Len(), a.o.Level.Level())
	}
	if counts := a.aws.counts().Answers(); len(counts) != 2 || counts[1].Status != 503 || counts[1].Count != 2 {
		t.Errorf("counted %v", counts)
	}
}

// TestWithoutEndpoint: no method minds that there is none.
func TestWithoutEndpoint(t *testing.T) {
	cfg, err := config.Parse("gateway.toml", []byte(awsGateway))
	if err != nil {
		t.Fatal(err)
	}
	d, err := listenAWS(cfg, slog.New(slog.DiscardHandler))
	if d != nil || err != nil {
		t.Fatalf("%v %v", d, err)
	}
	d.serve(nil)
	d.setRates(&cfg.AWS)
	if d.counts() != nil {
		t.Error("it counts all the same")
	}
	d.close()
}

// TestAwaitReloads: what comes before anybody answers is answered later.
func TestAwaitReloads(t *testing.T) {
	r, done := awaitReloads(), make(chan struct{})
	p, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.serve(func() { done <- struct{}{} })
	<-done
	r.close()
	awaitReloads().close() // and one that was never served
}
