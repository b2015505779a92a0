package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
)

const planted = "PLANTED+secret/0123456789abcdefghij"

// fakeGateway is a daemon that says its secrets in everything, or one that is dead.
type fakeGateway struct {
	dead  error
	asked int
}

func (f *fakeGateway) State(context.Context, ...client.Option) (*api.State, error) {
	return &api.State{Version: "1", Ports: []api.Port{{Name: "wire0", MAC: "02:00:00:00:aa:01", Addresses: []string{"192.0.2.1/24"}, Notes: []string{planted}}}}, f.dead
}
func (f *fakeGateway) Health(context.Context) (*api.Health, error) {
	return &api.Health{Status: "ok", Faults: []string{"password=" + planted}}, f.dead
}
func (f *fakeGateway) Version(context.Context) (*api.Version, error) {
	return &api.Version{Version: "1"}, f.dead
}
func (f *fakeGateway) Stats(context.Context, client.StatsQuery) (*report.Report, error) {
	f.asked++
	r := report.New()
	r.Ports["wire0"] = report.Port{}
	return r, f.dead
}
func (f *fakeGateway) Export(context.Context, string) ([]byte, error) {
	return []byte("[[target]]\naddress = \"192.0.2.10\"\ndescription = \"token " + planted + "\"\n"), f.dead
}

// newBundle is a gateway's directory with a secret in every file, and options to gather it.
func newBundle(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "m.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "mirrorgw_up{x=%q} 1\n", planted) })}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	kept := filepath.Join(dir, "history")
	store, err := history.Open(history.Options{Dir: kept, Days: 15, MaxBytes: history.MinBytes})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1700000000, 0)
	if err := store.Add(history.Minute{Time: at, Rows: []history.Row{{Key: history.Key{Kind: history.Port, Step: 1, Name: "wire0"}, Values: []int64{7, 8, 9, 10, 11, 12, 13}}}}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "root")
	for name, text := range map[string]string{
		"keys.toml": "[[key]]\nid = \"AKIDEXAMPLE\"\nsecret = \"" + planted + "\"\n",
		"gateway.toml": "[eal]\nlcores = \"1\"\n[[port]]\nname = \"w0\"\ndevice = \"net_null0\"\npeer = \"w1\"\n[[port]]\nname = \"w1\"\ndevice = \"net_null1\"\npeer = \"w0\"\n" +
			"[aws]\nkeys = \"" + filepath.Join(dir, "keys.toml") + "\"\n[metrics]\nsocket = \"" + socket + "\"\n[history]\npath = \"" + kept + "\"\n" +
			"[bypass]\non_inline = [\"/bin/true\", \"--password\", \"hunter2\"]\non_bypass = [\"/bin/true\"]\n",
		"root/proc/cmdline": "quiet secret=" + planted, "root/proc/meminfo": "HugePages_Total: 4", "root/proc/interrupts": "0: 1", "root/proc/net/dev": "eth0",
		"root/proc/cpuinfo": "model name", "root/proc/sys/vm/nr_hugepages": "4",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Options{Config: filepath.Join(dir, "gateway.toml"), Unit: "mirrorgw.service", Since: time.Hour, Interval: 3 * time.Second, Version: "test",
		Gateway: &fakeGateway{}, Now: time.Now, Root: root,
		Run: func(_ context.Context, argv ...string) ([]byte, error) {
			return []byte(strings.Join(argv, " ") + " says " + planted + " of 192.0.2.10 and 02:00:00:00:aa:01\n"), nil
		},
		Wait: func(context.Context, time.Duration) error { return nil }}
}

// gathered is a bundle by the names of its files, without their directory.
func gathered(t *testing.T, o Options) (map[string]string, *Index) {
	t.Helper()
	var b bytes.Buffer
	index, err := Write(context.Background(), &b, o)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		dir, name, _ := strings.Cut(header.Name, "/")
		if !strings.HasPrefix(dir, "mirrorgw-support-") || path.Clean(header.Name) != header.Name || header.Mode != 0o600 {
			t.Errorf("%+v", header)
		}
		files[name] = string(text)
	}
	return files, index
}

