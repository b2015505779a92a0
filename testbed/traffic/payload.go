package traffic

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/google/gopacket/layers"
)

// Bytes returns n bytes of a visible, repeating pattern that starts with name, so that a person
// finds the payload in a hex dump and a shifted copy does not compare equal.
func Bytes(name string, n int) []byte {
	b := []byte(name)
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, " %05d", i)
	}
	return b[:n]
}

// HTTPRequest is a GET request for a path of a server.
func HTTPRequest(server, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: testbed\r\nAccept: */*\r\n\r\n", path, server)
}

// HTTPResponse is a response with a body of n bytes.
func HTTPResponse(n int) []byte {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", n)
	return append([]byte(head), Bytes("body", n)...)
}

// TLSClientHello is a TLS 1.2 record with a ClientHello that names a server (RFC 8446 section
// 4.1.2, RFC 6066 section 3), of one cipher suite.
func TLSClientHello(server string) []byte {
	name := append([]byte{0}, prefixed16([]byte(server))...) // name_type host_name
	sni := append([]byte{0, 0}, prefixed16(prefixed16(name))...)
	body := append([]byte{3, 3}, Bytes("client random", 32)...)
	body = append(body, 0)                             // no session id
	body = append(body, 0, 2, 0x13, 0x01)              // TLS_AES_128_GCM_SHA256
	body = append(body, 1, 0)                          // no compression
	body = append(body, prefixed16(sni)...)            // extensions
	hello := append([]byte{1, 0}, prefixed16(body)...) // handshake type 1, 24-bit length
	return append([]byte{22, 3, 1}, prefixed16(hello)...)
}

// TLSApplicationData is a record of n bytes that look encrypted.
func TLSApplicationData(n int) []byte {
	return append([]byte{23, 3, 3}, prefixed16(Bytes("ciphertext", n))...)
}

// QUICInitial looks like a QUIC version 1 Initial packet of 1,200 bytes (RFC 9000 section 17.2.2).
func QUICInitial(connection uint64) []byte {
	b := []byte{0xc3, 0, 0, 0, 1, 8}
	b = binary.BigEndian.AppendUint64(b, connection)
	b = append(b, 0, 0) // no source connection id, no token
	b = binary.BigEndian.AppendUint16(b, 0x4000|uint16(1200-len(b)-2))
	return append(b, Bytes("quic", 1200-len(b))...)
}

// QUICShort looks like a QUIC packet of n bytes with a short header (RFC 9000 section 17.3.1).
func QUICShort(connection uint64, n int) []byte {
	b := binary.BigEndian.AppendUint64([]byte{0x43}, connection)
	return append(b, Bytes("quic", n-len(b))...)
}

// DNSQuery asks for the A record of a name.
func DNSQuery(name string) []byte {
	return serialize(&layers.DNS{ID: 0x2b2b, RD: true, Questions: question(name)})
}

// DNSAnswer answers DNSQuery with one address.
func DNSAnswer(name string, address netip.Addr) []byte {
	answer := layers.DNSResourceRecord{
		Name: []byte(name), Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: 60, IP: net.IP(address.AsSlice()),
	}
	return serialize(&layers.DNS{
		ID: 0x2b2b, QR: true, RD: true, RA: true,
		Questions: question(name), Answers: []layers.DNSResourceRecord{answer},
	})
}

// DNSOverTCP puts the length in front of a message that TCP wants (RFC 1035 section 4.2.2).
func DNSOverTCP(message []byte) []byte { return prefixed16(message) }

func question(name string) []layers.DNSQuestion {
	return []layers.DNSQuestion{{Name: []byte(name), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}
}

// NTPRequest is a client packet of NTP version 4 (RFC 5905 section 7.3), timestamps zero.
func NTPRequest() []byte { return append([]byte{0x23}, make([]byte, 47)...) }

func prefixed16(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}
