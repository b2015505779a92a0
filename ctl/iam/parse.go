package iam

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ParsePolicy reads a policy document (IAM User Guide, "Grammar of the IAM JSON policy language"),
// of at most MaxPolicyBytes. It takes what it can evaluate and refuses all else in one sentence:
// a misspelt element that was passed over could give rights that nobody meant to give.
func ParsePolicy(name string, document []byte) (*Policy, error) {
	p := &Policy{Name: name, Version: versionOld, Source: string(document)}
	if err := p.parse(document); err != nil {
		return nil, fmt.Errorf("policy %q: %w", name, err)
	}
	return p, nil
}

func (p *Policy) parse(document []byte) error {
	if len(document) > MaxPolicyBytes {
		return fmt.Errorf("the document has %d bytes; split it into policies of at most %d", len(document), MaxPolicyBytes)
	}
	root, err := readJSON(document, maxPolicyDepth)
	if err != nil {
		return err
	}
	elements, err := readElements(root, "the document", []string{"Version", "Id", "Statement"})
	if err != nil {
		return err
	}
	if v := elements["Version"]; v != nil {
		if v.kind != jsonText || v.text != Version && v.text != versionOld {
			return fmt.Errorf("line %d: Version %q is not one of the policy language; write %q", v.line, v.text, Version)
		}
		p.Version = v.text
	}
	if v := elements["Id"]; v != nil {
		if v.kind != jsonText {
			return fmt.Errorf("line %d: Id is %v; write a string", v.line, v.kind)
		}
		p.ID = v.text
	}
	if elements["Statement"] == nil {
		return errors.New(`the document has no Statement; write "Statement": [{"Effect": "Allow", "Action": "ec2:DescribeTrafficMirrorSessions", "Resource": "*"}]`)
	}
	return p.parseStatements(elements["Statement"])
}

func (p *Policy) parseStatements(v *jsonValue) error {
	items := []*jsonValue{v}
	if v.kind == jsonList {
		items = v.items
	}
	if len(items) == 0 || len(items) > maxStatements {
		return fmt.Errorf("line %d: Statement has %d statements; write 1 to %d", v.line, len(items), maxStatements)
	}
	sids := map[string]int{}
	for i, item := range items {
		s := &statement{number: i + 1}
		if err := s.parse(item, p.Version == Version); err != nil {
			return fmt.Errorf("statement %d (line %d): %w", s.number, item.line, err)
		}
		if first := sids[s.sid]; s.sid != "" && first > 0 {
			return fmt.Errorf("statements %d and %d have the same Sid %q; give each its own", first, s.number, s.sid)
		}
		sids[s.sid] = s.number
		p.statements = append(p.statements, s)
	}
	return nil
}

var statementElements = []string{"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}

// readElements finds the members of an object by name and refuses others.
func readElements(v *jsonValue, what string, known []string) (map[string]*jsonValue, error) {
	if v.kind != jsonObject {
		return nil, fmt.Errorf("%s is %v; write an object in braces", what, v.kind)
	}
	found := map[string]*jsonValue{}
	for _, m := range v.members {
		switch {
		case slices.Contains(known, m.name):
			found[m.name] = m.value
		case m.name == "Principal" || m.name == "NotPrincipal":
			return nil, fmt.Errorf("%s belongs to policies of resources; remove it here: whom this policy is about follows from the users and groups that it is attached to", m.name)
		default:
			return nil, fmt.Errorf("there is no element %q; %s", m.name, didYouMean(m.name, known, strings.Join(known, ", ")))
		}
	}
	return found, nil
}

func (s *statement) parse(v *jsonValue, variables bool) error {
	elements, err := readElements(v, "the statement", statementElements)
	if err != nil {
		return err
	}
	if err := s.parseHead(elements); err != nil {
		return err
	}
	if err := s.parseActions(elements); err != nil {
		return err
	}
	if err := s.parseResources(elements, variables); err != nil {
		return err
	}
	if c := elements["Condition"]; c != nil {
		s.conditions, err = parseConditions(c, variables)
	}
	return err
}

// parseHead reads Sid and Effect.
func (s *statement) parseHead(elements map[string]*jsonValue) error {
	if v := elements["Sid"]; v != nil {
		foreign := strings.ContainsFunc(v.text, func(r rune) bool { return r > 'z' || !isAlphanumeric(byte(r)) })
		if v.kind != jsonText || foreign || len(v.text) > 128 {
			return errors.New("element Sid is not a text of up to 128 letters and digits of ASCII; write it like \"AllowOneTarget\"")
		}
		s.sid = v.text
	}
	v := elements["Effect"]
	if v == nil || v.kind != jsonText || v.text != "Allow" && v.text != "Deny" {
		return errors.New(`element Effect is neither "Allow" nor "Deny"; write one of them`)
	}
	s.allow = v.text == "Allow"
	return nil
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// oneOf finds which of an element and its opposite there is, and its texts.
func oneOf(elements map[string]*jsonValue, name, example string) (texts []string, opposite bool, err error) {
	v, not := elements[name], elements["Not"+name]
	switch {
	case v != nil && not != nil:
		return nil, false, fmt.Errorf("there are both %s and Not%s; keep one", name, name)
	case v == nil && not == nil:
		return nil, false, fmt.Errorf("there is neither %s nor Not%s; write %q: %q", name, name, name, example)
	case v == nil:
		v, name, opposite = not, "Not"+name, true
	}
	items := []*jsonValue{v}
	if v.kind == jsonList {
		items = v.items
	}
	for _, item := range items {
		if item.kind != jsonText {
			return nil, opposite, fmt.Errorf("%s is or has %v; write a string or a list of strings", name, item.kind)
		}
		texts = append(texts, item.text)
	}
	if len(texts) == 0 {
		return nil, opposite, fmt.Errorf("%s is an empty list; name one like %q", name, example)
	}
	return texts, opposite, nil
}

func (s *statement) parseActions(elements map[string]*jsonValue) (err error) {
	s.actionTexts, s.notActions, err = oneOf(elements, "Action", "ec2:CreateTrafficMirrorSession")
	if err != nil {
		return err
	}
	for _, text := range s.actionTexts {
		if err := checkActionPattern(text); err != nil {
			return err
		}
		s.actions = append(s.actions, wildcards(strings.ToLower(text)))
	}
	return nil
}

// checkActionPattern refuses what no action can match.
func checkActionPattern(text string) error {
	if text == "*" {
		return nil
	}
	service, action, found := strings.Cut(text, ":")
	if !found || service == "" || action == "" {
		return fmt.Errorf("action %q is not SERVICE:ACTION; write it like \"ec2:CreateTrafficMirrorSession\" or \"ec2:*\"", text)
	}
	if service != "*" && strings.ContainsAny(service, "*?") {
		return fmt.Errorf("action %q has a wildcard in the name of its service; write it like \"ec2:*\"", text)
	}
	for i := range len(text) {
		if c := text[i]; !isAlphanumeric(c) && !strings.ContainsRune("*?-", rune(c)) && i != len(service) {
			return fmt.Errorf("action %q has the character %q, which no action has; write it like \"ec2:CreateTrafficMirrorSession\"", text, c)
		}
	}
	return nil
}

func (s *statement) parseResources(elements map[string]*jsonValue, variables bool) error {
	texts, opposite, err := oneOf(elements, "Resource", anyResource)
	if err != nil {
		return err
	}
	s.notResources = opposite
	for _, text := range texts {
		p, err := parseARN(text, variables)
		if err != nil {
			return fmt.Errorf("resource %w", err)
		}
		s.resources = append(s.resources, p)
	}
	return nil
}
