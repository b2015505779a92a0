package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
)

// realDaemon serves an in-memory store on a unix socket and returns its path.
func realDaemon(t *testing.T) string {
	t.Helper()
	c := storetest.Config(t, "mtu = 9000\n")
	s := storetest.Open(t, store.Options{Config: c})
	dir, err := os.MkdirTemp("", "ctl") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	listener, err := server.Listen(server.SocketOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	status := ctl.Status{Forwarding: true, Generation: 1, Ports: []ctl.PortStatus{{LinkUp: true}, {LinkUp: true}, {LinkUp: true}}}
	daemon := server.New(server.Options{Store: s, Config: c, Version: "1.2.3", Status: func() ctl.Status { return status }})
	served := make(chan error, 1)
	go func() { served <- daemon.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := daemon.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return path
}

// must runs a line that succeeds and returns what it printed.
func must(t *testing.T, g Gateway, line string) string {
	t.Helper()
	r := run(t, g, line)
	if r.code != ExitOK {
		t.Fatalf("%s: exit %d, %s", line, r.code, r.errs)
	}
	return r.out
}

func TestEveryKindAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	build(t, g)
	if out := must(t, g, "filter list"); strings.Join(strings.Fields(strings.Split(out, "\n")[1])[2:], " ") != "amazon-dns 1 0" {
		t.Errorf("%s", out)
	}
	must(t, g, "load-balancer create sensors --listener udp:4789 --member 192.0.2.11")
	for _, test := range []struct{ kind, ref, modify, shows string }{
		{"interface", "web-1", "--mtu 9000 --tag team=netops --unset mac", "mtu          9000"},
		{"target", "ids", "--mtu 1400 --description x", "mtu          1400"},
		{"target", "ids", "--rate-limit-bps 2500000000", "mtu 1400 rate-limit-bps 2500000000"},
		{"filter", "web", "--unset service --tag a=b", "tags           a=b"},
		{"rule", "web/ingress/100", "--action reject --unset destination-ports", "action       reject"},
		{"session", "s1", "--packet-length 128 --vni 101", "packet-length  128"},
		{"session", "s1", "--sample-one-in 10 --rate-limit-pps 1000 --rate-limit-bps 1000000000000", "sample-one-in 10 rate-limit-pps 1000 rate-limit-bps 1000000000000"},
		{"session", "s1", "--unset sample-one-in,rate-limit-pps", "packet-length 128 rate-limit-bps 1000000000000"},
		{"load-balancer", "sensors", "--member 192.0.2.11,192.0.2.12@b*2 --cross-zone", "192.0.2.12@b*2"},
	} {
		k := kindOf(test.kind)
		if out := must(t, g, test.kind+" list"); strings.Count(out, "\n") != 2 || !strings.Contains(out, k.prefix) {
			t.Errorf("%s list:\n%s", test.kind, out)
		}
		id := strings.TrimSpace(must(t, g, test.kind+" list -o json"))
		var page api.List[record]
		if err := decode(json.RawMessage(id), &page); err != nil || len(page.Items) != 1 {
			t.Fatalf("%s: %v", id, err)
		}
		id = plain(page.Items[0][k.idKey])
		byID, byName := must(t, g, test.kind+" show "+id), must(t, g, test.kind+" show "+test.ref)
		same(t, test.kind+" by ID and by name", byID, byName)
		must(t, g, test.kind+" modify "+test.ref+" "+test.modify)
		if out := must(t, g, test.kind+" show "+id); !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(test.shows), " ")) {
			t.Errorf("%s show after modify %s:\n%s", test.kind, test.modify, out)
		}
	}
	must(t, g, "tag set rule/web/ingress/100 a=1 b=2")
	must(t, g, "tag remove rule/web/ingress/100 a")
	same(t, "tags", must(t, g, "tag list rule/web/ingress/100"), "KEY  VALUE\nb    2\n")
	for _, line := range []string{"session delete s1", "rule delete web/ingress/100", "filter delete web", "target delete ids",
		"interface delete web-1", "load-balancer delete sensors"} {
		must(t, g, line)
		kind, _, _ := strings.Cut(line, " ")
		if out := must(t, g, kind+" list"); out != "" {
			t.Errorf("after %s:\n%s", line, out)
		}
	}
}

func TestExitCodesAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	build(t, g)
	for _, test := range []struct {
		line string
		code int
		says string
	}{
		{"interface show nobody", ExitNotFound, "(not-found)"},
		{"rule show web/ingress/7", ExitNotFound, "filter web has no ingress rule 7"},
		{"rule show nofilter/ingress/7", ExitNotFound, "(not-found)"},
		{"interface create web-1", ExitConflict, "(already-exists)"},
		{"target delete ids", ExitConflict, "(in-use)"},
		{"session modify s1 --vni 5 --if-match 1", ExitConflict, "(revision-mismatch)"},
		{"interface modify web-1 --address nowhere", ExitRefused, "(invalid-value)"},
		{"interface list --where color=red", ExitRefused, "("},
		{"session create s2 --source web-1 --target nobody --filter web --number 2", ExitNotFound, "(not-found)"},
	} {
		r := run(t, g, test.line)
		if r.code != test.code || !strings.Contains(r.errs, test.says) || strings.Count(r.errs, "\n") != 1 {
			t.Errorf("%s: exit %d, %q", test.line, r.code, r.errs)
		}
	}
	if r := run(t, Dial("/nowhere/at/all"), "status"); r.code != ExitUnreachable || !strings.Contains(r.errs, "/nowhere/at/all") {
		t.Errorf("%+v", r)
	}
}

func TestClientTokenAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	line := "target create ids --address 192.0.2.10 --client-token once"
	same(t, "again", must(t, g, line), must(t, g, line))
	if r := run(t, g, "target create ids --address 192.0.2.11 --client-token once"); r.code != ExitConflict || !strings.Contains(r.errs, "token-mismatch") {
		t.Errorf("%+v", r)
	}
}

func TestExportAndApplyAreTheIdentity(t *testing.T) {
	g := Dial(realDaemon(t))
	build(t, g)
	must(t, g, "rule create --filter web --direction egress --number 7 --action reject --description seven --tag a=b")
	must(t, g, "load-balancer create sensors --listener udp:4789 --member 192.0.2.11,192.0.2.12@b*2 --health-protocol http --health-port 80 --health-path /")
	must(t, g, "target create many --load-balancer sensors --mtu 1400 --tag a=b")
	must(t, g, "interface create other --account 123456789012 --port wire1 --vlan 12 --mac 02:00:00:00:00:09 --monitoring detailed")
	for _, format := range []string{"toml", "json"} {
		document := must(t, g, "export -o "+format)
		r := runWords(g, document, "apply", "-f", "-")
		if r.code != ExitOK || !strings.HasPrefix(r.out, "nothing to change") {
			t.Errorf("%s to the same daemon: %+v\n%s", format, r, document)
		}
		fresh := Dial(realDaemon(t))
		if r := runWords(fresh, document, "apply", "-f", "-"); r.code != ExitOK {
			t.Errorf("%s to a fresh daemon: %+v", format, r)
		}
		same(t, format+" of a fresh daemon", must(t, fresh, "export -o "+format), document)
		if r := runWords(fresh, "", "apply", "-f", "-", "--dry-run"); r.code != ExitOK || !strings.Contains(r.out, "\nwould be 0 created, 0 modified, ") {
			t.Errorf("%+v", r)
		}
		if r := runWords(fresh, "", "apply", "-f", "-", "--keep-others"); !strings.HasPrefix(r.out, "nothing to change") {
			t.Errorf("%+v", r)
		}
		same(t, format+" after a dry run", must(t, fresh, "export -o "+format), document)
	}
}

func TestAccountsAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	const account = " --account 123456789012"
	build(t, g)
	for _, line := range creations {
		line = strings.NewReplacer("wire0", "wire1", "--vni 100", "--vni 200").Replace(line)
		must(t, g, line+account)
	}
	if out := must(t, g, "session list"); !strings.Contains(out, "ACCOUNT") || strings.Count(out, "\n") != 3 {
		t.Errorf("%s", out)
	}
	if out := must(t, g, "session list --where source=web-1"+account); strings.Count(out, "\n") != 2 || !strings.Contains(out, "200") {
		t.Errorf("%s", out)
	}
	if out := must(t, g, "rule list --where filter=web"+account); strings.Count(out, "\n") != 2 {
		t.Errorf("%s", out)
	}
	must(t, g, "rule delete web/ingress/100"+account)
	must(t, g, "session modify s1 --number 2"+account)
	if out := must(t, g, "session show s1"); !strings.Contains(out, " 100\n") {
		t.Errorf("%s", out)
	}
}

func TestWatchAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	build(t, g)
	out := must(t, g, "watch --from 0 --count 5")
	for i, word := range []string{"create interface web-1", "create target ids", "create filter web", "create rule tmfr-", "create session s1"} {
		if lines := strings.Split(out, "\n"); !strings.Contains(lines[i], word) {
			t.Errorf("line %d: %q, want %q", i, lines[i], word)
		}
	}
}

func TestStateAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	build(t, g)
	out := must(t, g, "status")
	for _, piece := range []string{"WARNING: no lcore runs", "1 interface, 1 target, 1 filter, 1 rule, 1 session", "wire to wire1"} {
		if !strings.Contains(out, piece) {
			t.Errorf("%q is missing in\n%s", piece, out)
		}
	}
	for _, line := range []string{"ports", "lcores", "stats", "top --count 1", "version", "status -o json", "stats -o json"} {
		must(t, g, line)
	}
}

func TestCompletionAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	build(t, g)
	must(t, g, "interface create web-2 --account 123456789012")
	for line, want := range map[string]string{"session create s --source ": "web-1", "rule show web/": "web/ingress/100",
		"interface create a --port ": "wire0 wire1", "interface show --account 123456789012 ": "web-2", "session show x": ""} {
		if words, _ := completions(g, strings.Split(line, " ")...); strings.Join(words, " ") != want {
			t.Errorf("%q: %q", line, words)
		}
	}
	if words, _ := completions(Dial("/nowhere"), "session", "show", ""); words != nil {
		t.Errorf("%q", words)
	}
}

func TestFaultsOfADocument(t *testing.T) {
	g := Dial(realDaemon(t))
	file := filepath.Join(t.TempDir(), "resources.toml")
	if err := os.WriteFile(file, []byte("[[target]]\nname = \"a\"\naddress = \"x\"\n[[target]]\nname = \"b\"\naddress = \"y\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, g, "apply -f "+file)
	if r.code != ExitRefused || !strings.HasPrefix(r.errs, "mirrorctl: "+file+":3: ") || !strings.Contains(r.errs, "\n  also: "+file+":6: ") {
		t.Errorf("%+v", r)
	}
}

func TestManyResourcesAgainstTheServer(t *testing.T) {
	g := Dial(realDaemon(t))
	var document strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&document, "[[interface]]\nname = \"n%d\"\n", i)
	}
	if r := runWords(g, document.String(), "apply", "-f", "-"); r.code != ExitOK {
		t.Fatalf("%+v", r)
	}
	if out := must(t, g, "interface list -o name"); strings.Count(out, "\n") != 1200 {
		t.Errorf("%d interfaces", strings.Count(out, "\n"))
	}
}
