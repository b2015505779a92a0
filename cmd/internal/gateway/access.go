package gateway

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
)

// loadDirectory reads who may do what. Without [iam] every account may do everything of its own, and
// has no users.
func loadDirectory(cfg *config.Config) (*iam.Directory, error) {
	if cfg.IAM.Directory == "" {
		return iam.RootsOnly(), nil
	}
	return iam.LoadDirectory(cfg.IAM.Directory)
}

// openAudit begins the audit log; nil without [audit].
func openAudit(cfg *config.Config, log *slog.Logger) (*audit.Log, error) {
	a := &cfg.Audit
	if a.Path == "" {
		return nil, nil
	}
	if dir := filepath.Dir(a.Path); dir == config.LogDirectory {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, fmt.Errorf("[audit]: the directory %s cannot be made (%w); make it for this user, or choose another path", dir, err)
		}
	}
	return audit.Open(audit.Options{Path: a.Path, MaxBytes: int64(a.MaxMB) << 20, Files: a.Files, Refuse: a.OnFailure == config.OnFailureRefuse, Log: log})
}

// recorder takes what the AWS endpoint tells of its requests.
func recorder(log *audit.Log) func(aws.Record) {
	if log == nil {
		return nil
	}
	return func(r aws.Record) {
		line := &audit.Record{Time: r.Time, Door: r.Door, RequestID: r.RequestID, Service: r.Service, Action: r.Action, Identity: identityOf(&r),
			UserAgent: r.UserAgent, Region: r.Region, Parameters: audit.Form(r.Params), Resources: r.Resources, Status: r.Status, Code: r.Code,
			DryRun: r.Params.Get("DryRun") == "true", Microseconds: r.Took.Microseconds()}
		if r.Params == nil {
			line.Parameters = audit.Body(r.Body)
		}
		if r.SourceIP.IsValid() {
			line.SourceIP = r.SourceIP.String()
		}
		log.Write(line)
	}
}

func identityOf(r *aws.Record) audit.Identity {
	i := audit.Identity{Type: audit.TypeUnknown, AccessKey: r.AccessKey}
	if p := &r.Principal; p.Account != "" {
		i.Type, i.Account, i.User, i.ARN = audit.TypeUser, p.Account, p.User, p.ARN()
		if p.User == "" {
			i.Type = audit.TypeRoot
		}
	}
	return i
}

// closeAudit writes what waits.
func (l *life) closeAudit() {
	if err := l.audit.Close(); err != nil {
		l.o.Log.Error("audit records were lost", "error", err)
	}
}
