package ctl

import "mirrorgw/ctl/tomldoc"

func readShare(t *tomldoc.Table) *Share {
	defer t.Done()
	s := &Share{Common: readCommon(t, "share")}
	s.Title, _ = t.String("title")
	s.AllowExternal = t.BoolOr("allow_external", true)
	s.Targets, _ = t.Strings("targets")
	for _, sub := range t.Tables("principal") {
		p := &SharePrincipal{}
		p.ID, _ = sub.String("id")
		p.Status, _ = sub.String("status")
		p.Invitation, _ = sub.String("invitation")
		sub.Done()
		s.Principals = append(s.Principals, p)
	}
	return s
}

func (e *encoder) share(s *Share) {
	e.section("[[share]]")
	e.common(&s.Common)
	e.text("title", s.Title)
	if !s.AllowExternal {
		e.w.WriteString("allow_external = false\n")
	}
	e.texts("targets", s.Targets)
	for _, p := range s.Principals {
		e.w.WriteString("[[share.principal]]\n")
		e.text("id", p.ID)
		e.text("status", p.Status)
		e.text("invitation", p.Invitation)
	}
}
