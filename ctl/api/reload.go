package api

import "time"

// Configuration is what the gateway runs by, and what became of the last reload.
type Configuration struct {
	File          string    `json:"file"`
	LoadedAt      time.Time `json:"loadedAt"` // the start, or the last reload that did not fail
	LogLevel      string    `json:"logLevel"`
	Reloads       uint64    `json:"reloads"`       // since the daemon started
	FailedReloads uint64    `json:"failedReloads"` // of these
	LastReload    *Reload   `json:"lastReload,omitempty"`
	RestartNeeded []string  `json:"restartNeeded,omitempty"` // keys that differ in the file and need a restart, by the last reload that did not fail
}

// Results of a reload.
const (
	ReloadOK     = "ok"
	ReloadFailed = "failed" // nothing changed
)

// Reload is what reading the configuration again came to.
type Reload struct {
	Time          time.Time `json:"time"`
	DryRun        bool      `json:"dryRun"`
	Result        string    `json:"result"`                  // ok, or failed: nothing changed
	Failures      []string  `json:"failures,omitempty"`      // why it failed
	Changed       []string  `json:"changed,omitempty"`       // keys that were taken over
	Read          []string  `json:"read,omitempty"`          // further files that were read again
	RestartNeeded []string  `json:"restartNeeded,omitempty"` // keys that differ and need a restart
	Notes         []string  `json:"notes,omitempty"`
}

// LogLevel is the level of the daemon's log.
type LogLevel struct {
	Level string `json:"level"` // debug, info, warn or error
}
