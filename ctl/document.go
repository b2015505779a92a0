package ctl

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

const (
	maxDescription = 255
	maxTagKey      = 128 // EC2 API, Tag: letters of a key
	maxTagValue    = 256 // and of a value
	maxText        = 128 // letters of free text that becomes a metric's dimension
	minMTU         = 576 // RFC 791 section 3.1
	minMTUv6       = 1280
	maxMTU         = 65535
	minSourceMTU   = 68 // RFC 791 section 3.2: every module forwards 68 bytes
	maxLength      = 65535
)

// LoadDocument reads a resource document from a file.
func LoadDocument(path string) (*Document, error) {
	data, err := os.ReadFile(path)
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file; give the path of a resources.toml with --apply", path)
	case errors.Is(err, syscall.EISDIR):
		return nil, fmt.Errorf("%s: this is a directory; give the path of a file in it", path)
	case errors.As(err, &pathError):
		return nil, fmt.Errorf("%s: the file cannot be read (%w); make it readable for this user", path, pathError.Err)
	}
	return ParseDocument(path, data)
}

// ParseDocument reads a resource document; name is what errors call it. It judges each record
// by itself; references and quotas are Build's. An error holds one sentence a line.
func ParseDocument(name string, data []byte) (*Document, error) {
	var problems problem.List
	root := tomldoc.Parse(name, data, &problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	root.Known("interface", "target", "filter", "session", "load_balancer")
	root.Done() // first: what a misspelt section lacks is not missing
	d := &Document{File: name}
	for _, t := range root.Tables("interface") {
		d.Interfaces = append(d.Interfaces, readInterface(t))
	}
	for _, t := range root.Tables("target") {
		d.Targets = append(d.Targets, readTarget(t))
	}
	for _, t := range root.Tables("filter") {
		d.Filters = append(d.Filters, readFilter(t))
	}
	for _, t := range root.Tables("session") {
		d.Sessions = append(d.Sessions, readSession(t))
	}
	if root.Has("load_balancer") {
		root.Errorf("load_balancer", "load balancers are not supported by this version; remove the section and use targets with an address or an interface")
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

// readCommon reads what all kinds have and names the table for errors.
func readCommon(t *tomldoc.Table, kind, prefix, example string) Common {
	c := Common{src: t, Account: DefaultAccount}
	if name, ok := t.Required("name", example); ok {
		c.Name = name
		t.SetSubject("%s %q", kind, name)
		checkResourceName(t, name)
	}
	if id, ok := t.String("id"); ok {
		c.ID = id
		if !isIDOf(prefix, id) {
			t.Errorf("id", "id %q is not the ID of a %s; write %s and 17 digits of 0-9a-f, or remove it to get one", id, kind, prefix)
		}
	}
	if account, ok := t.String("account"); ok {
		c.Account = account
		if !accountForm.MatchString(account) {
			t.Errorf("account", "account %q is not an account number; write 12 digits", account)
		}
	}
	c.Description = readText(t, "description", maxDescription)
	tags := t.Table("tags")
	tags.SetSubject("%s tags", t.Subject())
	c.Tags = readTags(tags)
	return c
}

func checkResourceName(t *tomldoc.Table, name string) {
	if err := config.CheckName(name); err != nil {
		t.Errorf("name", "%v", err)
	} else if IsID(name) {
		t.Errorf("name", "name %q has the form of an ID; choose a name that is not one", name)
	}
}

// readText reads free text of limited length.
func readText(t *tomldoc.Table, key string, limit int) string {
	text, _ := t.String(key)
	if n := utf8.RuneCountInString(text); n > limit {
		t.Errorf(key, "%s has %d characters; shorten it to at most %d", key, n, limit)
	}
	return text
}

func readTags(t *tomldoc.Table) map[string]string {
	tags := map[string]string{}
	for _, key := range t.Keys() {
		if n := utf8.RuneCountInString(key); n < 1 || n > maxTagKey || strings.HasPrefix(strings.ToLower(key), "aws:") {
			t.Errorf(key, "tag %q has a key that is not allowed; use 1 to %d characters that do not begin with aws:", key, maxTagKey)
		}
		tags[key] = readText(t, key, maxTagValue)
	}
	if len(tags) > MaxTags {
		t.Errorf("", "there are %d tags; keep at most %d", len(tags), MaxTags)
	}
	return tags
}

func readInterface(t *tomldoc.Table) Interface {
	defer t.Done()
	i := Interface{Common: readCommon(t, "interface", PrefixInterface, "web-1"), VLAN: rules.VLANAny}
	i.Port, _ = t.String("port")
	if text, ok := t.String("mac"); ok {
		mac, err := config.ParseMAC(text)
		if err != nil {
			t.Errorf("mac", "%v", err)
		}
		i.MAC, i.HasMAC = mac, true
	}
	i.VLAN = t.IntOr("vlan", rules.VLANAny, 1, 4094)
	if i.VLAN != rules.VLANAny && !i.HasMAC {
		t.Errorf("vlan", "vlan without mac selects nothing; add the interface's mac or remove vlan")
	}
	i.Addresses = readAddresses(t)
	i.MTU = t.IntOr("mtu", 0, minSourceMTU, maxMTU)
	i.Zone = readText(t, "zone", maxText)
	i.Instance = readText(t, "instance", maxText)
	i.Image = readText(t, "image", maxText)
	i.InstanceType = readText(t, "instance_type", maxText)
	i.AutoscalingGroup = readText(t, "autoscaling_group", maxText)
	i.Monitoring = t.OneOf("monitoring", "basic", "basic", "detailed")
	return i
}

func readAddresses(t *tomldoc.Table) []netip.Addr {
	texts, _ := t.Strings("addresses")
	seen := map[netip.Addr]bool{}
	var addresses []netip.Addr
	for _, text := range texts {
		addr, err := config.ParseUnicast(text)
		switch {
		case err != nil:
			t.Errorf("addresses", "%v", err)
		case seen[addr]:
			t.Errorf("addresses", "address %s is named twice; keep one of the two", addr)
		}
		seen[addr] = true
		addresses = append(addresses, addr)
	}
	return addresses
}

func readTarget(t *tomldoc.Table) Target {
	defer t.Done()
	target := Target{Common: readCommon(t, "target", PrefixTarget, "ids")}
	kinds := 0
	for _, key := range []string{"address", "interface", "load_balancer"} {
		if t.Has(key) {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		t.Missing("address", `the target points nowhere; add address = "192.0.2.10" or interface = "NAME"`)
	case kinds > 1:
		t.Errorf("", "the target has more than one of address, interface and load_balancer; keep one")
	case t.Has("load_balancer"):
		t.Errorf("load_balancer", "load balancer targets are not supported by this version; use address or interface")
	}
	if text, ok := t.String("address"); ok {
		addr, err := config.ParseUnicast(text)
		if err != nil {
			t.Errorf("address", "%v", err)
		}
		target.Address = addr
	}
	target.Interface, _ = t.String("interface")
	target.MTU = t.IntOr("mtu", 0, minMTU, maxMTU)
	return target
}

func readSession(t *tomldoc.Table) Session {
	defer t.Done()
	s := Session{Common: readCommon(t, "session", PrefixSession, "web-1-to-ids")}
	s.Source, _ = t.Required("source", "web-1")
	s.Target, _ = t.Required("target", "ids")
	s.Filter, _ = t.Required("filter", "web")
	if t.Has("number") {
		s.Number = t.IntOr("number", 0, rules.SessionNumberMin, rules.SessionNumberMax)
	} else {
		t.Missing("number", "number is missing; add number = 1, the lowest is tried first")
	}
	s.VNI = t.IntOr("vni", 0, rules.VNIMin, rules.VNIMax)
	s.PacketLength = t.IntOr("packet_length", rules.PacketLengthEntire, 1, maxLength)
	return s
}
