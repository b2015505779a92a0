package metrics

import "mirrorgw/ctl/report"

var byPort = []string{"port"}

var portFamilies = []family{
	{"mirrorgw_port_info", gauge, []string{"port", "role", "peer", "driver"}, "Always 1: what a port is; the peer of a wire port is the port across", portInfo},
	{"mirrorgw_port_up", gauge, byPort, "1 if the port's link is up, else 0", portUp},
	portCounter("rx_packets", "Frames received", func(p *report.Port) int64 { return p.RxPackets }),
	portCounter("rx_bytes", "Bytes received, without FCS", func(p *report.Port) int64 { return p.RxBytes }),
	portCounter("tx_packets", "Frames sent: production, copies and frames of the gateway's own", func(p *report.Port) int64 { return p.TxPackets }),
	portCounter("tx_bytes", "Bytes sent, without FCS; of copies, those of the outer frame", func(p *report.Port) int64 { return p.TxBytes }),
	portCounter("copies_packets", "Copies sent; part of tx", func(p *report.Port) int64 { return p.CopiesPackets }),
	portCounter("copies_bytes", "Bytes of copies sent: outer frames, after truncation", func(p *report.Port) int64 { return p.CopiesBytes }),
	portCounter("consumed_packets", "Frames received for the gateway itself and taken in", func(p *report.Port) int64 { return p.Consumed }),
	portCounter("consumed_bytes", "Bytes of frames received for the gateway itself", func(p *report.Port) int64 { return p.ConsumedBytes }),
	portCounter("originated_packets", "Frames of the gateway's own sent (ARP, Neighbor Discovery, ICMP, probes); part of tx", func(p *report.Port) int64 { return p.OriginatedPackets }),
	portCounter("originated_bytes", "Bytes of frames of the gateway's own sent", func(p *report.Port) int64 { return p.OriginatedBytes }),
	portCounter("originate_failed_packets", "Frames of the gateway's own that the port refused", func(p *report.Port) int64 { return p.OriginateFailed }),
	portReasons("dropped_packets", "reason", "Production frames received here and lost", func(p *report.Port, n *Reasons) (report.Counts, []string) { return p.Dropped, n.Dropped }),
	portReasons("ignored_packets", "reason", "Frames received here that the gateway learnt nothing from", func(p *report.Port, n *Reasons) (report.Counts, []string) { return p.Ignored, n.Ignored }),
	portReasons("unclassified_packets", "reason", "Frames received here that a source saw and whose headers could not be followed", func(p *report.Port, n *Reasons) (report.Counts, []string) {
		return p.Unclassified, n.Unclassified
	}),
	portReasons("fragments", "fate", "Fragments received here, other than the first of a datagram, once per source that saw them, by what became of them", func(p *report.Port, n *Reasons) (report.Counts, []string) { return p.Fragments, n.Fragments }),
	portCounter("partial_checksums_packets", "Frames received here and accepted by a session that had an incomplete checksum", func(p *report.Port) int64 { return p.PartialChecksums }),
	portCounter("unseen_congestion_packets", "Frames received here whose sources were not looked up, because the worker was too busy with production", func(p *report.Port) int64 { return p.UnseenCongestion }),
	portReasons("driver_errors", "counter", "Frames that the driver lost by its own account: imissed, ierrors and rx_nombuf before they were ours, oerrors after", func(p *report.Port, _ *Reasons) (report.Counts, []string) {
		return p.Driver, driverCounters
	}),
}

// driverCounters are what a driver may say, as the report names them.
var driverCounters = []string{"ierrors", "imissed", "oerrors", "rx_nombuf"}

func portInfo(s *scene, o *out) {
	for _, name := range s.ports {
		p, driver := s.report.Ports[name], ""
		if status := s.portStatus(name); status != nil {
			driver = status.Driver
		}
		o.flag(true, name, p.Role, p.Peer, driver)
	}
}

func portUp(s *scene, o *out) {
	for _, name := range s.ports {
		if status := s.portStatus(name); status != nil {
			o.flag(status.LinkUp, name)
		}
	}
}

func portCounter(name, help string, of func(*report.Port) int64) family {
	return family{"mirrorgw_port_" + name + "_total", counter, byPort, help, func(s *scene, o *out) {
		for _, name := range s.ports {
			p := s.report.Ports[name]
			o.count(of(&p), name)
		}
	}}
}

// portReasons writes every reason there is, so that the first frame of one is an increase.
func portReasons(name, label, help string, of func(*report.Port, *Reasons) (report.Counts, []string)) family {
	return family{"mirrorgw_port_" + name + "_total", counter, []string{"port", label}, help, func(s *scene, o *out) {
		for _, name := range s.ports {
			p := s.report.Ports[name]
			counts, names := of(&p, &s.Reasons)
			eachReason(counts, names, func(reason string, n int64) { o.count(n, name, reason) })
		}
	}}
}
