package config

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"mirrorgw/ctl/tomldoc"
)

const maxName = 64 // letters of a name

// CheckName returns an error that says what a name may hold, or nil: 1 to 64 of [A-Za-z0-9._-].
func CheckName(name string) error {
	if len(name) >= 1 && len(name) <= maxName && strings.IndexFunc(name, notInName) < 0 {
		return nil
	}
	return fmt.Errorf("name %q is not allowed; use 1 to %d letters, digits, dots, underscores and hyphens", name, maxName)
}

func notInName(c rune) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		return false
	}
	return true
}

func checkName(t *tomldoc.Table, key, name string) {
	if err := CheckName(name); err != nil {
		t.Errorf(key, "%s %v", key, strings.TrimPrefix(err.Error(), "name "))
	}
}

// ParseMAC reads six hexadecimal bytes separated by colons. Multicast addresses and the zero
// address are refused, for nothing that we name by its MAC can have one.
func ParseMAC(text string) ([6]byte, error) {
	var mac [6]byte
	parts := strings.Split(strings.ReplaceAll(text, "-", ":"), ":")
	if len(parts) != len(mac) {
		return mac, badMAC(text)
	}
	for i, part := range parts {
		b, err := hex.DecodeString(part)
		if err != nil || len(b) != 1 {
			return mac, badMAC(text)
		}
		mac[i] = b[0]
	}
	if mac == [6]byte{} {
		return mac, fmt.Errorf("mac %q is the zero address; write the interface's own address", text)
	}
	if mac[0]&1 != 0 {
		return mac, fmt.Errorf("mac %q is a multicast address; write the interface's own address, whose first byte is even", text)
	}
	return mac, nil
}

func badMAC(text string) error {
	return fmt.Errorf("mac %q is not a MAC address; write six bytes like 02:00:00:00:00:01", text)
}

// FormatMAC writes a MAC address the way ParseMAC reads it.
func FormatMAC(mac [6]byte) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
}

// ParseUnicast reads an IPv4 or IPv6 address that one host can have. IPv4-mapped IPv6 addresses
// are refused, so that every address has one spelling.
func ParseUnicast(text string) (netip.Addr, error) {
	if base, _, cut := strings.Cut(text, "/"); cut {
		return netip.Addr{}, fmt.Errorf("address %q has a prefix length; write %s", text, base)
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return addr, fmt.Errorf("address %q is not an IP address; write one like 192.0.2.1 or 2001:db8::1", text)
	case addr.Zone() != "":
		return addr, fmt.Errorf("address %q has a zone; write it without %%%s", text, addr.Zone())
	case addr.Is4In6():
		return addr, fmt.Errorf("address %q is IPv4 in IPv6 notation; write %s", text, addr.Unmap())
	case addr.IsUnspecified(), addr.IsMulticast(), addr.IsLoopback(), addr == broadcast:
		return addr, fmt.Errorf("address %q is not the address of one host on the network; write a unicast address", text)
	}
	return addr, nil
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
