package gateway

import (
	"fmt"
	"net/netip"

	"mirrorgw/ctl/config"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// specOf is the configuration as the data path wants it.
func specOf(cfg *config.Config) (lcore.Spec, error) {
	spec := lcore.Spec{Capacity: lcore.DefaultCapacity, DataRoom: cfg.EAL.DataRoom,
		Congestion: congestionOf(&cfg.Congestion)}
	for _, l := range cfg.EAL.Lcores {
		spec.Workers = append(spec.Workers, l.CPU)
	}
	for _, l := range cfg.EAL.MirrorLcores {
		spec.Mirrors = append(spec.Mirrors, l.CPU)
	}
	for i := range cfg.Ports {
		p := &cfg.Ports[i]
		extra, err := preloaded(&p.Device)
		if err != nil {
			return spec, fmt.Errorf("port %s: %w", p.Name, err)
		}
		peer := rules.NoPeer
		if p.Role == rules.RoleWire {
			peer = cfg.PortIndex(p.Peer)
		}
		spec.Ports = append(spec.Ports, lcore.PortSpec{
			Name: p.Name, Device: p.Device.Text, Role: p.Role, Peer: peer, Queues: p.Queues,
			RxDesc: p.RxDescriptors, TxDesc: p.TxDescriptors, MTU: p.MTU, ExtraRxMbufs: extra,
			Tunnel: p.Tunnel, VLAN: p.VLAN, Addresses: addressesOf(p),
			Repair: repairOf(p), Lossless: cfg.Congestion.Receive != config.BacklogAlways && lossless(&p.Device),
		})
	}
	return spec, spec.Check()
}

func addressesOf(p *config.Port) (addresses []netip.Addr) {
	for _, prefix := range p.Addresses {
		addresses = append(addresses, prefix.Addr())
	}
	return addresses
}

// repairOf says whose checksums are completed in copies of a port's frames.
func repairOf(p *config.Port) pipeline.Repair {
	switch {
	case p.Repair == config.RepairOff:
		return pipeline.RepairNone
	case p.Repair == config.RepairOn || dpdk.DriverOf(p.Device.Driver).PartialCksum:
		return pipeline.RepairAll
	}
	return pipeline.RepairFlagged
}

// preloaded is how many mbufs a device takes for itself: net_pcap with infinite_rx keeps one a
// frame of its capture.
func preloaded(device *config.Device) (frames int, err error) {
	if device.Driver != "net_pcap" || device.Arg("infinite_rx") != "1" {
		return 0, nil
	}
	return config.CountFrames(device.Arg("rx_pcap"))
}

// ealOptions are EAL's arguments for this configuration.
func ealOptions(cfg *config.Config, spec *lcore.Spec, mainCPU int) dpdk.Options {
	o := dpdk.Options{
		Lcores:     spec.Lcores(),
		MainLcore:  mainCPU,
		MemoryMB:   cfg.EAL.MemoryMB,
		Hugepages:  string(cfg.EAL.Hugepages),
		FilePrefix: cfg.EAL.FilePrefix,
		NoPCI:      true,
	}
	for i := range cfg.Ports {
		device := &cfg.Ports[i].Device
		if device.Driver == config.PCI {
			o.NoPCI = false
			o.AllowPCI = append(o.AllowPCI, device.Text)
			continue
		}
		o.Vdevs = append(o.Vdevs, device.Text)
	}
	return o
}
