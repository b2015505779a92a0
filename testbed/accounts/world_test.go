package accounts

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/cloudwatch"
	"mirrorgw/ctl/ec2"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/ram"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
	"mirrorgw/ctl/sts"
	"mirrorgw/rules"
	"mirrorgw/testbed/signed"
)

const (
	owner    = "111111111111"
	guest    = "222222222222" // has accepted the owner's share
	invited  = "333333333333" // has not answered
	stranger = "444444444444"
	region   = "local-1"
)

var accounts = []string{owner, guest, invited, stranger}

// taggedKinds are the kinds of resources that have tags.
var taggedKinds = []string{"source", "appliance", "target", "filter", "rule", "session"}

// keyring has one key of each account, its number.
type keyring struct{}

func (keyring) Key(id string) (iam.Key, bool) {
	return iam.Key{ID: id, Secret: "secret of " + id, Principal: iam.Principal{Account: id}}, slices.Contains(accounts, id)
}

// things are an account's resources by kind.
type things map[string]string

// nowhere is what nobody has: each value has the form of that kind. ARNs name the owner's account.
var nowhere = things{
	"source": "eni-00000000000000000", "appliance": "eni-00000000000000001", "spare": "eni-00000000000000002", "target": "tmt-00000000000000000",
	"filter": "tmf-00000000000000000", "rule": "tmfr-00000000000000000", "session": "tms-00000000000000000", "instance": "i-00000000000000000",
	"targetarn":  "arn:aws:ec2:local-1:111111111111:traffic-mirror-target/tmt-00000000000000000",
	"share":      "arn:aws:ram:local-1:111111111111:resource-share/00000000-0000-4000-8000-000000000000",
	"invitation": "arn:aws:ram:local-1:111111111111:resource-share-invitation/00000000-0000-4000-8000-000000000000",
}

// world is an endpoint with everything that each account has.
type world struct {
	*testing.T
	store    *store.Store
	endpoint string
	has      map[string]things // by account
	clients  map[string]*signed.Client
}

func newWorld(t *testing.T) *world {
	cfg := storetest.Config(t, "")
	w := &world{T: t, store: storetest.Open(t, store.Options{Config: cfg}), has: map[string]things{}, clients: map[string]*signed.Client{}}
	everybody := iam.RootsOnly()
	server := httptest.NewServer(aws.New(aws.Options{Keys: keyring{}, Region: region, Services: []aws.Service{
		ec2.New(ec2.Options{Store: w.store, Config: cfg, Authorizer: everybody, Region: region}),
		ram.New(ram.Options{Store: w.store, Authorizer: everybody, Region: region}), sts.Service{}, cloudwatch.New(seededHistory(t), everybody),
	}}))
	t.Cleanup(server.Close)
	w.endpoint = server.URL
	for i, account := range accounts {
		w.clients[account] = signed.New(server.URL, region, account, "secret of "+account)
		t.Cleanup(w.clients[account].Close)
		w.build(account, i)
	}
	w.offer()
	return w
}

// instanceOf is the instance that an account has metrics of.
func instanceOf(account string) string { return "i-00000" + account }

