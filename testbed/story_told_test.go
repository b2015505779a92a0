package testbed

import (
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
)

// eventText is an event in words. A rule has no name.
func eventText(event api.Event) string {
	return strings.TrimSpace(event.Action + " " + event.Kind + " " + event.Name)
}

// checkTold holds the change stream against the changes that were made, revision by revision.
func (s *story) checkTold(watch *control.Watch) {
	s.t.Helper()
	want := 0
	for _, line := range s.told {
		want += strings.Count(line, ",") + 1
	}
	var told []string
	var texts []string
	events := watch.Changes(want)
	for i, event := range events {
		texts = append(texts, eventText(event))
		if i+1 == len(events) || events[i+1].Revision != event.Revision {
			told, texts = append(told, toldAs(event.Revision, texts)), nil
		}
	}
	for i := range min(len(told), len(s.told)) {
		if told[i] != s.told[i] {
			s.t.Errorf("watch told %q, want %q", told[i], s.told[i])
		}
	}
	if len(told) != len(s.told) {
		s.t.Errorf("watch told of %d revisions, %d were made", len(told), len(s.told))
	}
	if code := watch.Interrupt(); code != 0 {
		s.t.Errorf("watch ends with exit code %d when it is interrupted", code)
	}
}

// checkStoryEnd judges the end of the daemon.
func checkStoryEnd(t *testing.T, result daemon.Result) {
	t.Helper()
	if result.ExitCode != 0 || result.TimedOut || result.Report == nil {
		t.Fatalf("exit code %d (timed out: %v), stderr:\n%s", result.ExitCode, result.TimedOut, result.Stderr)
	}
	checkLaws(t, result.Report)
}
