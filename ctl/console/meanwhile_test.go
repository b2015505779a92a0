package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestDeletedMeanwhile: whoever may change targets is told that one is not there any more, by every page about
// it; who may see none, or may not change one that is there, is told that.
func TestDeletedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.apply("[[target]]\nname = \"other\"\naccount = \"111111111111\"\nid = \"tmt-22222222222222222\"\naddress = \"192.0.2.11\"\n")
	const gone, there = "/targets/tmt-99999999999999999", "/targets/tmt-22222222222222222"
	for name, c := range map[string]struct {
		user, path, text string
		status           int
	}{
		"gone, to be modified": {"ann", gone + "/modify", "Perhaps somebody has deleted it", http.StatusNotFound},
		"gone, to be deleted":  {"ann", gone + "/delete", "Perhaps somebody has deleted it", http.StatusNotFound},
		"gone, to be seen":     {"ann", gone, "no traffic mirror target", http.StatusNotFound},
		"there, of nobody's":   {"nobody", there + "/modify", "may not use this page", http.StatusForbidden},
		"there, not allowed":   {"ian", there + "/modify", "may not use this page", http.StatusForbidden},
	} {
		if status, text := w.user(c.user).get(c.path); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: status %d, want %d and %q:\n%s", name, status, c.status, c.text, text)
		}
	}
}

// TestGuideWhileAnLcoreStalls: what the guide makes is made, and the page says what is late.
func TestGuideWhileAnLcoreStalls(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	b := w.admin()
	review, _ := b.walk(theSource, newTarget, newFilter, settings("late", "7"))
	w.path.stalled.Store(true)
	status, to := b.post(review, "do", "create")
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/sessions/tms-") {
		t.Fatalf("the end is answered by %d, %.300s", status, to)
	}
	_, text := b.get(to)
	mustHave(t, http.StatusOK, http.StatusOK, text, "Created traffic mirror session late.", "Created traffic mirror target recorder for it.", "an lcore has not reported within 1 s")
}
