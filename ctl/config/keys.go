package config

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Key is a key of gateway.toml, with what a reload makes of it.
type Key struct {
	Section string // such as "quotas"; empty: a key of the document itself
	Name    string
	Reloads bool // a reload takes it over; else a restart is needed

	value func(*Config) string // as gateway.toml would have it
	port  func(*Port) string   // likewise, of a [[port]]
	take  func(to, from *Config)
}

// String names the key as people find it in the file.
func (k *Key) String() string {
	switch {
	case k.Section == "":
		return k.Name
	case k.repeated():
		return "[[" + k.Section + "]] " + k.Name
	}
	return "[" + k.Section + "] " + k.Name
}

// repeated tells sections of which there may be several.
func (k *Key) repeated() bool {
	return k.Section == "port" || k.Section == "route" || k.Section == "neighbor"
}

// Keys are all keys of gateway.toml, in the order of its documentation.
func Keys() []Key { return keys }

var keys = func() (all []Key) {
	for _, part := range [][]Key{ealKeys, portKeys, underlayKeys, mirrorKeys, quotaKeys, accessKeys, consoleKeys, keepKeys} {
		all = append(all, part...)
	}
	return all
}()

var ealKeys = []Key{
	restarts("eal", "lcores", func(c *Config) string { return lcoreText(c.EAL.Lcores) }),
	restarts("eal", "mirror_lcores", func(c *Config) string { return lcoreText(c.EAL.MirrorLcores) }),
	restarts("eal", "main_lcore", func(c *Config) string { return orElse(c.EAL.MainLcore, -1, "lowest free CPU") }),
	restarts("eal", "memory_mb", func(c *Config) string { return text(c.EAL.MemoryMB) }),
	restarts("eal", "data_room", func(c *Config) string { return text(c.EAL.DataRoom) }),
	restarts("eal", "hugepages", func(c *Config) string { return text(c.EAL.Hugepages) }),
	restarts("eal", "file_prefix", func(c *Config) string { return c.EAL.FilePrefix }),
}

var portKeys = []Key{
	ofPort("name", func(p *Port) string { return p.Name }),
	ofPort("device", func(p *Port) string { return p.Device.Text }),
	ofPort("role", func(p *Port) string { return p.Role.String() }),
	ofPort("peer", func(p *Port) string { return p.Peer }),
	ofPort("queues", func(p *Port) string { return text(p.Queues) }),
	ofPort("mtu", func(p *Port) string { return orElse(p.MTU, 0, "driver's") }),
	ofPort("addresses", func(p *Port) string { return joined(p.Addresses, netip.Prefix.String) }),
	ofPort("tunnel", func(p *Port) string { return text(p.Tunnel) }),
	ofPort("vlan", func(p *Port) string { return orElse(p.VLAN, 0, "none") }),
	ofPort("repair_checksums", func(p *Port) string { return text(p.Repair) }),
	ofPort("link_propagation", func(p *Port) string { return text(p.Propagate) }),
	ofPort("hold_down", func(p *Port) string { return plain(p.HoldDown) }),
	ofPort("rx_descriptors", func(p *Port) string { return text(p.RxDescriptors) }),
	ofPort("tx_descriptors", func(p *Port) string { return text(p.TxDescriptors) }),
}

var underlayKeys = []Key{
	ofRoute("prefix", func(r Route) string { return text(r.Prefix) }),
	ofRoute("via", func(r Route) string { return text(r.Via) }),
	ofRoute("port", func(r Route) string { return r.Port }),
	ofNeighbor("address", func(n Neighbor) string { return text(n.Address) }),
	ofNeighbor("mac", func(n Neighbor) string { return fmt.Sprintf("%x", n.MAC) }),
	ofNeighbor("port", func(n Neighbor) string { return n.Port }),
	restarts("tunnel", "outer_source", func(c *Config) string { return text(c.OuterSource) }),
	restarts("gateway", "zone", func(c *Config) string { return c.Zone }),
	restarts("congestion", "receive", func(c *Config) string { return text(c.Congestion.Receive) }),
	restarts("congestion", "transmit", func(c *Config) string { return text(c.Congestion.Transmit) }),
	restarts("congestion", "tunnel", func(c *Config) string { return text(c.Congestion.Tunnel) }),
	restarts("congestion", "mempool", func(c *Config) string { return text(c.Congestion.Mempool) }),
	restarts("congestion", "backlog", func(c *Config) string { return plain(c.Congestion.Backlog) }),
	restarts("congestion", "recovery", func(c *Config) string { return plain(c.Congestion.Recovery) }),
}

