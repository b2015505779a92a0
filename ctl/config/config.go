package config

import (
	"net/netip"
	"slices"
	"time"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// Defaults of gateway.toml.
const (
	DefaultMemoryMB    = 512
	DefaultDataRoom    = 2176
	DefaultQueues      = 1
	DefaultDescriptors = 1024
	DefaultLogLevel    = "info"
	MaxResolvers       = 16
)

// Hugepages says whether EAL may run without huge pages.
type Hugepages string

// The values of [eal] hugepages.
const (
	HugepagesAuto    Hugepages = "auto"    // use them when there are enough
	HugepagesRequire Hugepages = "require" // refuse to start without them
	HugepagesNever   Hugepages = "never"   // 4 KiB pages
)

// OuterSource says which address copies come from.
type OuterSource string

// The values of [tunnel] outer_source.
const (
	OuterSourceInterface OuterSource = "interface" // the source's primary address, else the tunnel port's
	OuterSourceTunnel    OuterSource = "tunnel"    // always the tunnel port's
)

// LogFormat says how the log is written.
type LogFormat string

// The values of [log] format.
const (
	LogText    LogFormat = "text"    // key=value, a record a line
	LogJSON    LogFormat = "json"    // an object a line
	LogJournal LogFormat = "journal" // text without the time, after the priority that journald reads (sd-daemon(3))
)

// Config is a validated gateway.toml. It is read-only after Load.
type Config struct {
	File        string // as given to Load or Parse
	EAL         EAL
	Ports       []Port
	Routes      []Route
	Neighbors   []Neighbor
	OuterSource OuterSource
	Exclude     rules.Exclude
	Resolvers   []netip.Addr // Amazon DNS resolvers, at most MaxResolvers
	Quotas      Quotas
	LogLevel    string // debug, info, warn or error
	LogFormat   LogFormat
	Ctl         Ctl
	State       State
	Metrics     Metrics
	AWS         AWS
	Console     Console
	IAM         IAM
	Audit       Audit
	History     History
	Congestion  Congestion
	Bypass      Bypass
	Zone        string // [gateway] zone: of sources that name none; may be empty
}

// EAL is the [eal] section.
type EAL struct {
	Lcores []Lcore // workers, in the order given; worker i polls queue i of every port
	// Mirror lcores, in the order given: they send the copies that workers hand over, and mirror lcore i
	// polls queue i of the tunnel ports. None: workers do that themselves.
	MirrorLcores []Lcore

	MainLcore  int // CPU of the main lcore, or -1: the lowest allowed CPU that no worker uses
	MemoryMB   int // MiB
	DataRoom   int // bytes of an rx mbuf, 128 of them before the frame
	Hugepages  Hugepages
	FilePrefix string // of EAL's runtime files; empty: the caller chooses

	src *tomldoc.Table
}

// Lcore is a worker lcore and the CPU that it runs on.
type Lcore struct {
	ID, CPU int
}

// Port is a [[port]] section.
type Port struct {
	Name          string
	Device        Device
	Role          rules.Role
	Peer          string // name of the other side of a wire, else empty
	Queues        int    // receive queues and transmit queues, each
	MTU           int    // bytes of an IP packet; 0: the driver's
	Addresses     []netip.Prefix
	Tunnel        bool // copies may leave here: role = "tunnel", or a wire port with tunnel = true
	VLAN          int  // VID of the tag on what the gateway itself sends and takes here, 1-4094; 0: none
	Repair        Repair
	Propagate     bool          // wire: when the link here is down, the peer's is taken down
	HoldDown      time.Duration // wire: how long the link must be the same before it counts
	RxDescriptors int           // of each receive queue
	TxDescriptors int           // of each transmit queue

	src *tomldoc.Table
}

// Repair says whether partial inner checksums of copies of a port's frames are completed.
type Repair string

// The values of [[port]] repair_checksums.
const (
	RepairAuto Repair = "auto" // what drivers are known to leave partial, and frames with the mbuf flag
	RepairOn   Repair = "on"   // every frame
	RepairOff  Repair = "off"
)

// Route is a [[route]] section: a network behind a router.
type Route struct {
	Prefix netip.Prefix // masked; /0 is the default route of its family
	Via    netip.Addr   // the router: of Prefix's family, in a network of Port
	Port   string       // name of the tunnel port; always there after Load

	src *tomldoc.Table
}

// Neighbor is a [[neighbor]] section: a static link-layer address of a target or a router.
type Neighbor struct {
	Address netip.Addr
	MAC     [6]byte
	Port    string // name of the tunnel port that leads there; empty: found by address

	src *tomldoc.Table
}

// Quotas is the [quotas] section: per account, the service's numbers unless raised.
type Quotas struct {
	SessionsPerAccount        int
	SessionsPerSource         int
	TargetsPerAccount         int
	FiltersPerAccount         int
	RulesPerFilter            int // both directions together
	SourcesPerTarget          int // of an interface of an ordinary instance
	SourcesPerTargetDedicated int // of an interface of a dedicated instance
}

// DefaultQuotas are the service's numbers (AWS guide, "Traffic Mirroring quotas").
var DefaultQuotas = Quotas{
	SessionsPerAccount: 10000, SessionsPerSource: 3, TargetsPerAccount: 10000, FiltersPerAccount: 10000,
	RulesPerFilter: 10, SourcesPerTarget: 10, SourcesPerTargetDedicated: 100,
}

// DefaultResolvers are the addresses of the Amazon DNS server.
func DefaultResolvers() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("169.254.169.253"), netip.MustParseAddr("fd00:ec2::253")}
}

// PortIndex returns the index of the named port in c.Ports, which is its index in
// rules.Resources.Ports too, or -1.
func (c *Config) PortIndex(name string) int {
	for i := range c.Ports {
		if c.Ports[i].Name == name {
			return i
		}
	}
	return -1
}

// TunnelNames returns the names of the ports that copies may leave by, in the order of the file.
func (c *Config) TunnelNames() []string {
	var names []string
	for i := range c.Ports {
		if c.Ports[i].Tunnel {
			names = append(names, c.Ports[i].Name)
		}
	}
	return names
}

// PortNames returns the names of the ports of one role, in the order of the file.
func (c *Config) PortNames(role rules.Role) []string {
	var names []string
	for i := range c.Ports {
		if c.Ports[i].Role == role {
			names = append(names, c.Ports[i].Name)
		}
	}
	return names
}

// All returns workers and mirror lcores.
func (e *EAL) All() []Lcore { return slices.Concat(e.Lcores, e.MirrorLcores) }
