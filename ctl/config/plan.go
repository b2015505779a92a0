package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"mirrorgw/rules"
)

// Plan is what --check-config prints of the configuration alone; the sums of mbufs are added by
// whoever owns the mempools.
type Plan struct {
	File       string
	Workers    []Lcore
	Mirrors    []Lcore // empty: workers send copies themselves
	MainLcore  int     // -1: chosen at start
	MemoryMB   int
	Hugepages  Hugepages
	Ports      []PlanPort
	Routes     []PlanRoute
	Zone       string // empty: none
	Ctl        Ctl
	State      State
	Metrics    Metrics
	AWS        AWS
	Console    Console
	History    History
	Congestion Congestion
	Bypass     Bypass
	IAM        IAM
	Audit      Audit
	Notices    []string // sentences about what is legal but probably not meant
}

// PlanPort is one row of the plan.
type PlanPort struct {
	Name, Device, Role, Peer     string
	Queues                       int
	RxDescriptors, TxDescriptors int
	MTU                          int // 0: the driver's
	Addresses                    []string
	Tunnel                       bool
	VLAN                         int // 0: none
	Repair                       Repair
}

// PlanRoute is one route of the plan, with the port that was found for it.
type PlanRoute struct{ Prefix, Via, Port string }

// Plan lists ports, roles, queues, lcores and memory.
func (c *Config) Plan() Plan {
	plan := Plan{File: c.File, Workers: c.EAL.Lcores, Mirrors: c.EAL.MirrorLcores, MainLcore: c.EAL.MainLcore,
		MemoryMB: c.EAL.MemoryMB, Hugepages: c.EAL.Hugepages, Ctl: c.Ctl, State: c.State, Metrics: c.Metrics, AWS: c.AWS, Console: c.Console, History: c.History, Congestion: c.Congestion, Bypass: c.Bypass, Zone: c.Zone, IAM: c.IAM, Audit: c.Audit, Notices: c.Notices()}
	for i := range c.Ports {
		p := &c.Ports[i]
		row := PlanPort{Name: p.Name, Device: p.Device.Text, Role: p.Role.String(), Peer: p.Peer, Queues: p.Queues,
			RxDescriptors: p.RxDescriptors, TxDescriptors: p.TxDescriptors, MTU: p.MTU,
			Tunnel: p.Tunnel, VLAN: p.VLAN, Repair: p.Repair}
		for _, prefix := range p.Addresses {
			row.Addresses = append(row.Addresses, prefix.String())
		}
		plan.Ports = append(plan.Ports, row)
	}
	for i := range c.Routes {
		r := &c.Routes[i]
		plan.Routes = append(plan.Routes, PlanRoute{r.Prefix.String(), r.Via.String(), r.Port})
	}
	return plan
}

// Notices returns sentences about settings that are legal and probably not meant.
func (c *Config) Notices() []string {
	var notices []string
	for i := range c.Ports {
		p := &c.Ports[i]
		sends := p.Tunnel || (p.Role == rules.RoleWire && c.receives(p.Peer))
		if p.Device.Driver == "net_pcap" && sends && !p.Device.Has("tx_pcap", "tx_iface", "iface") {
			notices = append(notices, fmt.Sprintf("%sport %q: the device has no tx_pcap, so net_pcap throws away what is sent there and counts it as sent; add tx_pcap=FILE to keep it",
				p.src.Position("device"), p.Name))
		}
	}
	if len(c.TunnelNames()) == 0 {
		notices = append(notices, c.File+`: there is no tunnel port, so nothing can be mirrored; add a [[port]] with role = "tunnel", or tunnel = true on a wire port`)
	}
	return append(append(notices, c.controlNotices()...), c.metricsNotices()...)
}

// receives reports whether frames can come in on the named port at all.
func (c *Config) receives(name string) bool {
	i := c.PortIndex(name)
	if i < 0 {
		return false
	}
	d := &c.Ports[i].Device
	return d.Driver != "net_pcap" || d.Has("rx_pcap", "rx_iface", "rx_iface_in", "iface")
}

