package api

import "mirrorgw/ctl/audit"

// AuditLog is a page of the audit log, the newest entry first.
type AuditLog struct {
	Items      []AuditEntry `json:"items"`
	Next       string       `json:"next,omitempty"`       // for before, to go on; absent: nothing older is there
	Unreadable int          `json:"unreadable,omitempty"` // lines on the way that are no entries
}

// AuditEntry is a line of the audit log.
type AuditEntry struct {
	Position string `json:"position"` // where it stands; good as long as it is kept
	audit.Record
}
