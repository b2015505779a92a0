package ec2

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/bolt"
	"mirrorgw/ctl/store/storetest"
	"mirrorgw/rules"
)

const (
	alice  = "111111111111" // an account
	bob    = "222222222222" // another one
	region = "moon-base-1"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// guard is an Authorizer that remembers what it was asked, and denies what it is told to.
type guard struct {
	mu    sync.Mutex
	asked []iam.Question
	deny  func(q *iam.Question) string // why not; empty: allowed
}

func (g *guard) Authorize(q *iam.Question) iam.Decision {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, *q)
	if g.deny != nil {
		if why := g.deny(q); why != "" {
			return iam.Decision{Reason: why}
		}
	}
	return iam.Decision{Allowed: true}
}

// questions takes what was asked since the last time.
func (g *guard) questions() []iam.Question {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := g.asked
	g.asked = nil
	return asked
}

// world is a service over a store.
type world struct {
	testing.TB
	store   *store.Store
	service *Service
	guard   *guard
	path    string // of the state; empty: memory
	disk    store.Persistence
	config  *config.Config
	calls   int
	account string // that calls

	last aws.Call // as the last call left it
}

// publisher stands in for the data path.
type publisher struct {
	refuse error
	stall  bool
}

func (p *publisher) Prepare(*rules.Snapshot) (ctl.Prepared, error) { return p, p.refuse }
func (p *publisher) Discard()                                      {}
func (p *publisher) Commit() error {
	if p.stall {
		return ctl.ErrStalled
	}
	return nil
}

func newWorld(t testing.TB, quotas ...string) *world { return openWorld(t, "", nil, quotas...) }

func openWorld(t testing.TB, path string, p ctl.Publisher, quotas ...string) *world {
	t.Helper()
	more := "mtu = 9001\n[aws]\naccount = \"" + alice + "\"\n"
	if len(quotas) > 0 {
		more += "[quotas]\n" + strings.Join(quotas, "\n")
	}
	w := &world{TB: t, guard: &guard{}, path: path, config: storetest.Config(t, more), account: alice}
	w.open(p)
	t.Cleanup(func() { w.store.Close() })
	return w
}

func (w *world) open(p ctl.Publisher) {
	w.Helper()
	o := store.Options{Config: w.config, Publisher: p, Persistence: w.disk}
	if w.path != "" {
		file, err := bolt.Open(filepath.Join(w.path, "state.db"), bolt.Options{})
		if err != nil {
			w.Fatal(err)
		}
		o.Persistence = file
	}
	var err error
	if w.store, err = store.Open(o); err == nil {
		err = w.store.Start()
	}
	if err != nil {
		w.Fatal(err)
	}
	w.service = New(Options{Store: w.store, Config: w.config, Authorizer: w.guard, Region: region})
}

// element is a piece of XML.
type element struct {
	name     string
	text     string
	attrs    []xml.Attr
	children []*element
}

// at follows names down; an index chooses among items. A path that leads nowhere yields an empty
// element.
func (e *element) at(path ...any) *element {
	for _, step := range path {
		var next *element
		switch s := step.(type) {
		case int:
			if s < len(e.children) {
				next = e.children[s]
			}
		case string:
			for _, c := range e.children {
				if c.name == s && next == nil {
					next = c
				}
			}
		}
		if e = next; e == nil {
			return &element{}
		}
	}
	return e
}

func (e *element) is() bool { return e.name != "" }

func parseXML(t testing.TB, body []byte) *element {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(body))
	stack := []*element{{}}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not XML (%v): %s", err, body)
		}
		top := stack[len(stack)-1]
		switch x := token.(type) {
		case xml.StartElement:
			e := &element{name: x.Name.Local, attrs: x.Attr}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(x)
		}
	}
	return stack[0].children[0]
}

// call makes a call of the caller's account: a name and a value each.
func (w *world) call(name string, params ...string) (aws.Reply, *element) {
	w.Helper()
	form := url.Values{}
	for i := 0; i < len(params); i += 2 {
		form.Add(params[i], params[i+1])
	}
	w.calls++
	w.last = aws.Call{RequestID: fmt.Sprintf("00000000-0000-4000-8000-%012d", w.calls), Time: noon, Principal: iam.Principal{Account: w.account, User: "ann"},
		SourceIP: netip.MustParseAddr("192.0.2.77"), UserAgent: "aws-cli/2.9.19", Region: region, Service: "ec2", Action: name, Version: apiVersion, Params: form}
	reply := w.service.Serve(&w.last)
	return reply, parseXML(w, reply.Body)
}

// ok makes a call that must succeed and returns what is below its root.
func (w *world) ok(name string, params ...string) *element {
	w.Helper()
	reply, e := w.call(name, params...)
	if reply.Status != http.StatusOK || reply.Code != "" {
		w.Fatalf("%s %v: %d %s", name, params, reply.Status, reply.Body)
	}
	if e.name != name+"Response" || e.at(0).name != "requestId" || e.at(0).text != w.last.RequestID {
		w.Fatalf("%s: %s", name, reply.Body)
	}
	if e.attrs[0].Value != namespace || reply.Header.Get("Content-Type") != "text/xml;charset=UTF-8" {
		w.Errorf("%s: namespace %v, header %v", name, e.attrs, reply.Header)
	}
	return e
}