// TestBundle: everything is in it, and no secret.
func TestBundle(t *testing.T) {
	waited := time.Duration(0)
	o := newBundle(t)
	o.Wait = func(_ context.Context, d time.Duration) error { waited += d; return nil }
	files, index := gathered(t, o)
	if failed := index.Failed(); len(failed) != 0 {
		t.Errorf("failed: %+v", failed)
	}
	for _, p := range index.Pieces {
		if files[p.Name] == "" || len(files[p.Name]) != p.Bytes || !strings.Contains(files["INDEX.txt"], p.Name) {
			t.Errorf("%s has %d bytes, the index says %d", p.Name, len(files[p.Name]), p.Bytes)
		}
	}
	if len(files) != len(index.Pieces)+2 || len(files) < 29 || !json.Valid([]byte(files["index.json"])) {
		t.Errorf("%d files, %d pieces", len(files), len(index.Pieces))
	}
	for name, text := range files {
		if strings.Contains(text, "PLANTED") || strings.Contains(text, "hunter2") {
			t.Errorf("%s has a secret:\n%s", name, text)
		}
		if strings.HasSuffix(name, ".json") && strings.HasPrefix(name, "gateway/") && !json.Valid([]byte(text)) {
			t.Errorf("%s is no JSON:\n%s", name, text)
		}
	}
	for name, want := range map[string]string{
		"gateway/state.json": `"macAddress": "02:00:00:00:aa:01"`, "gateway/metrics-2.txt": "mirrorgw_up", "gateway/history.csv": "port,wire0,2023-11-14T22:13Z,false,7,8,9,10,11,12,13",
		"config/gateway.toml": `lcores = "1"`, "config/files.txt": "-rw-------", "config/plan.txt": "--check-config", "log/journal.txt": "journalctl",
		"host/doctor.json": "doctor", "host/kernel.txt": "/proc/cmdline: quiet secret=(removed)", "host/memory.txt": "HugePages_Total: 4", "host/interrupts.txt": "/proc/interrupts: 0: 1",
	} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s lacks %q:\n%s", name, want, files[name])
		}
	}
	if fake := o.Gateway.(*fakeGateway); fake.asked != 2 || waited <= 0 || waited > o.Interval {
		t.Errorf("counters were taken %d times, %v apart", fake.asked, waited)
	}
}

// TestAnonymousBundle: no address of the host is in it, and the same one is the same in all files.
func TestAnonymousBundle(t *testing.T) {
	o := newBundle(t)
	o.Anonymize = true
	files, _ := gathered(t, o)
	for name, text := range files {
		if strings.Contains(text, "192.0.2.1") || strings.Contains(text, "00:aa:01") {
			t.Errorf("%s has an address:\n%s", name, text)
		}
	}
	_, mac, _ := strings.Cut(strings.TrimSpace(files["host/routes.txt"]), " and ")
	if mac == "" || !strings.Contains(files["gateway/state.json"], mac) {
		t.Errorf("%q is not in the state:\n%s", mac, files["gateway/state.json"])
	}
}

