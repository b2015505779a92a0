package underlay

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	s := newSim(t)
	h := s.host(Config{
		Ports: []Port{
			{Index: 1, Name: "a", MAC: mac(1), MTU: 1500, Addresses: []netip.Prefix{prefix("192.0.2.1/24"), prefix("2001:db8::1/64")}},
			{Index: 2, Name: "b", MAC: mac(2), MTU: 9000, Addresses: []netip.Prefix{prefix("10.0.0.1/31")}},
		},
		Routes: []Route{
			{prefix("0.0.0.0/0"), ip("192.0.2.254"), -1},
			{prefix("198.51.100.0/24"), ip("10.0.0.0"), -1},
			{prefix("198.51.100.128/25"), ip("192.0.2.253"), 1},
			{prefix("192.0.2.0/24"), ip("10.0.0.0"), 2}, // the connected one wins
			{prefix("192.0.2.64/26"), ip("10.0.0.0"), 2},
			{prefix("203.0.113.0/24"), netip.Addr{}, 2},
			{prefix("2001:db8:5::/48"), ip("fe80::5"), 1},
			{prefix("2001:db8:6::/48"), ip("2001:db8::6"), 2}, // no IPv6 there
		},
	})
	for _, c := range []struct {
		dst, via string
		port     int
		reason   string
	}{
		{"192.0.2.7", "192.0.2.7", 1, ReasonTentative},
		{"192.0.2.65", "10.0.0.0", 2, ReasonTentative},
		{"8.8.8.8", "192.0.2.254", 1, ReasonTentative},
		{"198.51.100.1", "10.0.0.0", 2, ReasonTentative},
		{"198.51.100.129", "192.0.2.253", 1, ReasonTentative},
		{"203.0.113.5", "203.0.113.5", 2, ReasonTentative},
		{"10.0.0.0", "10.0.0.0", 2, ReasonTentative},
		{"2001:db8::7", "2001:db8::7", 1, ReasonTentative},
		{"2001:db8:5::7", "fe80::5", 1, ReasonTentative},
		{"fe80::7", "fe80::7", 1, ReasonTentative},
		{"2001:db8:6::7", "2001:db8::6", 2, ReasonNoIPv6},
		{"2001:db9::7", "", -1, ReasonNoRoute},
		{"192.0.2.1", "", -1, ReasonOwn},
		{"10.0.0.1", "", -1, ReasonOwn},
		{"192.0.2.255", "", -1, ReasonNotUnicast},
		{"192.0.2.0", "", -1, ReasonNotUnicast},
		{"239.1.1.1", "", -1, ReasonNotUnicast},
		{"ff02::1", "", -1, ReasonNotUnicast},
		{"::", "", -1, ReasonNotUnicast},
		{"127.0.0.1", "", -1, ReasonNotUnicast},
		{"255.255.255.255", "", -1, ReasonNotUnicast},
		{"::ffff:192.0.2.7", "", -1, ReasonNotUnicast},
	} {
		for _, hop := range []NextHop{h.NextHop(ip(c.dst)), h.Watch(s.now, ip(c.dst))} {
			via := ""
			if hop.Via.IsValid() {
				via = hop.Via.String()
			}
			if hop.Resolved || via != c.via || hop.Port != c.port || hop.Reason != c.reason {
				t.Errorf("%s: %+v", c.dst, hop)
			}
		}
	}
}

// TestLinkLocalNetworkIsThatOfTheConfiguredAddress: every port that speaks IPv6 has a link-local address, but a
// link-local destination is behind the port that was given one, as the configuration has it.
func TestLinkLocalNetworkIsThatOfTheConfiguredAddress(t *testing.T) {
	h := newSim(t).host(Config{Ports: []Port{
		{Index: 1, Name: "a", MAC: mac(1), MTU: 1500, Addresses: []netip.Prefix{prefix("2001:db8::1/64")}},
		{Index: 2, Name: "b", MAC: mac(2), MTU: 1500, Addresses: []netip.Prefix{prefix("fe80::2/64")}},
	}})
	if hop := h.NextHop(ip("fe80::7")); hop.Port != 2 || hop.Via != ip("fe80::7") {
		t.Errorf("%+v, want port 2", hop)
	}
}

