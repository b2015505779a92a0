package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHistorySection(t *testing.T) {
	for _, test := range []struct {
		section string
		want    History
	}{
		{"", History{}},
		{"[history]", History{Path: "/var/lib/mirrorgw/history", Days: 15, MaxMB: 1024}},
		{"[history]\npath = \"h\"\ndays = 3\nmax_mb = 16", History{Path: "h", Days: 3, MaxMB: 16}},
	} {
		h := parse(t, good+"\n"+test.section+"\n").History
		h.src = nil
		if h != test.want {
			t.Errorf("%q is %+v", test.section, h)
		}
	}
}

func TestBadHistorySections(t *testing.T) {
	for _, test := range []struct{ section, want string }{
		{`path = ""`, "path"},
		{`days = 0`, "days = 0 is out of range; use a number from 1 to 400"},
		{`max_mb = 15`, "max_mb = 15 is out of range; use a number from 16 to 1048576"},
		{`retention = 3`, `unknown key "retention"; remove it or use one of: path, days, max_mb`},
	} {
		_, err := Parse("gateway.toml", []byte(good+"\n[history]\n"+test.section+"\n"))
		if err == nil || !strings.Contains(err.Error(), "[history]") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.section, err)
		}
	}
}

func TestCheckHistory(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ path, want string }{
		{dir, ""},
		{filepath.Join(dir, "new"), ""},
		{filepath.Join(dir, "none", "new"), "does not exist"},
		{file, "is not a directory"},
		{filepath.Join(file, "new"), "looked at"},
	} {
		err := CheckHistory(parse(t, good+"\n[history]\npath = \""+test.path+"\"\n"))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.path, err)
		}
	}
}

func TestHistoryPlan(t *testing.T) {
	var out strings.Builder
	if err := parse(t, good+"\n[history]\n").Plan().Print(&out); err != nil {
		t.Fatal(err)
	}
	if want := "history        /var/lib/mirrorgw/history, 15 days, at most 1024 MiB\n"; !strings.Contains(out.String(), want) {
		t.Errorf("the plan lacks %q:\n%s", want, out.String())
	}
}
