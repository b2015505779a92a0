package gateway

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// TestConsoleDoor: with [console] a browser is answered, and a link of the API logs in; without it there
// is nothing.
func TestConsoleDoor(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	if none, err := listenConsole(&config.Config{}, nil, log); none != nil || err != nil {
		t.Errorf("%v, %v", none, err)
	}
	(*consoleDoor)(nil).close()
	(*consoleDoor)(nil).setLives(&config.Console{})

	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	address := free.Addr().String()
	cfg, err := config.Parse("gateway.toml", []byte(awsGateway+"[console]\nlisten = \""+address+"\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	resources, err := store.Open(store.Options{Config: cfg, Publisher: compiled{}})
	if err != nil {
		t.Fatal(err)
	}
	defer resources.Close()
	if err := resources.Start(); err != nil {
		t.Fatal(err)
	}
	d, err := listenConsole(cfg, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenConsole(cfg, nil, log); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("a second one: %v", err)
	}
	l := &life{loader: loader{prepared: &prepared{cfg: cfg, directory: iam.RootsOnly()}, o: &Options{Log: slog.New(slog.DiscardHandler)}}, loaded: loaded{store: resources}, console: d}
	options := server.Options{Store: resources, Config: cfg}
	d.links(&options)
	api := server.New(options)
	d.prepare(l, api)
	d.serve(l)
	url, _, err := options.ConsoleLink(server.Caller{Role: server.Admin})
	if err != nil || !strings.HasPrefix(url, "http://"+address+"/enter?link=") {
		t.Fatalf("%s, %v", url, err)
	}
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusOK || !strings.Contains(string(text), "local admin") {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	d.close()
	if _, err := http.Get(url); err == nil {
		t.Error("it still answers")
	}
}

// TestConsoleFiles: what [console] names and is not there is a fault at the start and for --check-config.
func TestConsoleFiles(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{Console: config.Console{Listen: netip.MustParseAddrPort("127.0.0.1:1"), Keys: filepath.Join(dir, "none"),
		TLSCertificate: filepath.Join(dir, "cert"), TLSKey: filepath.Join(dir, "key")}}
	err := checkConsole(cfg)
	if err == nil || !strings.Contains(err.Error(), "[console]: the private key") || !strings.Contains(err.Error(), filepath.Join(dir, "none")) {
		t.Errorf("%v", err)
	}
}
