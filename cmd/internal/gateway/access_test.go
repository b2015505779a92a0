package gateway

import (
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
)

// TestRecorder: what the AWS endpoint tells becomes a line, without secrets.
func TestRecorder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log, err := openAudit(&config.Config{Audit: config.Audit{Path: path, MaxMB: 1}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	record := recorder(log)
	record(aws.Record{Time: time.Unix(0, 0), Door: "aws", RequestID: "r1", Principal: iam.Principal{Account: "111111111111", User: "ian"}, AccessKey: "AKIA",
		SourceIP: netip.MustParseAddr("192.0.2.7"), Service: "ec2", Action: "DeleteTrafficMirrorTarget", Status: 403, Code: "UnauthorizedOperation",
		Params: url.Values{"TrafficMirrorTargetId": {"tmt-1"}, "DryRun": {"true"}, "SecretThing": {"hush"}}})
	record(aws.Record{Door: "aws", Service: "ram", Params: url.Values{"body": {`{"name":"n","password":"hush"}`}}, Principal: iam.Principal{Account: "111111111111"}})
	record(aws.Record{Door: "aws", AccessKey: "none"})
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, want := range [][]string{
		{`"type":"IAMUser"`, `"userName":"ian"`, `"accessKeyId":"AKIA"`, `"sourceIPAddress":"192.0.2.7"`, `"TrafficMirrorTargetId":"tmt-1"`, `"dryRun":true`, `"errorCode":"UnauthorizedOperation"`},
		{`"type":"Root"`, `"requestParameters":{"name":"n","password":"(hidden)"}`}, {`"type":"Unknown"`, `"accessKeyId":"none"`},
	} {
		for _, part := range want {
			if i >= len(lines) || !strings.Contains(lines[i], part) {
				t.Errorf("line %d lacks %s:\n%s", i, part, text)
			}
		}
	}
	if strings.Contains(string(text), "hush") {
		t.Errorf("a secret is told:\n%s", text)
	}
	if none, err := openAudit(&config.Config{}, nil); none != nil || err != nil || recorder(none) != nil {
		t.Error("without [audit] there is no log")
	}
}
