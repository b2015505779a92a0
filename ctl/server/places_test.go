package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
)

// TestLargeBodiesHavePlaces: four at once, from before the first byte to the answer. Others are
// told; small ones are taken all the while.
func TestLargeBodiesHavePlaces(t *testing.T) {
	w := newWorld(t, server.Limits{})
	var held []io.ReadWriteCloser
	for i := range 4 {
		length := "Content-Length: 2000000"
		if i%2 == 1 {
			length = "Transfer-Encoding: chunked"
		}
		conn := w.dial()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\nExpect: 100-continue\r\n\r\n", api.PathApply, length)
		line := must(bufio.NewReader(conn).ReadString('\n'))(t) // told to go on when the body is about to be read
		if line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("request %d: %s", i+1, line)
		}
		held = append(held, conn)
	}
	for _, length := range []string{"Content-Length: 2000000", "Transfer-Encoding: chunked"} {
		conn := w.dial()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\nExpect: 100-continue\r\n\r\n", api.PathApply, length)
		response := must(http.ReadResponse(bufio.NewReader(conn), nil))(t)
		var e api.ErrorBody
		if err := json.NewDecoder(response.Body).Decode(&e); err != nil || response.StatusCode != http.StatusServiceUnavailable || e.Error.Code != api.CodeUnavailable {
			t.Errorf("%s, a fifth: %d %+v, %v", length, response.StatusCode, e, err)
		}
	}
	if status, text, _ := w.curl("POST", api.PathApply, ""); status != http.StatusOK {
		t.Errorf("a small one meanwhile: %d %s", status, text)
	}
	held[0].Close()
	large := fmt.Sprintf("%2000000s", "")
	eventually(t, func() bool { // one that is told may find the connection closed under its body
		response, err := w.raw().Post("http://x"+api.PathApply, api.ContentTypeTOML, strings.NewReader(large))
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// TestStatsHavePlaces: two at once, a third waits its time and is told, or is answered later.
func TestStatsHavePlaces(t *testing.T) {
	w := newWorld(t, server.Limits{Stats: 2, WriteTime: 300 * time.Millisecond})
	hold := make(chan struct{})
	w.path.hold.Store(&hold)
	var asked sync.WaitGroup
	ask := func() {
		asked.Add(1)
		go func() {
			defer asked.Done()
			if _, err := w.client.Stats(background, client.StatsQuery{}); err != nil {
				t.Error(err)
			}
		}()
	}
	ask()
	ask()
	eventually(t, func() bool { return w.path.reporting.Load() == 2 })
	w.refused("GET", api.PathStats, "", api.CodeUnavailable, "")
	if n := w.path.reporting.Load(); n != 2 {
		t.Errorf("%d reports are made at once", n)
	}
	ask()
	close(hold)
	asked.Wait()
}

// TestStatsOfEqualNames: two accounts, each with a session s1 of a source web-1.
func TestStatsOfEqualNames(t *testing.T) {
	const other = "210987654321"
	w := newWorld(t, server.Limits{})
	source, session := w.build()
	for _, create := range [][2]string{
		{api.PathInterfaces, `"name":"web-1","port":"wire0","macAddress":"02:00:00:00:00:02"`},
		{api.PathTargets, `"name":"ids","ipAddress":"192.0.2.10"`},
		{api.PathFilters, `"name":"web"`},
		{api.PathSessions, `"name":"s1","networkInterfaceId":"web-1","trafficMirrorTargetId":"ids","trafficMirrorFilterId":"web","sessionNumber":1,"virtualNetworkId":100`},
	} {
		if status, text, _ := w.curl("POST", create[0], `{"ownerId":"`+other+`",`+create[1]+`}`); status != http.StatusCreated {
			t.Fatalf("%s: %d %s", create[0], status, text)
		}
	}
	for _, c := range []struct {
		query, owner string
		first        bool
	}{
		{"session=s1", source.OwnerID, true}, {"source=web-1", source.OwnerID, true},
		{"session=s1&ownerId=" + other, other, false}, {"source=web-1&ownerId=" + other, other, false},
	} {
		_, text, _ := w.curl("GET", api.PathStats+"?"+c.query, "")
		var r report.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil || len(r.Sessions) != 1 || len(r.Sources) != 1 {
			t.Errorf("%s: %v, %s", c.query, err, text)
		}
		for _, row := range r.Sessions {
			if from := r.Sources[row.Source]; row.Owner != c.owner || from.Owner != c.owner ||
				(row.ID == session.TrafficMirrorSessionID) != c.first || (from.ID == source.NetworkInterfaceID) != c.first {
				t.Errorf("%s: session %+v of source %+v", c.query, row, from)
			}
		}
	}
}
