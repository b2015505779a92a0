package store

import (
	"time"

	"mirrorgw/ctl"
)

type savedShare struct {
	savedCommon
	Title         string           `json:"title,omitempty"`
	AllowExternal bool             `json:"allow_external,omitempty"`
	Targets       []string         `json:"targets,omitempty"`
	Principals    []savedPrincipal `json:"principals,omitempty"`
	Created       time.Time        `json:"created"`
	Updated       time.Time        `json:"updated"`
}

type savedPrincipal struct {
	ID         string    `json:"id"`
	Status     string    `json:"status"`
	Invitation string    `json:"invitation,omitempty"`
	Since      time.Time `json:"since"`
	Invited    time.Time `json:"invited"`
	Answered   time.Time `json:"answered"`
}

func saveShare(sequence uint64, r *ctl.Share) *savedShare {
	s := &savedShare{savedCommon: saveCommon(sequence, &r.Common), Title: r.Title, AllowExternal: r.AllowExternal,
		Targets: r.Targets, Created: r.Created, Updated: r.Updated}
	for _, p := range r.Principals {
		s.Principals = append(s.Principals, savedPrincipal(*p))
	}
	return s
}

func (s *savedShare) share() *ctl.Share {
	r := &ctl.Share{Common: s.common(), Title: s.Title, AllowExternal: s.AllowExternal, Targets: s.Targets, Created: s.Created, Updated: s.Updated}
	for i := range s.Principals {
		p := ctl.SharePrincipal(s.Principals[i])
		r.Principals = append(r.Principals, &p)
	}
	return r
}
