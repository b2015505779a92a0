package console_test

import (
	"errors"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/report"
)

// TestHealthMoves: every page but the overview has its health from a topic of its own, for whoever may
// know it.
func TestHealthMoves(t *testing.T) {
	w := newWorld(t)
	w.apply(someTargets)
	hub := live.New(live.Options{Store: w.store, Fault: errors.New("bad page"), Status: func() ctl.Status { return ctl.Status{Forwarding: true} }, Report: func(report.Kinds) *report.Report { return report.New() }})
	t.Cleanup(hub.Close)
	w.console.Live = hub
	b := w.admin()
	b.get("/") // the hub looks from now on
	for _, path := range []string{"/targets", "/targets/new", "/targets/tmt-11111111111111111", "/metrics", "/explain"} {
		status, text := b.get(path)
		mustHave(t, status, 200, text, `data-events="/events"`, `id="health" data-topic="health"><span class="badge" data-live="gateway.health" data-unit="status" data-word="failing">failing</span>`,
			`<div data-topic="health"><div class="flash error" role="status" data-full="faults">`, `<ul data-list="faults"><template><li data-key="">`, `<span data-field="text">The state is not in use`)
	}
	status, text := b.get("/")
	mustHave(t, status, 200, text, `id="health" data-topic="overview"`)
	if strings.Contains(text, `data-topic="health"`) {
		t.Error("the overview, which has its problems, tells of them twice")
	}
	if _, text = w.user("ian").get("/targets"); strings.Contains(text, `id="health"`) || strings.Contains(text, "data-list") {
		t.Errorf("who may not know is told: %s", text)
	}
}
