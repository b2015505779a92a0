package ctl

import (
	"net/netip"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

func readFilter(t *tomldoc.Table) *Filter {
	defer t.Done()
	f := &Filter{Common: readCommon(t, "filter")}
	f.Services, _ = t.Strings("services")
	for i, sub := range t.Tables("rule") {
		f.Rules = append(f.Rules, readRule(sub, t.Subject(), i))
	}
	return f
}

func readRule(t *tomldoc.Table, filter string, index int) *Rule {
	defer t.Done()
	t.SetSubject("%s rule %d", filter, index+1)
	r := &Rule{src: t}
	r.Number = t.Number("number", 0)
	if text, ok := readWord(t, "direction", "ingress or egress"); ok {
		var err error
		if r.Direction, err = ParseDirection(text); err != nil {
			t.Errorf("direction", "%v", err)
		} else if r.Number >= rules.SessionNumberMin && r.Number <= rules.SessionNumberMax {
			t.SetSubject("%s %s rule %d", filter, r.Direction, r.Number)
		}
	}
	if text, ok := readWord(t, "action", "accept or reject"); ok {
		var err error
		if r.Action, err = ParseAction(text); err != nil {
			t.Errorf("action", "%v", err)
		}
	}
	r.ID, _ = t.String("id")
	r.Protocol = readProtocol(t)
	r.SrcPorts = readPorts(t, "source_ports")
	r.DstPorts = readPorts(t, "destination_ports")
	r.Source = readCIDR(t, "source")
	r.Destination = readCIDR(t, "destination")
	r.Description, _ = t.String("description")
	r.Tags = readTags(t)
	return r
}

// readWord reads a word that must be there.
func readWord(t *tomldoc.Table, key, choices string) (string, bool) {
	if !t.Has(key) {
		t.Missing(key, "%s is missing; write %s", key, choices)
	}
	return t.String(key)
}

func readProtocol(t *tomldoc.Table) int {
	text, ok := t.TextOrInt("protocol")
	if !ok {
		return rules.ProtocolAny
	}
	protocol, err := ParseProtocol(text)
	if err != nil {
		t.Errorf("protocol", "%v", err)
	}
	return protocol
}

func readPorts(t *tomldoc.Table, key string) *rules.PortRange {
	text, ok := t.TextOrInt(key)
	if !ok {
		return nil
	}
	ports, err := ParsePorts(text)
	if err != nil {
		t.Errorf(key, "%s %v", key, err)
	}
	return ports
}

func readCIDR(t *tomldoc.Table, key string) netip.Prefix {
	text, ok := t.String(key)
	if !ok {
		return netip.Prefix{}
	}
	prefix, err := ParseCIDR(text)
	if err != nil {
		t.Errorf(key, "%s %v", key, err)
	}
	return prefix
}
