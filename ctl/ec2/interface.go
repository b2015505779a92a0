package ec2

import (
	"net/netip"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

// A network interface of EC2 is in a subnet; one of the gateway is on a port. So SubnetId is the
// name of a port: on a wire or a tap port the interface can be mirrored, all traffic of the port
// being its own, and behind a tunnel port copies can be sent to it. What tells several interfaces
// of a port apart, MAC and VLAN, EC2 has no parameters for: the control socket sets them.
var interfaceActions = []action{
	{
		name: "CreateNetworkInterface", about: eniResource, creates: true,
		fields: []field{must(id("SubnetId")), descriptionField, text("PrivateIpAddress", maxText),
			list("PrivateIpAddresses", maxAddresses, structure("", must(text("PrivateIpAddress", maxText)), flag("Primary"))),
			list("Ipv6Addresses", maxAddresses, structure("", must(text("Ipv6Address", maxText)), flag("IsPrimaryIpv6"))),
			choice("InterfaceType", "interface"), tagSpecificationField, clientTokenField,
			refused("SecurityGroupId"), refused("SecondaryPrivateIpAddressCount"), refused("Ipv6AddressCount"), refused("Ipv4Prefix"),
			refused("Ipv4PrefixCount"), refused("Ipv6Prefix"), refused("Ipv6PrefixCount"), refused("EnablePrimaryIpv6"),
			refused("ConnectionTrackingSpecification"), refused("Operator")},
		check: func(x *request) (err error) {
			if _, err = x.addresses(); err == nil {
				_, err = x.port()
			}
			return err
		},
		change: createInterface,
		write: func(x *request, d *document, o *outcome) {
			d.open("networkInterface")
			writeInterface(d, o.made.(*ctl.Interface))
			d.close("networkInterface")
			d.maybe("clientToken", x.in.str("ClientToken"))
		},
	},
	{
		name: "DeleteNetworkInterface", about: eniResource,
		fields: []field{must(id("NetworkInterfaceId"))},
		on:     named(interfaces, "NetworkInterfaceId"), change: deleteInterface, write: writeTrue,
	},
	{
		name:     "DescribeNetworkInterfaces",
		fields:   describing(list("NetworkInterfaceId", maxIDs, id("")), flag("IncludeManagedResources")),
		describe: func(x *request) ([]byte, error) { return describe(x, interfaces) },
	},
}

const maxAddresses = 256

// interfaces are those of the account.
var interfaces = &kind[*ctl.Interface]{
	resource: eniResource, set: "networkInterfaceSet", ids: "NetworkInterfaceId", alone: true,
	find: func(v *viewer, ref string) (*ctl.Interface, bool) {
		r, ok := v.Interface(v.account, ref)
		return r, ok && r.Account == v.account
	},
	all: func(v *viewer, after string, yield func(*ctl.Interface)) {
		for _, r := range v.Interfaces() {
			if r.ID > after && r.Account == v.account {
				yield(r)
			}
		}
	},
	key:        func(r *ctl.Interface) string { return r.ID },
	owner:      func(r *ctl.Interface) string { return r.Account },
	tags:       func(r *ctl.Interface) map[string]string { return r.Tags },
	write:      writeInterface,
	attributes: interfaceAttributes,
}

var interfaceAttributes = map[string]func(*ctl.Interface) []string{
	"addresses.private-ip-address": func(r *ctl.Interface) []string { return texts(r.Addresses, netip.Addr.Is4) },
	"attachment.instance-id":       func(r *ctl.Interface) []string { return some(r.Instance) },
	"attachment.instance-owner-id": func(r *ctl.Interface) []string { return ifAttached(r, r.Account) },
	"attachment.status":            func(r *ctl.Interface) []string { return ifAttached(r, "attached") },
	"availability-zone":            func(r *ctl.Interface) []string { return some(r.Zone) },
	"description":                  func(r *ctl.Interface) []string { return some(r.Description) },
	"interface-type":               func(*ctl.Interface) []string { return []string{"interface"} },
	"ipv6-addresses.ipv6-address":  func(r *ctl.Interface) []string { return texts(r.Addresses, netip.Addr.Is6) },
	"mac-address":                  func(r *ctl.Interface) []string { return some(macText(r)) },
	"network-interface-id":         func(r *ctl.Interface) []string { return some(r.ID) },
	"owner-id":                     func(r *ctl.Interface) []string { return some(r.Account) },
	"private-ip-address":           func(r *ctl.Interface) []string { return some(primaryIPv4(r)) },
	"requester-managed":            func(*ctl.Interface) []string { return []string{"false"} },
	"status":                       func(r *ctl.Interface) []string { return some(interfaceStatus(r)) },
	"subnet-id":                    func(r *ctl.Interface) []string { return some(r.Port) },
}

func ifAttached(r *ctl.Interface, value string) []string {
	if r.Instance == "" {
		return nil
	}
	return []string{value}
}

// texts are those of some addresses that are of a family, in their order.
func texts(addresses []netip.Addr, family func(netip.Addr) bool) []string {
	var list []string
	for _, a := range addresses {
		if family(a) {
			list = append(list, a.String())
		}
	}
	return list
}

func primaryIPv4(r *ctl.Interface) string {
	for _, a := range r.Addresses {
		if a.Is4() {
			return a.String()
		}
	}
	return ""
}

func interfaceStatus(r *ctl.Interface) string {
	if r.Instance != "" {
		return "in-use"
	}
	return "available"
}

func macText(r *ctl.Interface) string {
	if !r.HasMAC {
		return ""
	}
	return config.FormatMAC(r.MAC)
}

func createInterface(x *request, tx *store.Tx, _ []subject) (any, error) {
	r := &ctl.Interface{Common: x.common(), VLAN: rules.VLANAny, Monitoring: "basic"}
	port, err := x.port()
	if err != nil {
		return nil, err
	}
	if port.Role != rules.RoleTunnel {
		r.Port = port.Name
	}
	if r.Addresses, err = x.addresses(); err != nil {
		return nil, err
	}
	return r, tx.PutInterface(r)
}

// port finds the port that stands for a subnet. What passes a wire or a tap port is the gateway's own account's to give,
// so other accounts are told that there is none; interfaces of theirs are made by the control socket.
func (x *request) port() (*config.Port, error) {
	subnet, s := x.in.str("SubnetId"), x.service
	for i := range s.config.Ports {
		if p := &s.config.Ports[i]; p.Name == subnet && (p.Role == rules.RoleTunnel || x.account() == s.config.AWS.Account) {
			return p, nil
		}
	}
	return nil, invalid("InvalidSubnetID.NotFound", "The subnet ID %s does not exist; the subnets of the gateway are its ports", quoted(subnet))
}

// addresses are those of a new interface, the primary one first, IPv4 before IPv6.
func (x *request) addresses() ([]netip.Addr, error) {
	var list []netip.Addr
	if x.in.has("PrivateIpAddress") {
		if len(x.in.list("PrivateIpAddresses")) > 0 {
			return nil, invalid("InvalidParameterCombination", "The parameters PrivateIpAddress and PrivateIpAddresses cannot be used together")
		}
		addr, err := readAddress(x.in.str("PrivateIpAddress"), "PrivateIpAddress", netip.Addr.Is4)
		if err != nil {
			return nil, err
		}
		list = append(list, addr)
	}
	primary := false
	for _, given := range x.in.list("PrivateIpAddresses") {
		addr, err := readAddress(given.str("PrivateIpAddress"), "PrivateIpAddresses.N.PrivateIpAddress", netip.Addr.Is4)
		switch {
		case err != nil:
			return nil, err
		case given.is("Primary") && primary:
			return nil, invalid("InvalidParameterCombination", "Only one private IP address can be the primary one")
		case given.is("Primary"):
			primary = true
			list = append([]netip.Addr{addr}, list...)
		default:
			list = append(list, addr)
		}
	}
	for _, given := range x.in.list("Ipv6Addresses") {
		addr, err := readAddress(given.str("Ipv6Address"), "Ipv6Addresses.N.Ipv6Address", netip.Addr.Is6)
		if err != nil {
			return nil, err
		}
		list = append(list, addr)
	}
	return list, nil
}

func readAddress(text, parameter string, family func(netip.Addr) bool) (netip.Addr, error) {
	addr, err := config.ParseUnicast(text)
	switch {
	case err != nil:
		return addr, badValue(text, parameter, "%v", err)
	case !family(addr):
		return addr, badValue(text, parameter, "It is an %s address", ctl.Family(addr))
	}
	return addr, nil
}

// deleteInterface deletes the sessions of the interface with it, as the removal of a source does.
func deleteInterface(_ *request, tx *store.Tx, on []subject) (any, error) {
	if r := one[*ctl.Interface](&on[0]); r.Instance != "" {
		return nil, invalid("InvalidParameterValue", "Network interface %s is currently in use by the instance %s", quoted(r.ID), r.Instance)
	}
	return nil, tx.Delete(store.KindInterface, on[0].id)
}

func writeInterface(d *document, r *ctl.Interface) {
	d.text("networkInterfaceId", r.ID)
	d.maybe("subnetId", r.Port)
	d.maybe("availabilityZone", r.Zone)
	d.maybe("description", r.Description)
	d.text("ownerId", r.Account)
	d.flag("requesterManaged", false)
	d.text("status", interfaceStatus(r))
	d.maybe("macAddress", macText(r))
	d.maybe("privateIpAddress", primaryIPv4(r))
	d.flag("sourceDestCheck", false)
	d.WriteString("<groupSet></groupSet>")
	if r.Instance != "" {
		d.open("attachment")
		d.text("instanceId", r.Instance)
		d.text("instanceOwnerId", r.Account)
		d.text("status", "attached")
		d.close("attachment")
	}
	writeTags(d, r.Tags)
	first := true
	each(d, "privateIpAddressesSet", texts(r.Addresses, netip.Addr.Is4), func(address string) {
		d.text("privateIpAddress", address)
		d.flag("primary", first)
		first = false
	})
	each(d, "ipv6AddressesSet", texts(r.Addresses, netip.Addr.Is6), func(address string) { d.text("ipv6Address", address) })
	d.text("interfaceType", "interface")
}
