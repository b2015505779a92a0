package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestAuditPage: entries are found, shown whole, and only to who may.
func TestAuditPage(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	if status, _ := w.user("ian").get("/sessions"); status != http.StatusForbidden {
		t.Fatalf("ian sees sessions: %d", status)
	}
	b := w.admin()
	status, text := b.get("/audit")
	mustHave(t, status, 200, text, "<h1>Audit log</h1>", "postApply", ">success<")
	checkPage(t, "/audit", text)
	one := regexp.MustCompile(`href="(/audit/[0-9a-f]+-[0-9a-f]+)"`).FindStringSubmatch(text)
	if one == nil {
		t.Fatal("no entry has a page")
	}
	status, text = b.get(one[1])
	mustHave(t, status, 200, text, "The whole entry", "requestID")
	_, text = b.get("/audit?action=post*&outcome=success")
	mustHave(t, 200, 200, text, "postApply", `value="post*"`)
	if _, text = b.get("/audit?action=nothing"); strings.Contains(text, "postApply") {
		t.Error("an entry that was not asked for")
	}
	status, text = b.get("/audit?outcome=perhaps")
	mustHave(t, status, http.StatusBadRequest, text, `href="#field-outcome"`)
	if status, _ := b.get("/audit/1-1"); status != http.StatusNotFound {
		t.Errorf("no entry: %d", status)
	}
	other := w.user("ann") // an administrator, of another account than the gateway's own
	if _, text := other.get("/"); strings.Contains(text, `href="/audit"`) {
		t.Error("the menu offers it")
	}
	for _, path := range []string{"/audit", one[1]} {
		if status, _ := other.get(path); status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
	}
}