// TestBundleOfTheDead: neither a daemon nor a readable configuration nor programs; the host is there, and the
// index says why the rest is not, without the secrets that are in its reasons.
func TestBundleOfTheDead(t *testing.T) {
	o := newBundle(t)
	o.Gateway = &fakeGateway{dead: errors.New("there is no socket; password=" + planted)}
	o.Run = func(_ context.Context, argv ...string) ([]byte, error) {
		return nil, fmt.Errorf("there is no %s", argv[0])
	}
	if err := os.WriteFile(o.Config, []byte("[eal"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, index := gathered(t, o)
	if !strings.Contains(files["host/kernel.txt"], "quiet") || files["config/gateway.toml"] != "[eal" {
		t.Errorf("what could be had is not there: %v", files)
	}
	for _, p := range index.Pieces {
		if files[p.Name] == "" && p.Error == "" {
			t.Errorf("nothing says why there is no %s", p.Name)
		}
	}
	if strings.Contains(files["INDEX.txt"]+files["index.json"], "PLANTED") || !strings.Contains(files["INDEX.txt"], "there is no socket") {
		t.Errorf("the index:\n%s", files["INDEX.txt"])
	}
}

// TestBounds: a piece that is too long is cut, one that is defective or too slow costs nothing else.
func TestBounds(t *testing.T) {
	o := newBundle(t)
	o.Interval = 0
	o.Run = func(ctx context.Context, argv ...string) ([]byte, error) {
		switch argv[0] {
		case "lspci":
			panic("a defect")
		case "journalctl":
			return bytes.Repeat([]byte("x"), MaxPiece+10), nil
		}
		return []byte("fine"), nil
	}
	files, index := gathered(t, o)
	byName := map[string]Piece{}
	for _, p := range index.Pieces {
		byName[p.Name] = p
	}
	if p := byName["host/pci.txt"]; !strings.Contains(p.Error, "a defect") {
		t.Errorf("%+v", p)
	}
	if p := byName["log/journal.txt"]; !p.Truncated || p.Bytes != MaxPiece {
		t.Errorf("%+v", p)
	}
	if files["host/routes.txt"] != "fine" {
		t.Errorf("%q", files["host/routes.txt"])
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var b bytes.Buffer
	late, err := Write(ctx, &b, o)
	if err != nil || len(late.Failed()) != len(late.Pieces) {
		t.Errorf("%v: %d of %d pieces failed when the time was over", err, len(late.Failed()), len(late.Pieces))
	}
}

// TestCutSecret: where a piece is cut, and with it a secret, what is left of the secret is not there either.
func TestCutSecret(t *testing.T) {
	o := newBundle(t)
	o.Interval = 0
	o.Run = func(_ context.Context, argv ...string) ([]byte, error) {
		if argv[0] != "journalctl" {
			return []byte("fine"), nil
		}
		text := bytes.Repeat([]byte("a line\n"), MaxPiece/7+10)
		copy(text[MaxPiece-20:], planted)
		return text, nil
	}
	files, _ := gathered(t, o)
	if text := files["log/journal.txt"]; len(text) < MaxPiece-100 || strings.Contains(text, "PLANTED") || !strings.HasSuffix(text, "a line\n") {
		t.Errorf("%d bytes end with %q", len(text), text[max(0, len(text)-100):])
	}
}

// TestLongJournal: of a log that is too long the newest lines are there.
func TestLongJournal(t *testing.T) {
	o := newBundle(t)
	o.Interval = 0
	const width = 1000
	o.Run = func(_ context.Context, argv ...string) ([]byte, error) {
		var lines int
		if argv[0] != "journalctl" || slices.Contains(argv, "--dmesg") {
			return []byte("fine"), nil
		} else if _, err := fmt.Sscanf(argv[len(argv)-1], "--lines=%d", &lines); err != nil {
			return nil, err
		}
		var text bytes.Buffer
		for i := lines; i > 0; i-- { // 1 is the newest
			fmt.Fprintf(&text, "%-*d\n", width-1, i)
		}
		return text.Bytes()[:min(text.Len(), MaxPiece+1)], nil
	}
	files, index := gathered(t, o)
	text := files["log/journal.txt"]
	if last := strings.TrimSpace(text[max(0, len(text)-width):]); last != "1" || len(text) < MaxPiece/2 {
		t.Errorf("%d bytes, the last line is %q", len(text), last)
	}
	for _, p := range index.Pieces {
		if p.Name == "log/journal.txt" && p.Truncated {
			t.Errorf("%+v", p)
		}
	}
}

// TestMetricsThatFail: an answer that is none is told as such.
func TestMetricsThatFail(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "m.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not now", http.StatusServiceUnavailable) })}
	go server.Serve(listener)
	defer server.Close()
	g := &gatherer{cfg: &config.Config{Metrics: config.Metrics{Socket: socket}}}
	if text, err := g.metrics(context.Background()); err == nil || !strings.Contains(err.Error(), "503") || string(text) != "not now\n" {
		t.Errorf("%q, %v", text, err)
	}
}
