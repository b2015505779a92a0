package config

import (
	"fmt"
	"path/filepath"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// Defaults and bounds of [iam] and [audit].
const (
	DefaultDirectory  = "/etc/mirrorgw/iam.toml"
	DefaultAuditPath  = LogDirectory + "/audit.log"
	LogDirectory      = "/var/log/mirrorgw" // made by the daemon where it is missing
	DefaultAuditMB    = 64
	DefaultAuditFiles = 10

	maxAuditMB    = 100 << 10
	maxAuditFiles = 1000
)

// IAM is the [iam] section: who may do what. Without the section it is zero and accounts have no
// users.
type IAM struct {
	Directory string // path of the file with accounts, users and policies; empty: there is none

	src *tomldoc.Table
}

// OnFailure says what an audit log that cannot be written means for changes.
type OnFailure string

// The values of [audit] on_failure.
const (
	OnFailureContinue OnFailure = "continue" // changes are made; what is not written is counted
	OnFailureRefuse   OnFailure = "refuse"   // changes are refused
)

// Audit is the [audit] section: the audit log. Without the section all of it is zero and nothing is
// written.
type Audit struct {
	Path      string
	MaxMB     int // of a file, MiB
	Files     int // kept besides the one being written
	OnFailure OnFailure

	src *tomldoc.Table
}

func readIAM(root *tomldoc.Table) IAM {
	present := root.Has("iam")
	t := root.Table("iam")
	defer t.Done()
	i := IAM{src: t, Directory: readPath(t, "directory", DefaultDirectory)}
	if !present {
		return IAM{}
	}
	return i
}

func readAudit(root *tomldoc.Table) Audit {
	present := root.Has("audit")
	t := root.Table("audit")
	defer t.Done()
	a := Audit{src: t, Path: readPath(t, "path", DefaultAuditPath)}
	a.MaxMB = t.IntOr("max_size_mb", DefaultAuditMB, 1, maxAuditMB)
	a.Files = t.IntOr("files", DefaultAuditFiles, 0, maxAuditFiles)
	a.OnFailure = OnFailure(t.OneOf("on_failure", string(OnFailureContinue), string(OnFailureContinue), string(OnFailureRefuse)))
	if !present {
		return Audit{}
	}
	return a
}

// CheckAudit looks at where [audit] writes, like CheckState.
func CheckAudit(c *Config) error {
	var problems problem.List
	if path := c.Audit.Path; path != "" && filepath.Dir(path) != LogDirectory {
		addProblem(&problems, c.Audit.src, "[audit]", "path", checkStateFile(path))
	}
	return problems.Err()
}

// String is what the plan says of who may do what.
func (i IAM) String() string {
	if i.Directory == "" {
		return "accounts have no users"
	}
	return i.Directory
}

// String is what the plan says of the audit log.
func (a Audit) String() string {
	if a.Path == "" {
		return "none"
	}
	return fmt.Sprintf("%s, %d files of at most %d MiB besides, on failure %s", a.Path, a.Files, a.MaxMB, a.OnFailure)
}