// seededHistory has two hours of every account's instance.
func seededHistory(t *testing.T) *history.Store {
	h, err := history.Open(history.Options{Dir: t.TempDir(), Days: 3650, MaxBytes: history.MinBytes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	for minute := range 120 {
		m := history.Minute{Time: time.Date(2026, 11, 20, 12, minute, 0, 0, time.UTC)}
		for _, account := range accounts {
			values := make([]int64, len(history.Metrics))
			for i := range values {
				values[i] = 1000
			}
			m.Rows = append(m.Rows, history.Row{Key: history.Key{Kind: history.Instance, Step: 5, Account: account, Name: instanceOf(account)}, Values: values})
		}
		if err := h.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// build makes one of everything for an account.
func (w *world) build(account string, i int) {
	w.Helper()
	h := things{"instance": instanceOf(account)}
	w.has[account] = h
	h["source"] = w.source(account, byte(10+i))
	h["appliance"] = w.made(account, "networkInterfaceId", "CreateNetworkInterface", fmt.Sprintf("SubnetId=tun0&PrivateIpAddress=192.0.2.%d", 10+i))
	h["spare"] = w.made(account, "networkInterfaceId", "CreateNetworkInterface", fmt.Sprintf("SubnetId=tun0&PrivateIpAddress=192.0.2.%d", 50+i))
	h["target"] = w.made(account, "trafficMirrorTargetId", "CreateTrafficMirrorTarget", "NetworkInterfaceId="+h["appliance"])
	h["filter"] = w.made(account, "trafficMirrorFilterId", "CreateTrafficMirrorFilter", "Description=of+"+account)
	h["rule"] = w.made(account, "trafficMirrorFilterRuleId", "CreateTrafficMirrorFilterRule", "TrafficMirrorFilterId="+h["filter"]+
		"&TrafficDirection=egress&RuleNumber=1&RuleAction=accept&SourceCidrBlock=0.0.0.0/0&DestinationCidrBlock=0.0.0.0/0")
	h["session"] = w.made(account, "trafficMirrorSessionId", "CreateTrafficMirrorSession", "NetworkInterfaceId="+h["source"]+"&TrafficMirrorTargetId="+h["target"]+
		"&TrafficMirrorFilterId="+h["filter"]+"&SessionNumber=1")
	for _, kind := range taggedKinds {
		w.made(account, "return", "CreateTags", "ResourceId.1="+h[kind]+"&Tag.1.Key=of-"+account+"&Tag.1.Value="+kind)
	}
	h["targetarn"] = "arn:aws:ec2:" + region + ":" + account + ":traffic-mirror-target/" + h["target"]
	share := w.object(account, "ram:CreateResourceShare", `{"name":"of-`+account+`","resourceArns":["`+h["targetarn"]+`"],"tags":[{"key":"a","value":"b"}]}`)
	h["share"] = share["resourceShare"].(map[string]any)["resourceShareArn"].(string)
	h["invitation"] = nowhere["invitation"]
}

// source makes an interface that can be mirrored, one of many of its port, as the gateway's operator does.
func (w *world) source(account string, last byte) string {
	w.Helper()
	r := &ctl.Interface{Common: ctl.Common{Name: "web-" + account, Account: account}, Port: "wire0", HasMAC: true, MAC: [6]byte{2, 0, 0, 0, 0, last},
		VLAN: rules.VLANAny, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, last})}}
	if _, err := w.store.Change(w.Context(), store.Request{}, func(tx *store.Tx) error { return tx.PutInterface(r) }); err != nil {
		w.Fatal(err)
	}
	return r.ID
}

// offer has the owner share its target; the guest accepts.
func (w *world) offer() {
	w.Helper()
	w.object(owner, "ram:AssociateResourceShare", `{"resourceShareArn":"`+w.has[owner]["share"]+`","principals":["`+guest+`","`+invited+`"]}`)
	for _, account := range []string{guest, invited} {
		list := w.object(account, "ram:GetResourceShareInvitations", "{}")["resourceShareInvitations"].([]any)
		arn := list[0].(map[string]any)["resourceShareInvitationArn"].(string)
		if account == guest {
			w.object(guest, "ram:AcceptResourceShareInvitation", `{"resourceShareInvitationArn":"`+arn+`"}`)
		} else {
			w.has[owner]["invitation"] = arn
		}
	}
}

func (w *world) made(account, field, action, params string) string {
	w.Helper()
	reply := w.call(account, "ec2:"+action, params)
	if id := reply.Field(field); reply.OK() && id != "" {
		return id
	}
	w.Fatalf("%s %s: %d %s", action, params, reply.Status, reply.Body)
	return ""
}

func (w *world) object(account, action, body string) (answer map[string]any) {
	w.Helper()
	reply := w.call(account, action, body)
	if err := json.Unmarshal(reply.Body, &answer); err != nil || !reply.OK() {
		w.Fatalf("%s %s: %v %d %s", action, body, err, reply.Status, reply.Body)
	}
	return answer
}

// call sends a request of an account. An action has its service in front.
func (w *world) call(account, action, request string) signed.Reply {
	w.Helper()
	service, name, _ := strings.Cut(action, ":")
	c, path := w.clients[account], "/"+strings.ToLower(name)
	var reply signed.Reply
	var err error
	switch {
	case service == "ec2":
		reply, err = c.EC2(w.Context(), name, params(request)...)
	case service == "cloudwatch":
		reply, err = c.CloudWatch(w.Context(), name, params(request)...)
	case name == "DeleteResourceShare":
		values, _ := url.ParseQuery(request)
		reply, err = c.Do(w.Context(), service, http.MethodDelete, path+"?"+strings.ReplaceAll(values.Encode(), "+", "%20"), "application/json", "")
	default:
		reply, err = c.Do(w.Context(), service, http.MethodPost, path, "application/json", request)
	}
	if err != nil {
		w.Fatal(err)
	}
	return reply
}

func params(query string) (all []string) {
	values, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	for name := range values {
		all = append(all, name, values.Get(name))
	}
	return all
}

// fill puts resources into a request.
func fill(request string, theirs, mine things) string {
	for _, kind := range slices.Backward(slices.Sorted(maps.Keys(theirs))) { // targetarn before target
		request = replace(replace(request, "THEIR."+kind, theirs[kind]), "MY."+kind, mine[kind])
	}
	return request
}

func replace(text, old, with string) string { return strings.ReplaceAll(text, old, with) }

func (w *world) revision() (r uint64) {
	w.store.Read(func(v *store.View) { r = v.Revision() })
	return r
}