// TestStaticNeighborGoesBeforeRoutes: an address in no network has only its static neighbour, and
// one behind a router is sent to the neighbour's MAC all the same.
func TestStaticNeighborGoesBeforeRoutes(t *testing.T) {
	s, h := ready(t, func(c *Config) {
		c.Ports[0].Addresses = []netip.Prefix{prefix("192.0.2.1/24")}
		c.Routes = []Route{{prefix("198.51.100.0/24"), ip("192.0.2.254"), 3}}
		c.Static = []Static{{ip("203.0.113.9"), mac(9), 3}, {ip("203.0.113.10"), mac(10), -1}, {ip("198.51.100.11"), mac(11), -1}, {ip("2001:db8:9::9"), mac(12), 3}}
	})
	for _, static := range []Static{{ip("203.0.113.9"), mac(9), 3}, {ip("203.0.113.10"), mac(10), 3}, {ip("198.51.100.11"), mac(11), 3}, {ip("2001:db8:9::9"), mac(12), 3}} {
		for _, hop := range []NextHop{h.NextHop(static.Address), h.Watch(s.now, static.Address)} {
			if !hop.Resolved || hop.MAC != static.MAC || hop.Port != static.Port || hop.Via != static.Address || hop.MTU == 0 {
				t.Errorf("%s: %+v", static.Address, hop)
			}
		}
	}
	if hop := h.NextHop(ip("198.51.100.12")); hop.Via != ip("192.0.2.254") {
		t.Errorf("another address behind the router: %+v", hop)
	}
}

func TestConfigurationErrors(t *testing.T) {
	base := func() Config { return Config{Ports: []Port{port1()}, Frames: senderTo{}} }
	for _, c := range []struct {
		want   string
		change func(*Config)
	}{
		{"Frames is nil", func(c *Config) { c.Frames = nil }},
		{"index 3 is negative or given twice", func(c *Config) { c.Ports = append(c.Ports, port1()) }},
		{"is zero or multicast", func(c *Config) { c.Ports[0].MAC = [6]byte{1} }},
		{"VLAN is 4095", func(c *Config) { c.Ports[0].VLAN = 4095 }},
		{"MTU is 1279", func(c *Config) { c.Ports[0].MTU = 1279 }},
		{"address 127.0.0.1/8", func(c *Config) { c.Ports[0].Addresses[0] = prefix("127.0.0.1/8") }},
		{"address invalid Prefix", func(c *Config) { c.Ports[0].Addresses[0] = netip.Prefix{} }},
		{"2001:db8::1 is given twice", func(c *Config) { c.Ports[0].Addresses[0] = prefix("2001:db8::1/48") }},
		{"the prefix is not", func(c *Config) { c.Routes = []Route{{}} }},
		{"of the prefix's family", func(c *Config) { c.Routes = []Route{{prefix("10.0.0.0/8"), ip("2001:db8::2"), 3}} }},
		{"must be the router's", func(c *Config) { c.Routes = []Route{{prefix("10.0.0.0/8"), ip("192.0.2.1"), 3}} }},
		{"port 9 is not", func(c *Config) { c.Routes = []Route{{prefix("10.0.0.0/8"), ip("192.0.2.2"), 9}} }},
		{"on no connected network", func(c *Config) { c.Routes = []Route{{prefix("10.0.0.0/8"), ip("9.9.9.9"), -1}} }},
		{"is given twice", func(c *Config) {
			c.Routes = []Route{{prefix("10.0.0.0/8"), ip("192.0.2.2"), 3}, {prefix("10.0.0.9/8"), ip("192.0.2.3"), 3}}
		}},
		{"must be unicast", func(c *Config) { c.Static = []Static{{ip("192.0.2.2"), [6]byte{}, 3}} }},
		{"no route to it", func(c *Config) {
			c.Ports = append(c.Ports, Port{Index: 4, Name: "b", MAC: mac(4), MTU: 1500})
			c.Static = []Static{{ip("9.9.9.9"), mac(9), -1}}
		}},
		{"once is enough", func(c *Config) { c.Static = []Static{{ip("192.0.2.2"), mac(9), -1}, {ip("192.0.2.2"), mac(9), 3}} }},
	} {
		config := base()
		c.change(&config)
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want one with %q", err, c.want)
		}
	}
	config := base()
	config.Log = slog.New(slog.DiscardHandler)
	if _, err := New(config); err != nil {
		t.Fatal(err)
	}
}
