package main

import (
	"net/netip"

	"mirrorgw/testbed/traffic"
)

const routerMAC = "02:00:00:00:00:fe"

// South of the gateway, behind wire0.
var (
	web1 = traffic.NewHost("web-1", "02:00:00:00:00:01", "10.0.0.5", "2001:db8:1::5")
	db1  = traffic.NewHost("db-1", "02:00:00:00:00:02", "10.0.0.6")
	dev1 = traffic.NewHost("dev-1", "02:00:00:00:00:03", "10.0.0.7", "2001:db8:1::7")
)

// North of it, behind wire1: a backup server and, through the router, everything else.
var (
	router   = traffic.NewHost("router", routerMAC, "10.0.0.1", "2001:db8:1::1")
	backup   = traffic.NewHost("backup", "02:00:00:00:01:09", "10.0.1.9")
	alice    = traffic.NewHost("alice", routerMAC, "198.51.100.20", "2001:db8:99::20")
	bob      = traffic.NewHost("bob", routerMAC, "203.0.113.44")
	mirrors  = traffic.NewHost("package mirror", routerMAC, "203.0.113.80", "2001:db8:77::80")
	resolver = traffic.NewHost("resolver", routerMAC, "169.254.169.253")
	metadata = traffic.NewHost("metadata", routerMAC, "169.254.169.254")
	clock    = traffic.NewHost("time server", routerMAC, "169.254.169.123")
)

func isSouth(h traffic.Host) bool {
	return h.Name == web1.Name || h.Name == db1.Name || h.Name == dev1.Name
}

// day is everything that happens, in order.
func day() []traffic.Said {
	var all []traffic.Said
	for _, scene := range [][]traffic.Said{
		hostsWakeUp(), webServes(), webTakesBackup(), devWorks(), devUsesIPv6(), tagged(), databaseTalks(), oddities(),
	} {
		all = append(all, scene...)
	}
	return all
}

func said(by traffic.Host, frame []byte) traffic.Said { return traffic.Said{By: by, Frame: frame} }

// by makes every frame one that a host sent.
func by(h traffic.Host, frames ...[]byte) (all []traffic.Said) {
	for _, f := range frames {
		all = append(all, said(h, f))
	}
	return all
}

// hostsWakeUp: ARP, DHCP, metadata, time and LLDP, none of which is ever mirrored.
func hostsWakeUp() (all []traffic.Said) {
	for _, h := range []traffic.Host{web1, db1, dev1} {
		all = append(all, by(h, traffic.LLDP(h), traffic.DHCPDiscover(h), traffic.ARPRequest(h, router))...)
		all = append(all, said(router, traffic.ARPReply(router, h)))
		all = append(all, said(h, traffic.From(h).To(clock).UDP(123, 123).Payload(traffic.NTPRequest()).Frame()))
		all = append(all, said(clock, traffic.From(clock).To(h).UDP(123, 123).Payload(traffic.NTPRequest()).Frame()))
	}
	ask := traffic.Dial(web1, 50080, metadata, 80, nil).
		Asks(traffic.HTTPRequest("169.254.169.254", "/latest/meta-data/instance-id")).Answers(traffic.HTTPResponse(19)).Closes()
	return append(all, ask.Said()...)
}

// webServes: HTTP and TLS of two clients.
func webServes() (all []traffic.Said) {
	for i, client := range []traffic.Host{alice, bob} {
		port := uint16(40000 + 10*i)
		plain := traffic.Dial(client, port, web1, 80, nil).
			Asks(traffic.HTTPRequest("web-1", "/index.html")).Answers(traffic.HTTPResponse(6000)).
			Asks(traffic.HTTPRequest("web-1", "/logo.png")).Answers(traffic.HTTPResponse(900)).Closes()
		secure := traffic.Dial(client, port+1, web1, 443, nil).
			Asks(traffic.TLSClientHello("web-1.example")).Answers(traffic.TLSApplicationData(2800)).
			Asks(traffic.TLSApplicationData(300)).Answers(traffic.TLSApplicationData(4000)).Closes()
		all = append(append(all, plain.Said()...), secure.Said()...)
		for n := uint16(1); n <= 3; n++ {
			all = append(all, said(client, traffic.From(client).To(web1).Ping(n).Payload(traffic.Bytes("ping", 56)).Frame()))
			all = append(all, said(web1, traffic.From(web1).To(client).Pong(n).Payload(traffic.Bytes("ping", 56)).Frame()))
		}
	}
	return all
}

// webTakesBackup: jumbo frames of TCP.
func webTakesBackup() []traffic.Said {
	all := traffic.Dial(web1, 50873, backup, 873, nil).Said()
	p := traffic.From(web1).To(backup).TCP(50873, 873)
	const room = 9000 - 40 // IP and TCP header
	for i := range 4 {
		all = append(all, said(web1, p.At(uint32(1+i*room), 1).Payload(traffic.Bytes("backup", room)).Frame()))
		all = append(all, said(backup, traffic.From(backup).To(web1).TCP(873, 50873).At(1, uint32(1+(i+1)*room)).Frame()))
	}
	return all
}

