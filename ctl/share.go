package ctl

import (
	"io"
	"slices"
	"time"
)

// Share lets other accounts use targets of its owner, as AWS Resource Access Manager has it. Its
// ID is a UUID.
type Share struct {
	Common
	Title         string   // what RAM calls its name, 1-255 characters, not unique; empty: Name
	AllowExternal bool     // accounts outside the owner's organisation may be invited
	Targets       []string // names or IDs of targets of the owner; IDs in a store
	Principals    []*SharePrincipal

	Created, Updated time.Time // by the store
}

// SharePrincipal is an account, or the owner's organisation, that targets are shared with. An
// account outside the organisation is invited, and has access once it has accepted.
type SharePrincipal struct {
	ID         string // 12 digits, or the ARN of the owner's organisation
	Status     string // ShareAssociated, SharePending, ShareAccepted or ShareRejected; empty when it is put: as it was, else by whether an invitation is needed
	Invitation string // UUID; empty: none was needed

	// By the store; zero times are filled in.
	Since    time.Time // when it was added
	Invited  time.Time // of the invitation
	Answered time.Time // when it was accepted or rejected
}

// Words of SharePrincipal.Status. ShareExpired is what StatusAt makes of an invitation that nobody
// has answered in time.
const (
	ShareAssociated = "associated" // no invitation was needed: it has access while it is in the organisation
	SharePending    = "pending"
	ShareAccepted   = "accepted"
	ShareRejected   = "rejected"
	ShareExpired    = "expired"
)

// InvitationLife is how long an invitation can be answered.
const InvitationLife = 7 * 24 * time.Hour

// StatusAt is the status at a time: an invitation that was not answered expires.
func (p *SharePrincipal) StatusAt(now time.Time) string {
	if p.Status == SharePending && now.Sub(p.Invited) >= InvitationLife {
		return ShareExpired
	}
	return p.Status
}

// IsOrganization reports whether the principal is an organisation, by its ARN.
func (p *SharePrincipal) IsOrganization() bool { return organizationForm.MatchString(p.ID) }

// Label is the name for people: the title where there is one.
func (s *Share) Label() string {
	if s.Title != "" {
		return s.Title
	}
	return s.Name
}

// Principal finds a principal by its ID; nil: the share is not with it.
func (s *Share) Principal(id string) *SharePrincipal {
	for _, p := range s.Principals {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Clone copies a share so that all of the copy may be changed.
func (s *Share) Clone() *Share {
	c := *s
	c.Targets = slices.Clone(s.Targets)
	c.Principals = make([]*SharePrincipal, len(s.Principals))
	for i, p := range s.Principals {
		copied := *p
		c.Principals[i] = &copied
	}
	return &c
}

// Normalize fills in defaults.
func (s *Share) Normalize() {
	s.normalize()
	if s.Title != "" && s.Title == s.Name {
		s.Title = ""
	}
}

// Equal reports whether two records say the same; their times do not count.
func (s *Share) Equal(o *Share) bool {
	return s.Common.equal(&o.Common) && s.Title == o.Title && s.AllowExternal == o.AllowExternal && slices.Equal(s.Targets, o.Targets) &&
		slices.EqualFunc(s.Principals, o.Principals, func(a, b *SharePrincipal) bool {
			return a.ID == b.ID && a.Status == b.Status && a.Invitation == b.Invitation
		})
}

// NewUUID draws a version 4 UUID (RFC 9562 section 5.4) from random.
func NewUUID(random io.Reader) (string, error) { return NewID(PrefixShare, random) }
