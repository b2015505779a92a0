package ctl

import (
	"regexp"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/problem"
)

// Limits of one share. They bound what one change writes; RAM allows 5,000 of each.
const (
	MaxShareTargets    = 1000
	MaxSharePrincipals = 1000
	maxShareTitle      = 255
)

// organizationForm is the ARN of an organisation (AWS Organizations, DescribeOrganization).
var organizationForm = regexp.MustCompile(`^arn:aws:organizations::[0-9]{12}:organization/o-[a-z0-9]{10,32}$`)

// Subject is what sentences call the share.
func (s *Share) Subject() string { return subjectOf("share", &s.Common) }

// Check judges the record by itself; what is wrong with it is added to problems.
func (s *Share) Check(problems *problem.List) {
	c := &checker{problems, s.src, s.Subject()}
	c.common(&s.Common, "share", PrefixShare, "tools")
	if IsUUID(s.Name) {
		c.fail("name", "name %q has the form of an ID; choose a name that is not one", s.Name)
	}
	c.text("title", "title", s.Title, maxShareTitle)
	c.shareTargets(s.Targets)
	c.sharePrincipals(s)
}

func (c *checker) shareTargets(targets []string) {
	if len(targets) > MaxShareTargets {
		c.fail("targets", "there are %d targets; keep at most %d and make another share for the others", len(targets), MaxShareTargets)
		return
	}
	seen := map[string]bool{}
	for _, ref := range targets {
		switch {
		case ref == "":
			c.fail("targets", "a target is empty; write the name or the ID of a target of the account")
		case seen[ref]:
			c.fail("targets", "target %q is named twice; keep one of the two", clip(ref))
		}
		seen[ref] = true
	}
}

func (c *checker) sharePrincipals(s *Share) {
	if len(s.Principals) > MaxSharePrincipals {
		c.fail("principal", "there are %d principals; keep at most %d and make another share for the others", len(s.Principals), MaxSharePrincipals)
		return
	}
	seen := map[string]bool{}
	for _, p := range s.Principals {
		c.sharePrincipal(s, p)
		if seen[p.ID] {
			c.fail("principal", "principal %q is named twice; keep one of the two", clip(p.ID))
		}
		seen[p.ID] = true
	}
}

func (c *checker) sharePrincipal(s *Share, p *SharePrincipal) {
	switch {
	case p.ID == "":
		c.failCode(api.CodeMissingValue, "principal", "a principal has no id; write an account of 12 digits, or the ARN of the organisation")
		return
	case p.IsOrganization():
	case !accountForm.MatchString(p.ID):
		c.fail("principal", "principal %q is neither an account nor an organisation; write 12 digits, or the ARN of the organisation", clip(p.ID))
		return
	case p.ID == s.Account, s.Account == "" && p.ID == DefaultAccount:
		c.fail("principal", "principal %s is the owner of the share, which has access anyway; leave it out", p.ID)
	}
	if p.Status != "" {
		c.oneOf("principal", "status", p.Status, ShareAssociated, SharePending, ShareAccepted, ShareRejected)
	}
	if p.IsOrganization() && p.Status != "" && p.Status != ShareAssociated {
		c.fail("principal", "principal %s has the status %s, but organisations are not invited; leave the status out", p.ID, clip(p.Status))
	}
	if p.Invitation != "" && !IsUUID(p.Invitation) {
		c.fail("principal", "invitation %q is not a UUID; leave it out to get one", clip(p.Invitation))
	}
}
