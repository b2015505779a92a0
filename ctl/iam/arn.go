package iam

import (
	"errors"
	"fmt"
	"strings"
)

// arnParts is how many parts an ARN has: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE. Colons of
// the resource belong to it.
const arnParts = 6

// partition is the only one that resources of a gateway are in.
const partition = "aws"

// anyResource is the resource of actions without resource-level permissions, and the pattern that
// matches every resource.
const anyResource = "*"

// arnPattern matches ARNs part by part, so that no wildcard reaches over a colon. A pattern with
// fewer parts ends in *, which stands for all that follows.
type arnPattern struct {
	source string
	all    bool // "*"
	parts  []*template
}

// parseARN reads a pattern of Resource, NotResource or an Arn condition.
func parseARN(text string, variables bool) (*arnPattern, error) {
	if text == anyResource {
		return &arnPattern{source: text, all: true}, nil
	}
	p := &arnPattern{source: text}
	for _, part := range splitARN(text) {
		t, err := parseTemplate(part, wildcards, variables)
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, t)
	}
	return p, p.check()
}

// splitARN splits at the first five colons that are not inside a variable.
func splitARN(text string) []string {
	var parts []string
	from, inside := 0, false
	for i := 0; i < len(text) && len(parts) < arnParts-1; i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			inside = true
		case text[i] == '}':
			inside = false
		case text[i] == ':' && !inside:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

func (p *arnPattern) check() error {
	const example = "arn:aws:ec2:*:*:traffic-mirror-target/tmt-0123456789abcdef0"
	if first, ok := p.parts[0].fixed.text(); !ok || first != "arn" {
		return fmt.Errorf("%q is not an ARN; write one like %q, or %q for every resource", p.source, example, anyResource)
	}
	if n := len(p.parts); n < arnParts && (n < 2 || !strings.HasSuffix(p.source, "*")) {
		return fmt.Errorf("%q has %d of the %d parts of an ARN; write one like %q, or end it in * for all that follows", p.source, n, arnParts, example)
	}
	if p.parts[len(p.parts)-1].isEmpty() {
		return fmt.Errorf("%q names no resource; write one like %q, or end it in *", p.source, example)
	}
	if part := p.parts[1]; !part.open && !part.fixed.matches(partition) {
		return fmt.Errorf("%q is of another partition than %q, which this gateway's resources are in; write one like %q", p.source, partition, example)
	}
	return nil
}

// matches compares an ARN. It reports false in decided where that depends on a variable that has no
// value.
func (p *arnPattern) matches(arn string, f *facts) (match, decided bool) {
	if p.all {
		return true, true
	}
	parts := strings.SplitN(arn, ":", len(p.parts))
	if len(parts) != len(p.parts) {
		return false, true
	}
	match = true
	for i, t := range p.parts {
		g, resolved := t.resolve(f)
		if resolved && !g.matches(parts[i]) {
			return false, true
		}
		match = match && resolved
	}
	return match, match
}

// accountOf is the account in an ARN; empty where there is none.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", arnParts)
	if len(parts) < arnParts {
		return ""
	}
	return parts[4]
}

// checkARN says what is wrong with the name of one resource.
func checkARN(arn string) error {
	if arn == anyResource {
		return nil
	}
	parts := strings.SplitN(arn, ":", arnParts)
	if len(parts) < arnParts || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
		return errors.New("it is not an ARN like arn:aws:ec2:REGION:ACCOUNT:traffic-mirror-target/tmt-0123456789abcdef0, nor *")
	}
	return nil
}