var mirrorKeys = []Key{
	reloads("", "dns_resolvers", func(c *Config) *[]netip.Addr { return &c.Resolvers },
		func(list []netip.Addr) string { return joined(list, netip.Addr.String) }),
	reloads("exclude", "arp", func(c *Config) *bool { return &c.Exclude.ARP }, nil),
	reloads("exclude", "dhcp", func(c *Config) *bool { return &c.Exclude.DHCP }, nil),
	reloads("exclude", "metadata", func(c *Config) *bool { return &c.Exclude.Metadata }, nil),
	reloads("exclude", "ntp", func(c *Config) *bool { return &c.Exclude.NTP }, nil),
	reloads("exclude", "windows_activation", func(c *Config) *bool { return &c.Exclude.WindowsActivation }, nil),
}

var quotaKeys = []Key{
	reloads("quotas", "sessions_per_account", func(c *Config) *int { return &c.Quotas.SessionsPerAccount }, nil),
	reloads("quotas", "sessions_per_source", func(c *Config) *int { return &c.Quotas.SessionsPerSource }, nil),
	reloads("quotas", "targets_per_account", func(c *Config) *int { return &c.Quotas.TargetsPerAccount }, nil),
	reloads("quotas", "filters_per_account", func(c *Config) *int { return &c.Quotas.FiltersPerAccount }, nil),
	reloads("quotas", "rules_per_filter", func(c *Config) *int { return &c.Quotas.RulesPerFilter }, nil),
	reloads("quotas", "sources_per_target", func(c *Config) *int { return &c.Quotas.SourcesPerTarget }, nil),
	reloads("quotas", "sources_per_target_dedicated", func(c *Config) *int { return &c.Quotas.SourcesPerTargetDedicated }, nil),
}

// restarts is a key that is read at the start only.
func restarts(section, name string, value func(*Config) string) Key {
	return Key{Section: section, Name: name, value: value}
}

// reloads is a key that a reload takes over; at is where the configuration has it. words writes a
// value; nil: as fmt does.
func reloads[T any](section, name string, at func(*Config) *T, words func(T) string) Key {
	if words == nil {
		words = func(value T) string { return text(value) }
	}
	return Key{Section: section, Name: name, Reloads: true,
		value: func(c *Config) string { return words(*at(c)) },
		take:  func(to, from *Config) { *at(to) = *at(from) }}
}

func ofPort(name string, port func(*Port) string) Key {
	return Key{Section: "port", Name: name, port: port,
		value: func(c *Config) string { return joined(c.Ports, func(p Port) string { return port(&p) }) }}
}

func ofRoute(name string, value func(Route) string) Key {
	return restarts("route", name, func(c *Config) string { return joined(c.Routes, value) })
}

func ofNeighbor(name string, value func(Neighbor) string) Key {
	return restarts("neighbor", name, func(c *Config) string { return joined(c.Neighbors, value) })
}

// text is a value as people write it.
func text(value any) string {
	if d, ok := value.(time.Duration); ok {
		return plain(d)
	}
	return fmt.Sprint(value)
}

func joined[T any](list []T, word func(T) string) string {
	words := make([]string, len(list))
	for i, item := range list {
		words[i] = word(item)
	}
	return strings.Join(words, ", ")
}

func lcoreText(lcores []Lcore) string {
	return strings.TrimPrefix(lcoreList(lcores), "lcore ")
}
