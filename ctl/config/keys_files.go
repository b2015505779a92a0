package config

import (
	"fmt"
	"strings"
)

// accessKeys are about who may ask for what, and where.
var accessKeys = []Key{
	restarts("ctl", "socket", func(c *Config) string { return c.Ctl.Socket }),
	restarts("ctl", "mode", func(c *Config) string { return fmt.Sprintf("%04o", c.Ctl.Mode) }),
	restarts("ctl", "admin_group", func(c *Config) string { return c.Ctl.AdminGroup }),
	restarts("ctl", "reader_group", func(c *Config) string { return c.Ctl.ReaderGroup }),
	restarts("metrics", "listen", func(c *Config) string { return text(c.Metrics.Listen) }),
	restarts("metrics", "socket", func(c *Config) string { return c.Metrics.Socket }),
	restarts("metrics", "mode", func(c *Config) string { return fmt.Sprintf("%04o", c.Metrics.Mode) }),
	restarts("metrics", "group", func(c *Config) string { return c.Metrics.Group }),
	restarts("aws", "listen", func(c *Config) string { return text(c.AWS.Listen) }),
	restarts("aws", "tls_certificate", func(c *Config) string { return c.AWS.TLSCertificate }),
	restarts("aws", "tls_key", func(c *Config) string { return c.AWS.TLSKey }),
	restarts("aws", "region", func(c *Config) string { return c.AWS.Region }),
	restarts("aws", "any_region", func(c *Config) string { return text(c.AWS.AnyRegion) }),
	restarts("aws", "account", func(c *Config) string { return c.AWS.Account }),
	restarts("aws", "keys", func(c *Config) string { return c.AWS.Keys }),
	reloads("aws", "requests_per_second", func(c *Config) *int { return &c.AWS.Rates.PerSecond }, nil),
	reloads("aws", "requests_burst", func(c *Config) *int { return &c.AWS.Rates.Burst }, nil),
	reloads("aws", "failures_per_second", func(c *Config) *int { return &c.AWS.Rates.FailedPerSecond }, nil),
	reloads("aws", "failures_burst", func(c *Config) *int { return &c.AWS.Rates.FailedBurst }, nil),
	restarts("iam", "directory", func(c *Config) string { return c.IAM.Directory }),
}

// keepKeys are about what is kept and told.
var keepKeys = []Key{
	restarts("audit", "path", func(c *Config) string { return c.Audit.Path }),
	reloads("audit", "max_size_mb", func(c *Config) *int { return &c.Audit.MaxMB }, nil),
	reloads("audit", "files", func(c *Config) *int { return &c.Audit.Files }, nil),
	reloads("audit", "on_failure", func(c *Config) *OnFailure { return &c.Audit.OnFailure }, nil),
	restarts("bypass", "on_inline", func(c *Config) string { return strings.Join(c.Bypass.OnInline, " ") }),
	restarts("bypass", "on_bypass", func(c *Config) string { return strings.Join(c.Bypass.OnBypass, " ") }),
	restarts("bypass", "heartbeat", func(c *Config) string { return strings.Join(c.Bypass.Heartbeat, " ") }),
	restarts("bypass", "time_limit", func(c *Config) string { return plain(c.Bypass.TimeLimit) }),
	restarts("bypass", "heartbeat_period", func(c *Config) string { return plain(c.Bypass.HeartbeatPeriod) }),
	restarts("state", "path", func(c *Config) string { return c.State.Path }),
	restarts("state", "on_damage", func(c *Config) string { return text(c.State.OnDamage) }),
	restarts("state", "forward_after", func(c *Config) string { return plain(c.State.ForwardAfter) }),
	restarts("history", "path", func(c *Config) string { return c.History.Path }),
	reloads("history", "days", func(c *Config) *int { return &c.History.Days }, nil),
	reloads("history", "max_mb", func(c *Config) *int { return &c.History.MaxMB }, nil),
	reloads("log", "level", func(c *Config) *string { return &c.LogLevel }, nil),
	reloads("log", "format", func(c *Config) *LogFormat { return &c.LogFormat }, nil),
}

// optional are the sections without which a part of the gateway is not there. That one comes or goes
// needs a restart, whatever its keys do.
var optional = map[string]func(*Config) bool{
	"ctl":     func(c *Config) bool { return c.Ctl.Socket != "" },
	"metrics": func(c *Config) bool { return c.Metrics.Listen.IsValid() || c.Metrics.Socket != "" },
	"aws":     func(c *Config) bool { return c.AWS.Listen.IsValid() },
	"console": func(c *Config) bool { return c.Console.Listen.IsValid() },
	"iam":     func(c *Config) bool { return c.IAM.Directory != "" },
	"audit":   func(c *Config) bool { return c.Audit.Path != "" },
	"state":   func(c *Config) bool { return c.State.Path != "" },
	"bypass":  func(c *Config) bool { return c.Bypass.IsThere() },
	"history": func(c *Config) bool { return c.History.Path != "" },
}
