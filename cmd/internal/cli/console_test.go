package cli

import (
	"strings"
	"testing"

	"mirrorgw/ctl/api"
)

func TestConsoleLink(t *testing.T) {
	f := newFake()
	if r := run(t, f, "console"); r.code != ExitOK || r.out != "http://127.0.0.1:8790/enter?link=x\n" || !strings.Contains(r.errs, "works once") {
		t.Errorf("%+v", r)
	}
	if r := run(t, f, "console -o json"); r.code != ExitOK || !strings.Contains(r.out, `"url": "http://127.0.0.1:8790/enter?link=x"`) || r.errs != "" {
		t.Errorf("%+v", r)
	}
	f.fail = &api.Error{Status: 503, Code: api.CodeUnavailable, Message: "this gateway has no console"}
	if r := run(t, f, "console"); r.code == ExitOK || r.out != "" || !strings.Contains(r.errs, "no console") {
		t.Errorf("%+v", r)
	}
	if r := run(t, f, "console now"); r.code != ExitUsage {
		t.Errorf("%+v", r)
	}
}
