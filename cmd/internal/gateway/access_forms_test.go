package gateway

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/aws"
)

// TestRecordedParameters: what a form says stands in the audit log as a form, and a document as a document.
func TestRecordedParameters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log, err := audit.Open(audit.Options{Path: path, MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	record := recorder(log)
	record(aws.Record{Action: "DeleteTrafficMirrorTarget", Params: url.Values{"TrafficMirrorTargetId": {"tmt-1"}, "body": {`{"innocent": true}`}}})
	record(aws.Record{Body: []byte(`{"resourceShareArns": ["` + strings.Repeat("arn ", 2000) + `"], "secret": "s3cr3t"}`)})
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if !strings.Contains(lines[0], `"TrafficMirrorTargetId":"tmt-1"`) || !strings.Contains(lines[0], "innocent") {
		t.Errorf("a form: %s", lines[0])
	}
	if !strings.Contains(lines[1], `{"resourceShareArns":["arn arn`) || strings.Contains(lines[1], "s3cr3t") {
		t.Errorf("a document: %s", lines[1])
	}
}
