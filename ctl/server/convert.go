package server

import (
	"net"
	"net/netip"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// Conversion from the wire to records judges only what a record cannot hold: text that is no
// address, MAC, CIDR block, protocol, direction or action. Everything else is the store's.

func commonRecord(id string, c *api.Common) ctl.Common {
	record := ctl.Common{ID: id, Name: c.Name, Account: c.OwnerID, Description: c.Description, Tags: c.Tags}
	if record.Account == "" {
		record.Account = ctl.DefaultAccount
	}
	return record
}

func commonWire(c *ctl.Common) api.Common {
	return api.Common{Name: c.Name, Description: c.Description, OwnerID: c.Account, Tags: c.Tags}
}

// address reads an address, or notes a fault; absent text is the zero address.
func (f *faults) address(field, text string) netip.Addr {
	if text == "" {
		return netip.Addr{}
	}
	address, err := config.ParseUnicast(text)
	if err != nil {
		f.add(api.CodeInvalidValue, field, "%v", err)
	}
	return address
}

func interfaceRecord(w *api.NetworkInterface, f *faults) *ctl.Interface {
	r := &ctl.Interface{
		Common: commonRecord(w.NetworkInterfaceID, &w.Common), Port: w.Port, VLAN: rules.VLANAny, MTU: w.MTU,
		Zone: w.AvailabilityZone, Instance: w.InstanceID, Image: w.ImageID, InstanceType: w.InstanceType,
		AutoscalingGroup: w.AutoScalingGroup, Monitoring: w.Monitoring,
	}
	if w.MACAddress != "" {
		mac, err := config.ParseMAC(w.MACAddress)
		if err != nil {
			f.add(api.CodeInvalidValue, "macAddress", "%v", err)
		}
		r.MAC, r.HasMAC = mac, true
	}
	switch {
	case w.VLAN < 0: // not for the store to see: rules.VLANAny is one of them
		f.add(api.CodeInvalidValue, "vlan", "vlan is %d; give it %d to %d, or leave it out for any", w.VLAN, rules.VLANMin, rules.VLANMax)
	case w.VLAN > 0:
		r.VLAN = w.VLAN
	}
	if r.Monitoring == "" {
		r.Monitoring = "basic"
	}
	for _, text := range w.IPAddresses {
		if text == "" {
			f.add(api.CodeInvalidValue, "ipAddresses", "an address is empty; write one like 10.0.0.5, or remove it")
			continue
		}
		r.Addresses = append(r.Addresses, f.address("ipAddresses", text))
	}
	return r
}

func interfaceWire(r *ctl.Interface) api.NetworkInterface {
	w := api.NetworkInterface{
		NetworkInterfaceID: r.ID, Common: commonWire(&r.Common), Port: r.Port, MTU: r.MTU,
		AvailabilityZone: r.Zone, InstanceID: r.Instance, ImageID: r.Image, InstanceType: r.InstanceType,
		AutoScalingGroup: r.AutoscalingGroup, Monitoring: r.Monitoring,
	}
	if r.HasMAC {
		w.MACAddress = net.HardwareAddr(r.MAC[:]).String()
	}
	if r.VLAN > 0 {
		w.VLAN = r.VLAN
	}
	for _, address := range r.Addresses {
		w.IPAddresses = append(w.IPAddresses, address.String())
	}
	return w
}

func targetRecord(w *api.TrafficMirrorTarget, f *faults) *ctl.Target {
	return &ctl.Target{Common: commonRecord(w.TrafficMirrorTargetID, &w.Common), Address: f.address("ipAddress", w.IPAddress),
		Interface: w.NetworkInterfaceID, LoadBalancer: w.LoadBalancerID, MTU: w.MTU,
		Limit: rules.Limit{PPS: w.RateLimitPPS, BPS: int(w.RateLimitBPS)}}
}

func targetWire(r *ctl.Target) api.TrafficMirrorTarget {
	w := api.TrafficMirrorTarget{TrafficMirrorTargetID: r.ID, Common: commonWire(&r.Common),
		NetworkInterfaceID: r.Interface, LoadBalancerID: r.LoadBalancer, MTU: r.MTU,
		RateLimitPPS: r.Limit.PPS, RateLimitBPS: int64(r.Limit.BPS)}
	if r.Address.IsValid() {
		w.IPAddress = r.Address.String()
	}
	return w
}

func sessionRecord(w *api.TrafficMirrorSession, _ *faults) *ctl.Session {
	return &ctl.Session{Common: commonRecord(w.TrafficMirrorSessionID, &w.Common), Source: w.NetworkInterfaceID,
		Target: w.TrafficMirrorTargetID, Filter: w.TrafficMirrorFilterID, Number: w.SessionNumber,
		VNI: w.VirtualNetworkID, PacketLength: w.PacketLength, SampleOneIn: w.SampleOneIn, Inactive: w.Inactive,
		Limit: rules.Limit{PPS: w.RateLimitPPS, BPS: int(w.RateLimitBPS)}}
}

// sessionWire lacks the state, which a record does not have.
func sessionWire(r *ctl.Session) api.TrafficMirrorSession {
	return api.TrafficMirrorSession{TrafficMirrorSessionID: r.ID, Common: commonWire(&r.Common), NetworkInterfaceID: r.Source,
		TrafficMirrorTargetID: r.Target, TrafficMirrorFilterID: r.Filter, SessionNumber: r.Number,
		VirtualNetworkID: r.VNI, PacketLength: r.PacketLength, SampleOneIn: r.SampleOneIn, Inactive: r.Inactive,
		RateLimitPPS: r.Limit.PPS, RateLimitBPS: int64(r.Limit.BPS)}
}

func balancerRecord(w *api.LoadBalancer, f *faults) *ctl.LoadBalancer {
	r := &ctl.LoadBalancer{Common: commonRecord(w.LoadBalancerID, &w.Common), CrossZone: w.CrossZone}
	for _, l := range w.Listeners {
		r.Listeners = append(r.Listeners, ctl.Listener(l))
	}
	if w.Health != nil {
		health := ctl.HealthCheck(*w.Health)
		r.Health = &health
	}
	for _, m := range w.Members {
		if m.Address == "" {
			f.add(api.CodeMissingValue, "members", "a member has no address; add \"address\": \"192.0.2.10\"")
			continue
		}
		member := ctl.Member{Address: f.address("members", m.Address), Zone: m.AvailabilityZone, Weight: ctl.DefaultWeight, Draining: m.Draining}
		if m.Weight != nil {
			member.Weight = *m.Weight
		}
		r.Members = append(r.Members, member)
	}
	return r
}

func balancerWire(r *ctl.LoadBalancer) api.LoadBalancer {
	w := api.LoadBalancer{LoadBalancerID: r.ID, Common: commonWire(&r.Common), CrossZone: r.CrossZone}
	for _, l := range r.Listeners {
		w.Listeners = append(w.Listeners, api.Listener(l))
	}
	if r.Health != nil {
		health := api.HealthCheck(*r.Health)
		w.Health = &health
	}
	for _, m := range r.Members {
		weight := m.Weight
		w.Members = append(w.Members, api.LoadBalancerMember{Address: m.Address.String(), AvailabilityZone: m.Zone, Weight: &weight, Draining: m.Draining})
	}
	return w
}
