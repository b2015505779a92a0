package config

import (
	"fmt"

	"mirrorgw/rules"
)

// checkQueues settles the default queue counts and then enforces one rule: worker i polls queue
// i of every port and sends on queue i of the peer and of the tunnel ports, so there must be a
// worker for each queue and a queue for each worker.
//
// With mirror lcores, queue i of a tunnel port belongs to mirror lcore i instead.
func checkQueues(c *Config) {
	largest := settleQueues(c)
	if checkMirrors(c) && oneQueueDrivers(c) && sendQueues(c) {
		checkWorkers(c, largest)
	}
}

// mirrors says whether a port's queues belong to the mirror lcores.
func (c *Config) mirrors(p *Port) bool {
	return len(c.EAL.MirrorLcores) > 0 && p.Role == rules.RoleTunnel
}

// checkMirrors refuses mirror lcores that would have no worker, and tunnel ports with another number
// of queues, and reports whether all is well.
func checkMirrors(c *Config) bool {
	n := len(c.EAL.MirrorLcores)
	if workers := len(c.EAL.Lcores); n > workers {
		c.EAL.src.Errorf("mirror_lcores", "mirror_lcores names %d but lcores only %s, and each worker hands its copies to one; name at most %d",
			n, count(workers, "worker"), workers)
		return false
	}
	good := true
	for i := range c.Ports {
		if p := &c.Ports[i]; c.mirrors(p) && p.Queues != n {
			p.src.Errorf("queues", "the tunnel port has %s but mirror_lcores names %d, and each sends on a queue of its own; set queues = %d",
				count(p.Queues, "queue"), n, n)
			good = false
		}
	}
	return good
}

func checkWorkers(c *Config, largest int) {
	workers := len(c.EAL.Lcores)
	for i := range c.Ports {
		if p := &c.Ports[i]; p.Queues > workers && !c.mirrors(p) {
			p.src.Errorf("queues", "the port has %s but lcores names %s, so queue %d would have no worker; set queues = %d or name %d lcores",
				count(p.Queues, "queue"), count(workers, "worker"), workers, workers, p.Queues)
			return // the other ports have as many for the same reason
		}
	}
	if workers > largest {
		c.EAL.src.Errorf("lcores", "lcores names %s but no wire or tap port has more than %s, so one would have nothing to do; name fewer lcores or set queues = %d",
			count(workers, "worker"), count(largest, "queue"), workers)
	}
}

// settleQueues fills in absent queue counts and returns the largest of the ports that receive
// production traffic.
func settleQueues(c *Config) int {
	largest := DefaultQueues
	for i := range c.Ports {
		if p := &c.Ports[i]; p.Role != rules.RoleTunnel {
			p.Queues = max(p.Queues, DefaultQueues)
			largest = max(largest, p.Queues)
		}
	}
	for i := range c.Ports {
		p := &c.Ports[i]
		switch {
		case p.Queues != 0:
		case c.mirrors(p):
			p.Queues = len(c.EAL.MirrorLcores)
		default:
			p.Queues = largest
		}
	}
	return largest
}

// oneQueueDrivers refuses several queues on drivers that have a single one whatever one asks
// for, and reports whether all is well. It names one port: the others differ for its sake.
func oneQueueDrivers(c *Config) bool {
	var byDefault *Port
	for i := range c.Ports {
		p := &c.Ports[i]
		if p.Device.Driver != "net_pcap" || p.Queues == 1 {
			continue
		}
		if p.src.Has("queues") {
			p.src.Errorf("queues", "net_pcap has one queue, not %d; set queues = 1 on all ports and name one lcore", p.Queues)
			return false
		}
		byDefault = p
	}
	if byDefault != nil {
		byDefault.src.Errorf("device", "net_pcap has one queue but the workers need %d here; use one queue on all ports or another driver", byDefault.Queues)
	}
	return byDefault == nil
}

// sendQueues looks from each port to the ports that its workers send on, and reports whether
// all have queues enough.
func sendQueues(c *Config) bool {
	good := true
	for i := range c.Ports {
		to := &c.Ports[i]
		if from := hungriest(c, to); from != nil {
			good = false
			to.src.Errorf("queues", "the port has %s but port %q uses %d and every worker that sends here needs its own; set queues = %d",
				count(to.Queues, "queue"), from.Name, from.Queues, from.Queues)
		}
	}
	return good
}

// hungriest returns the port with the most workers that send on port to, if to has too few
// queues for them.
func hungriest(c *Config, to *Port) *Port {
	var found *Port
	for i := range c.Ports {
		from := &c.Ports[i]
		if c.mirrors(to) {
			return nil // checkMirrors looks
		}
		sends := from.Role != rules.RoleTunnel && (to.Tunnel || from.Peer == to.Name)
		if sends && from.Queues > to.Queues && (found == nil || from.Queues > found.Queues) {
			found = from
		}
	}
	return found
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
