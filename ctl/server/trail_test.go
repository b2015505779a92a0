package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/server"
)

func (a *accessWorld) audited(t *testing.T) (all []audit.Record) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(string(must(os.ReadFile(a.auditPath))(t))), "\n") {
		var r audit.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestAuditOfTheSocket(t *testing.T) {
	a := newAccessWorld(t)
	a.as(uidReader, "GET", api.PathSessions, "")                                             // not told
	a.as(uidNobody, "GET", api.PathSessions, "")                                             // refused
	a.as(uidMirror, "POST", api.PathSessions, session("a", "web-1", "ids", "web", ""))       // done
	a.as(uidMirror, "POST", api.PathSessions, session("zz", "web-1", "none", "web", ""))     // fails
	a.as(uidTenant, "DELETE", api.PathSessions+"/s1?ownerId="+accountOne+"&password=pw", "") // fails
	a.curl("DELETE", api.PathSessions+"/a?ownerId="+accountOne, "", "User-Agent", "curl")
	got := a.audited(t)
	if len(got) != 6 {
		t.Fatalf("%d records: %+v", len(got), got)
	}
	for i, want := range []struct {
		action, code, kind, user string
		uid, status, touched     int
	}{
		{"postApply", "", audit.TypeUnix, "", 0, 200, 9},
		{"getSessions", api.CodeForbidden, audit.TypeUser, "nobody", uidNobody, 403, 0},
		{"postSessions", "", audit.TypeUser, "mirror", uidMirror, 201, 1},
		{"postSessions", api.CodeNotFound, audit.TypeUser, "mirror", uidMirror, 404, 0},
		{"deleteSessionsRef", api.CodeUnknownField, audit.TypeRoot, "", uidTenant, 400, 0},
		{"deleteSessionsRef", "", audit.TypeUnix, "", 0, 200, 1},
	} {
		r := &got[i]
		if r.Action != want.action || r.Code != want.code || r.Identity.Type != want.kind || r.Identity.User != want.user || r.Identity.UID == nil ||
			*r.Identity.UID != want.uid || r.Status != want.status || len(r.Resources) != want.touched || r.Door != server.DoorSocket || len(r.RequestID) != 36 ||
			(r.Message == "") != (r.Code == "") || time.Since(r.Time) > time.Minute {
			t.Errorf("record %d is %+v; want %+v", i, r, want)
		}
	}
	if got[2].Policy != "TrafficMirroringFullAccess" || got[2].Statement != "TrafficMirroring" || got[5].UserAgent != "curl" {
		t.Errorf("what decided: %+v; agent %q", got[2], got[5].UserAgent)
	}
	if text := fmt.Sprint(got[2].Parameters); !strings.Contains(text, "networkInterfaceId:web-1") {
		t.Errorf("parameters: %s", text)
	}
}

// TestNothingChangesUnseen has an audit log that cannot be written and must be.
func TestNothingChangesUnseen(t *testing.T) {
	directory := t.TempDir()
	log := must(audit.Open(audit.Options{Path: filepath.Join(directory, "audit.log"), MaxBytes: 1 << 20, Refuse: true, Patience: time.Millisecond, Retry: time.Millisecond}))(t)
	t.Cleanup(func() { log.Close() })
	w := newWorldWith(t, server.Limits{}, server.SocketOptions{}, func(o *server.Options) { o.Audit = log })
	if err := os.RemoveAll(directory); err != nil {
		t.Fatal(err)
	}
	create := func(i int) (int, string) {
		status, text, _ := w.curl("POST", api.PathFilters, fmt.Sprintf(`{"name": "f%d"}`, i))
		return status, text
	}
	i := 0
	for ; log.Fault() == nil; i++ {
		create(i)
	}
	if status, text := create(i); status != http.StatusServiceUnavailable || !strings.Contains(text, "nothing is changed while nobody can see it") {
		t.Errorf("%d %s", status, text)
	}
	if status, _, _ := w.curl("GET", api.PathFilters, ""); status != http.StatusOK {
		t.Errorf("reading: %d", status)
	}
	if err := os.Mkdir(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	for log.Fault() != nil {
		create(i)
	}
	if status, text := create(i + 1); status != http.StatusCreated {
		t.Errorf("the disk is back: %d %s", status, text)
	}
}
