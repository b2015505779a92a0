package ctl

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/netip"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// DefaultPortMTU is the MTU of a tunnel port for which neither Options nor the configuration
// has one, bytes of an IP packet.
const DefaultPortMTU = 1500

// Options are what Build cannot find in its documents. The zero value is good.
type Options struct {
	// PortMTU has the MTU, in bytes of an IP packet, of the ports that tell it, by name. It goes
	// before [[port]] mtu, for the kernel or the driver has the last word.
	PortMTU map[string]int
	// Random is where identifiers and VNIs are drawn from; nil means crypto/rand.
	Random io.Reader
}

// Warning says what works otherwise than its author may expect. It is no error.
type Warning struct {
	problem.Problem
}

// String returns the sentence: place, resource, what happens, remedy.
func (w Warning) String() string { return w.Error() }

// Build validates the document against the configuration and lays it out for rules.Compile,
// which accepts every result of Build. Missing identifiers and VNIs are drawn; the document
// itself is not modified, so call Complete first where the drawn values must last. On error the
// resources are nil and the error holds one sentence a line, at most problem.Max.
func Build(doc *Document, cfg *config.Config, opt Options) (*rules.Resources, []Warning, error) {
	if opt.Random == nil {
		opt.Random = rand.Reader
	}
	doc = doc.clone()
	if err := doc.Complete(opt.Random); err != nil {
		return nil, nil, err
	}
	b := &builder{doc: doc, cfg: cfg, opt: opt, out: &rules.Resources{}}
	b.indexAll()
	b.quotas()
	b.ports()
	b.interfaces()
	b.targets()
	b.filters()
	b.sessions()
	if err := b.problems.Err(); err != nil {
		return nil, nil, err
	}
	return b.out, b.warnings, nil
}

// builder carries one Build. Indexes are those of the document's lists.
type builder struct {
	doc      *Document
	cfg      *config.Config
	opt      Options
	problems problem.List
	warnings []Warning
	out      *rules.Resources

	interfaceIndex, targetIndex, filterIndex *index

	source          []int // interface -> its index in out.Interfaces, or -1: it is on no port
	targetInterface []int // target -> the interface that it points at, or -1
}

// fail adds a problem of one resource. src may be nil.
func (b *builder) fail(src *tomldoc.Table, subject, key, format string, args ...any) {
	b.problems.Add(sentence(src, subject, key, format, args...))
}

func (b *builder) warn(src *tomldoc.Table, subject, key, format string, args ...any) {
	b.warnings = append(b.warnings, Warning{sentence(src, subject, key, format, args...)})
}

func sentence(src *tomldoc.Table, subject, key, format string, args ...any) problem.Problem {
	return problem.Problem{Position: src.Position(key), Subject: subject, Key: key, Text: fmt.Sprintf(format, args...)}
}

func (b *builder) ports() {
	b.out.Exclude = b.cfg.Exclude
	b.out.Resolvers = append([]netip.Addr(nil), b.cfg.Resolvers...)
	for i := range b.cfg.Ports {
		p := &b.cfg.Ports[i]
		port := rules.Port{Name: p.Name, Role: p.Role, Peer: rules.NoPeer}
		if p.Role == rules.RoleWire {
			port.Peer = b.cfg.PortIndex(p.Peer)
		}
		b.out.Ports = append(b.out.Ports, port)
	}
}

func (b *builder) interfaces() {
	first := map[interfaceKey]*Interface{}
	for i := range b.doc.Interfaces {
		f := &b.doc.Interfaces[i]
		port, ok := b.interfacePort(f)
		if !ok {
			b.source = append(b.source, -1)
			continue
		}
		key := interfaceKey{port: port, mac: f.MAC, hasMAC: f.HasMAC, vlan: f.VLAN}
		if other := first[key]; other != nil {
			b.fail(f.src, f.subject(), "port", "it has the same port, mac and vlan as interface %q; change or remove one of the two", other.Name)
		} else {
			first[key] = f
		}
		b.source = append(b.source, len(b.out.Interfaces))
		b.out.Interfaces = append(b.out.Interfaces, rules.Interface{
			ID: f.ID, Name: f.Name, Port: port, MAC: f.MAC, HasMAC: f.HasMAC, VLAN: f.VLAN})
	}
}

// interfaceKey is what frames of an interface are recognised by.
type interfaceKey struct {
	port   int
	mac    [6]byte
	hasMAC bool
	vlan   int
}

// interfacePort returns the port that an interface is seen on, if there is one.
func (b *builder) interfacePort(f *Interface) (int, bool) {
	if f.Port == "" {
		return 0, false
	}
	production := append(b.cfg.PortNames(rules.RoleWire), b.cfg.PortNames(rules.RoleTap)...)
	port := b.cfg.PortIndex(f.Port)
	switch {
	case port < 0:
		b.fail(f.src, f.subject(), "port", "port %q is not a configured port; %s", f.Port, oneOf("port", production))
		return 0, false
	case b.cfg.Ports[port].Role == rules.RoleTunnel:
		b.fail(f.src, f.subject(), "port", "port %q is a tunnel port, where no traffic is mirrored; %s", f.Port, oneOf("port", production))
		return 0, false
	case b.cfg.Ports[port].Role == rules.RoleTap && !f.HasMAC:
		b.fail(f.src, f.subject(), "port", "port %q is a tap, where only the MAC address tells the directions apart; add the interface's mac", f.Port)
		return 0, false
	}
	return port, true
}

func (b *builder) filters() {
	for i := range b.doc.Filters {
		f := &b.doc.Filters[i]
		b.checkFilter(f)
		filter := rules.Filter{ID: f.ID, Name: f.Name, AmazonDNS: len(f.Services) > 0}
		for j := range f.Rules {
			filter.Rules = append(filter.Rules, f.Rules[j].Rule)
		}
		b.out.Filters = append(b.out.Filters, filter)
	}
}
