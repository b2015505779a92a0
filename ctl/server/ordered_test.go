package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/server"
)

func names(list *api.List[api.TrafficMirrorSession]) (all []string) {
	for _, s := range list.Items {
		all = append(all, s.Name)
	}
	return all
}

// TestOrderedLists: search, sort, pages from the middle, and names of what is referred to.
func TestOrderedLists(t *testing.T) {
	w := newWorld(t, server.Limits{})
	source, _ := w.build() // s1
	for i, name := range []string{"s10", "s9", "S2"} {
		must(w.client.Sessions().Create(background, api.TrafficMirrorSession{Common: api.Common{Name: name, Description: fmt.Sprintf("the number %d", i), Tags: map[string]string{"Team": "Red<>"}},
			NetworkInterfaceID: "web-1", TrafficMirrorTargetID: "ids", TrafficMirrorFilterID: "web", SessionNumber: 5 + i, VirtualNetworkID: 300 - i}))(t)
	}
	for _, c := range []struct {
		search, sort string
		skip         int
		total        int
		want         string
	}{
		{"", "", 0, 4, "s1 s10 s9 S2"},
		{"", "name", 0, 4, "s1 S2 s9 s10"},
		{"", "-name", 1, 4, "s9 S2 s1"},
		{"", "virtualNetworkId", 0, 4, "s1 S2 s9 s10"},
		{"", "-sessionNumber", 0, 4, "S2 s9 s10 s1"},
		{"", "state", 2, 4, "s9 S2"},
		{"NUMBER red<", "name", 0, 3, "S2 s9 s10"},
		{"number 1", "", 0, 3, "s10 s9 S2"}, // 1 is in identifiers or numbers of all
		{"web-1", "", 3, 4, "S2"},           // the name of the source
		{"no-such-thing", "", 0, 0, ""},
		{"", "name", 99, 4, ""},
	} {
		list := must(w.client.Sessions().Page(background, 100, "", client.Ordered(c.search, c.sort, c.skip)))(t)
		if got := strings.Join(names(list), " "); got != c.want || list.Total != c.total {
			t.Errorf("%+v: %q of %d", c, got, list.Total)
		}
		if len(list.Items) > 0 && (list.Names[source.NetworkInterfaceID] != "web-1" || len(list.Names) != 3) {
			t.Errorf("%+v: names %v", c, list.Names)
		}
	}
	w.refused("GET", api.PathSessions+"?sort=tags", "", api.CodeInvalidValue, "sort")
	w.refused("GET", api.PathSessions+"?skip=-1", "", api.CodeInvalidValue, "skip")
	w.refused("GET", api.PathSessions+"?names=yes", "", api.CodeInvalidValue, "names")
	w.refused("GET", api.PathSessions+"?sort=name&nextToken=e30", "", api.CodeInvalidValue, "nextToken")
}

// TestOrderedNames: what the caller may not see has no name.
func TestOrderedNames(t *testing.T) {
	a := newAccessWorld(t)
	tagger := server.WithCaller(background, consoleUser(accountOne, "reader"))
	list := must(a.over().Sessions().Page(tagger, 10, "", client.Ordered("", "", 0)))(t)
	if len(list.Names) != 3 {
		t.Errorf("a reader is told %v", list.Names)
	}
	if status, text := a.as(uidTenant, "GET", api.PathSessions+"?names=true&skip=0", ""); status != 200 || strings.Contains(text, "names") {
		t.Errorf("another account: %d %s", status, text)
	}
}

// TestOrderedIsFast: people wait for lists.
func TestOrderedIsFast(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 sessions take a second to make")
	}
	w := newWorld(t, server.Limits{})
	var document strings.Builder
	document.WriteString("[[target]]\nname = \"ids\"\naddress = \"192.0.2.10\"\n[[filter]]\nname = \"web\"\n")
	for i := range 10000 {
		fmt.Fprintf(&document, "[[interface]]\nname = \"eni%d\"\nport = \"wire0\"\nmac = \"02:00:00:01:%02x:%02x\"\n[[session]]\nname = \"session-%d\"\nsource = \"eni%[1]d\"\ntarget = \"ids\"\nfilter = \"web\"\nnumber = 1\ntags = { team = \"team-%d\" }\n", i, i>>8, i&255, i, i%7)
	}
	must(w.client.Apply(background, []byte(document.String()), client.ApplyOptions{}))(t)
	var took []time.Duration
	for _, query := range []string{"?limit=50&names=true&skip=5000", "?limit=50&names=true&search=team-3&sort=-networkInterfaceId", "?limit=50&sort=state&search=session-99"} {
		for range 3 {
			began := time.Now()
			answer := httptest.NewRecorder()
			w.server.Handler().ServeHTTP(answer, server.AsPeer(httptest.NewRequest(http.MethodGet, api.PathSessions+query, nil), 0))
			took = append(took, time.Since(began))
			if answer.Code != http.StatusOK || answer.Body.Len() > 100000 {
				t.Fatalf("%s: %d, %d bytes", query, answer.Code, answer.Body.Len())
			}
		}
	}
	t.Logf("10,000 sessions: %v", took)
	if slowest := slices.Max(took); slowest > 2*time.Second { // a page is to take a tenth of it; this machine may be busy
		t.Errorf("a page took %v", slowest)
	}
}