// refused makes a call that must be answered with a code, and returns the message.
func (w *world) refused(code string, name string, params ...string) string {
	w.Helper()
	reply, e := w.call(name, params...)
	status := map[string]int{"DryRunOperation": 412, "UnauthorizedOperation": 403, "Unavailable": 503, "InternalError": 500}[code]
	if status == 0 {
		status = 400
	}
	fault := e.at("Errors", "Error")
	if e.name != "Response" || fault.at("Code").text != code || reply.Code != code || reply.Status != status || fault.at("Message").text == "" ||
		e.at("RequestID").text != w.last.RequestID {
		w.Errorf("%s %.300q: %d %.600s\nwant %d %s", name, params, reply.Status, reply.Body, status, code)
	}
	return fault.at("Message").text
}

// base is what the calls of a test begin with.
type base struct{ source, appliance, target, filter, rule, session string }

// build makes one of each in the caller's account, as the guide's first steps do.
func (w *world) build() base {
	w.Helper()
	last := byte(w.calls)
	b := base{source: w.source("web-1", last), appliance: w.ok("CreateNetworkInterface", "SubnetId", "tun0", "PrivateIpAddress", fmt.Sprintf("192.0.2.%d", 10+last%200)).at("networkInterface", "networkInterfaceId").text}
	b.target = w.ok("CreateTrafficMirrorTarget", "NetworkInterfaceId", b.appliance, "Description", "ids", "TagSpecification.1.ResourceType", "traffic-mirror-target",
		"TagSpecification.1.Tag.1.Key", "Name", "TagSpecification.1.Tag.1.Value", "a b").at("trafficMirrorTarget", "trafficMirrorTargetId").text
	b.filter = w.ok("CreateTrafficMirrorFilter").at("trafficMirrorFilter", "trafficMirrorFilterId").text
	b.rule = w.ok("CreateTrafficMirrorFilterRule", w.rule(b.filter, "Protocol", "6", "DestinationPortRange.FromPort", "80", "DestinationPortRange.ToPort", "443")...).
		at("trafficMirrorFilterRule", "trafficMirrorFilterRuleId").text
	b.session = w.ok("CreateTrafficMirrorSession", "NetworkInterfaceId", b.source, "TrafficMirrorTargetId", b.target, "TrafficMirrorFilterId", b.filter,
		"SessionNumber", "1", "VirtualNetworkId", "7").at("trafficMirrorSession", "trafficMirrorSessionId").text
	return b
}

// rule is a rule of a filter, ingress 100, with more parameters, which take the place of others.
func (w *world) rule(filter string, more ...string) []string {
	params := []string{"TrafficMirrorFilterId", filter, "TrafficDirection", "ingress", "RuleNumber", "100", "RuleAction", "accept",
		"SourceCidrBlock", "0.0.0.0/0", "DestinationCidrBlock", "10.0.0.0/16"}
	return with(params, more...)
}

// with replaces and adds parameters; one without a value is taken away.
func with(params []string, more ...string) []string {
	all := append([]string(nil), params...)
next:
	for i := 0; i < len(more); i += 2 {
		for j := 0; j < len(all); j += 2 {
			if all[j] == more[i] {
				all[j+1] = more[i+1]
				continue next
			}
		}
		all = append(all, more[i], more[i+1])
	}
	return all
}

// source makes an interface of the caller's account that can be mirrored, as the control socket does.
func (w *world) source(name string, last byte) string {
	w.Helper()
	r := &ctl.Interface{Common: ctl.Common{Name: name, Account: w.account, Tags: map[string]string{"Name": name}}, Port: "wire0", HasMAC: true,
		MAC: [6]byte{2, 0, 0, 0, w.account[0], last}, VLAN: rules.VLANAny, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, w.account[0], last})}}
	w.put(func(tx *store.Tx) error { c := *r; err := tx.PutInterface(&c); r.ID = c.ID; return err })
	return r.ID
}

// balancer makes a load balancer and returns its ARN.
func (w *world) balancer(name string) string {
	w.Helper()
	var made *ctl.LoadBalancer
	w.put(func(tx *store.Tx) error {
		made = &ctl.LoadBalancer{Common: ctl.Common{Name: name, Account: w.account}, Listeners: []ctl.Listener{{Protocol: "udp", Port: 4789}},
			Members: []ctl.Member{{Address: netip.MustParseAddr("192.0.2.210"), Weight: 1}}}
		return tx.PutLoadBalancer(made)
	})
	return balancerARN(region, made)
}

func (w *world) background() context.Context { return context.Background() }

func (w *world) put(change func(*store.Tx) error) {
	w.Helper()
	if _, err := w.store.Change(w.background(), store.Request{}, change); err != nil {
		w.Fatal(err)
	}
}

// manySources makes so many interfaces that can be mirrored: src-0, src-1 and so on.
func (w *world) manySources(n int) {
	w.Helper()
	w.put(func(tx *store.Tx) error {
		for i := range n {
			r := &ctl.Interface{Common: ctl.Common{Name: fmt.Sprintf("src-%d", i), Account: w.account}, Port: "wire1", HasMAC: true, MAC: [6]byte{2, 8, 0, byte(i >> 16), byte(i >> 8), byte(i)}}
			if err := tx.PutInterface(r); err != nil {
				return err
			}
		}
		return nil
	})
}
