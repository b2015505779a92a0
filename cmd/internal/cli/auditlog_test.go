package cli

import (
	"strings"
	"testing"
)

func TestAudit(t *testing.T) {
	f := &fake{}
	r := run(t, f, "audit --user ian --outcome denied --limit 7 --action Create* --resource tmt-1 --door aws --before 1-2")
	if r.code != ExitOK || !strings.Contains(r.out, "arn:aws:iam::111111111111:user/ian  CreateTags  Denied") || !strings.Contains(r.out, "uid 1000") ||
		!strings.Contains(r.out, "tmt-1 and 1 more") || !strings.Contains(r.out, "older: --before 1-2") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.errs)
	}
	for _, want := range []string{`"ian"`, `"denied"`, "7", `"Create*"`, `"tmt-1"`, `"aws"`, `"1-2"`} {
		if !strings.Contains(f.calls[0], want) {
			t.Errorf("%s was not asked for: %s", want, f.calls[0])
		}
	}
	if r = run(t, f, "audit -o json"); r.code != ExitOK || !strings.Contains(r.out, `"position": "1-9"`) || !strings.Contains(r.out, `"next": "1-2"`) {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.errs)
	}
	if r = run(t, f, "audit x"); r.code != ExitUsage {
		t.Errorf("exit %d", r.code)
	}
}
