package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/server"
)

// TestListsAreFast: with 10,000 sessions, interfaces and targets no list lets people wait. What that is on this
// machine, with all that runs beside, reading all sessions once tells.
func TestListsAreFast(t *testing.T) {
	w := newWorld(t)
	var document strings.Builder
	document.WriteString("[[filter]]\nname = \"web\"\n")
	for i := range 10000 {
		fmt.Fprintf(&document, "[[interface]]\nname = \"eni-%d\"\nport = \"wire0\"\nmac = \"02:00:00:01:%02x:%02x\"\n", i, i>>8, i&255)
		fmt.Fprintf(&document, "[[target]]\nname = \"ids-%d\"\naddress = \"192.0.2.%d\"\nmtu = %d\n", i, 2+i%200, 1000+i/200)
		fmt.Fprintf(&document, "[[session]]\nname = \"session-%d\"\nsource = \"eni-%[1]d\"\ntarget = \"ids-%[1]d\"\nfilter = \"web\"\nnumber = 1\ntags = { team = \"team-%d\" }\n", i, i%7)
	}
	w.apply(document.String())
	b := w.admin()
	b.get("/") // health is asked now
	all := func() time.Duration {
		began := time.Now()
		if list, err := w.client.Sessions().List(server.WithCaller(t.Context(), adminCaller)); err != nil || len(list) != 10000 {
			t.Fatal(len(list), err)
		}
		return time.Since(began)
	}
	for _, path := range []string{"/sessions", "/sessions?page=150", "/sessions?sort=-networkInterfaceId", "/sessions?q=team-3+eni-99&sort=name", "/sessions?q=nothing+like+that",
		"/targets?sort=ipAddress", "/targets?q=192.0.2.77&sort=state", "/interfaces?q=session&sort=macAddress", "/filters", "/sessions/new"} {
		took, reading := time.Hour, time.Duration(0)
		for range 3 {
			reading = max(reading, all())
			began := time.Now()
			status, text := b.get(path)
			took = min(took, time.Since(began))
			if status != 200 || len(text) > 200000 {
				t.Fatalf("%s: %d, %d bytes", path, status, len(text))
			}
		}
		t.Logf("%-45s %v; all sessions %v", path, took.Round(100*time.Microsecond), reading.Round(100*time.Microsecond))
		if took > 3*reading {
			t.Errorf("%s took %v, reading all sessions %v", path, took, reading)
		}
	}
}