// Print writes the plan as text.
func (p Plan) Print(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "configuration  %s\n", p.File)
	fmt.Fprintf(&text, "workers        %s\n", lcoreList(p.Workers))
	if len(p.Mirrors) > 0 {
		fmt.Fprintf(&text, "mirror lcores  %s\n", lcoreList(p.Mirrors))
	}
	fmt.Fprintf(&text, "main lcore     %s\n", orElse(p.MainLcore, -1, "lowest free CPU"))
	fmt.Fprintf(&text, "memory         %d MiB, hugepages %s\n", p.MemoryMB, p.Hugepages)
	fmt.Fprintf(&text, "socket         %s\n", p.Ctl)
	fmt.Fprintf(&text, "state          %s\n", p.State)
	if p.Metrics != (Metrics{}) {
		fmt.Fprintf(&text, "metrics        %s\n", p.Metrics)
	}
	if p.AWS != (AWS{}) {
		fmt.Fprintf(&text, "AWS endpoint   %s\n", p.AWS)
	}
	if p.Console.Listen.IsValid() {
		fmt.Fprintf(&text, "console        %s\n", &p.Console)
	}
	if p.History.Path != "" {
		fmt.Fprintf(&text, "history        %s\n", p.History)
	}
	if p.IAM.Directory != "" {
		fmt.Fprintf(&text, "iam            %s\n", p.IAM)
	}
	if p.Audit.Path != "" {
		fmt.Fprintf(&text, "audit          %s\n", p.Audit)
	}
	fmt.Fprintf(&text, "congestion     %s\n", p.Congestion)
	if p.Bypass.IsThere() {
		fmt.Fprintf(&text, "bypass         %s\n", p.Bypass)
	}
	if p.Zone != "" {
		fmt.Fprintf(&text, "zone           %s\n", p.Zone)
	}
	text.WriteByte('\n')
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PORT\tROLE\tPEER\tQUEUES\tRX DESC\tTX DESC\tMTU\tADDRESSES\tDEVICE")
	for _, port := range p.Ports {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", port.Name, port.role(), dash(port.Peer), port.Queues,
			port.RxDescriptors, port.TxDescriptors, orElse(port.MTU, 0, "driver's"), dash(strings.Join(port.Addresses, " ")), port.Device)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := p.printUnderlay(&text); err != nil {
		return err
	}
	for _, notice := range p.Notices {
		fmt.Fprintf(&text, "\nnotice: %s\n", notice)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// role is the role for people: a wire that copies leave by says so.
func (p *PlanPort) role() string {
	if p.Tunnel && p.Role == rules.RoleWire.String() {
		return p.Role + "+tunnel"
	}
	return p.Role
}

// printUnderlay writes how copies leave, and what is repaired in them: of ports, what is not the
// default.
func (p *Plan) printUnderlay(text *strings.Builder) error {
	for i := range p.Ports {
		port := &p.Ports[i]
		if port.VLAN != 0 {
			fmt.Fprintf(text, "\ncopies leave %s with VLAN %d", port.Name, port.VLAN)
		}
		if port.Repair != RepairAuto {
			fmt.Fprintf(text, "\nrepair_checksums of %s is %s", port.Name, port.Repair)
		}
	}
	if s := text.String(); s[len(s)-1] != '\n' {
		text.WriteByte('\n')
	}
	if len(p.Routes) == 0 {
		return nil
	}
	text.WriteByte('\n')
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROUTE\tVIA\tPORT")
	for _, r := range p.Routes {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Prefix, r.Via, r.Port)
	}
	return table.Flush()
}

func lcoreList(lcores []Lcore) string {
	parts := make([]string, len(lcores))
	for i, lcore := range lcores {
		parts[i] = strconv.Itoa(lcore.ID)
		if lcore.CPU != lcore.ID {
			parts[i] += "@" + strconv.Itoa(lcore.CPU)
		}
	}
	return "lcore " + strings.Join(parts, ", ")
}

func orElse(n, none int, text string) string {
	if n == none {
		return text
	}
	return strconv.Itoa(n)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