// devWorks: DNS of the resolver, QUIC, UDP in fragments, a package download.
func devWorks() (all []traffic.Said) {
	for i, name := range []string{"packages.example", "go.example", "time.example", "alice.example"} {
		port := uint16(45000 + i)
		answer := traffic.DNSAnswer(name, netip.MustParseAddr("203.0.113.80"))
		all = append(all, said(dev1, traffic.From(dev1).To(resolver).UDP(port, 53).Payload(traffic.DNSQuery(name)).Frame()))
		all = append(all, said(resolver, traffic.From(resolver).To(dev1).UDP(53, port).Payload(answer).Frame()))
	}
	quic, back := traffic.From(dev1).To(mirrors).UDP(47100, 443), traffic.From(mirrors).To(dev1).UDP(443, 47100)
	all = append(all, said(dev1, quic.Payload(traffic.QUICInitial(7)).Frame()), said(mirrors, back.Payload(traffic.QUICInitial(8)).Frame()))
	for n := range 8 {
		all = append(all, said(mirrors, back.Payload(traffic.QUICShort(7, 1250-n)).Frame()))
		all = append(all, said(dev1, quic.Payload(traffic.QUICShort(8, 40)).Frame()))
	}
	log := traffic.From(dev1).To(bob).ID(0xbeef).UDP(46000, 514).Payload(traffic.Bytes("log line", 3500))
	all = append(all, by(dev1, log.Fragments(1480)...)...)
	download := traffic.Dial(dev1, 48000, mirrors, 80, nil).
		Asks(traffic.HTTPRequest("packages.example", "/pool")).Answers(traffic.HTTPResponse(5000)).Closes()
	return append(all, download.Said()...)
}

// devUsesIPv6: TCP, and datagrams behind extension headers and in fragments.
func devUsesIPv6() []traffic.Said {
	alice6, dev6 := alice, dev1
	alice6.IPv4, dev6.IPv4 = netip.Addr{}, netip.Addr{}
	ssh := traffic.Dial(alice6, 42000, dev6, 22, nil).Asks([]byte("SSH-2.0-alice\r\n")).Answers([]byte("SSH-2.0-dev\r\n")).Closes()
	all := ssh.Said()
	p := traffic.From(dev1).To(alice).OverIPv6()
	payload := traffic.Bytes("six", 300)
	all = append(all, by(dev1,
		p.HopByHop().UDP(5001, 5002).Payload(payload).Frame(),
		p.HopByHop().DestinationOptions().Routing().UDP(5001, 5002).Payload(payload).Frame(),
		p.AH().UDP(5001, 5002).Payload(payload).Frame(),
		p.AtomicFragment().UDP(5001, 5002).Payload(payload).Frame(),
		p.Ping(1).Payload(payload).Frame(),
	)...)
	all = append(all, by(dev1, p.ID(6).UDP(5001, 5002).Payload(traffic.Bytes("six in parts", 2500)).Fragments(1232)...)...)
	return append(all, said(alice, traffic.From(alice).To(dev1).OverIPv6().Pong(1).Payload(payload).Frame()))
}

// tagged: the same hosts inside VLANs and in a provider's double tags.
func tagged() (all []traffic.Said) {
	for _, dress := range []func(traffic.Packet) traffic.Packet{
		func(p traffic.Packet) traffic.Packet { return p.VLAN(100) },
		func(p traffic.Packet) traffic.Packet { return p.QinQ(200, 100) },
		func(p traffic.Packet) traffic.Packet { return p.VLAN(100).Tagged(0x9100, 300) },
	} {
		web := traffic.Dial(bob, 41000, web1, 80, dress).
			Asks(traffic.HTTPRequest("web-1", "/tagged")).Answers(traffic.HTTPResponse(400)).Closes()
		all = append(all, web.Said()...)
		all = append(all, said(dev1, dress(traffic.From(dev1).To(bob).UDP(5001, 5002)).Payload(traffic.Bytes("tagged", 200)).Frame()))
	}
	return all
}

// databaseTalks: a host that nobody mirrors.
func databaseTalks() []traffic.Said {
	query := traffic.Dial(backup, 43000, db1, 5432, nil).
		Asks(traffic.Bytes("select", 200)).Answers(traffic.Bytes("rows", 5000)).Closes()
	ask := traffic.From(db1).To(resolver).UDP(45100, 53).Payload(traffic.DNSQuery("db.example")).Frame()
	return append(query.Said(), said(db1, ask))
}

// oddities: frames that no parser likes; they pass all the same.
func oddities() []traffic.Said {
	udp := traffic.From(web1).To(bob).UDP(1, 2).Payload(traffic.Bytes("odd", 60)).Frame()
	return append(by(web1, traffic.Runt(udp, 20), traffic.WithIHL(udp, 3), traffic.WithVersion(udp, 7)),
		said(bob, traffic.Runt(traffic.From(bob).To(web1).TCP(44000, 80).SYN().Frame(), 36)))
}
