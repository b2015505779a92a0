package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAccessSections(t *testing.T) {
	c := parse(t, good)
	if c.IAM != (IAM{}) || c.Audit != (Audit{}) {
		t.Errorf("without the sections there is nothing: %+v %+v", c.IAM, c.Audit)
	}
	c = parse(t, good+"\n[iam]\n[audit]\n")
	if c.IAM.Directory != "/etc/mirrorgw/iam.toml" || c.Audit.String() != "/var/log/mirrorgw/audit.log, 10 files of at most 64 MiB besides, on failure continue" {
		t.Errorf("defaults: %v, %v", c.IAM, c.Audit)
	}
	c = parse(t, good+"\n[iam]\ndirectory = \"/x/iam.toml\"\n[audit]\npath = \"/x/audit\"\nmax_size_mb = 1\nfiles = 0\non_failure = \"refuse\"\n")
	if c.IAM.Directory != "/x/iam.toml" || c.Audit.Path != "/x/audit" || c.Audit.MaxMB != 1 || c.Audit.Files != 0 || c.Audit.OnFailure != OnFailureRefuse {
		t.Errorf("all set: %+v, %+v", c.IAM, c.Audit)
	}
	var plan strings.Builder
	if err := c.Plan().Print(&plan); err != nil || !strings.Contains(plan.String(), "iam            /x/iam.toml\naudit          /x/audit, 0 files") {
		t.Errorf("%v\n%s", err, plan.String())
	}
	for text, want := range map[string]string{
		"[iam]\ndirectory = \"\"":        "directory is empty",
		"[iam]\nfile = \"x\"":            `unknown key "file"`,
		"[audit]\nmax_size_mb = 0":       "max_size_mb",
		"[audit]\nfiles = -1":            "files",
		"[audit]\non_failure = \"stop\"": `on_failure "stop" is not known; use one of: continue, refuse`,
		"[audit]\nmax_size = 3":          `did you mean`,
	} {
		if _, err := Parse("gateway.toml", []byte(good+"\n"+text+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

func TestCheckAudit(t *testing.T) {
	directory := t.TempDir()
	c := parse(t, good)
	for path, want := range map[string]string{"": "", LogDirectory + "/audit.log": "", filepath.Join(directory, "audit.log"): "",
		directory: "is a directory", filepath.Join(directory, "none", "a"): "does not exist"} {
		c.Audit.Path = path
		if err := CheckAudit(c); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want %q", path, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(directory, "audit.log")); !os.IsNotExist(err) {
		t.Errorf("a check makes nothing: %v", err)
	}
}
