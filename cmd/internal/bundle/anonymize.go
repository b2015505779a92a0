package bundle

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
)

// anonymizer maps addresses by a key that is forgotten with it: equal ones to equal ones, addresses that
// share a prefix to such that share one as long, and MAC addresses to such of the same vendor.
type anonymizer struct {
	key  []byte
	host string
	ips  map[netip.Addr]netip.Addr
	bits map[string]bool
}

func newAnonymizer() (*anonymizer, error) {
	key := make([]byte, sha256.Size)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("there is no randomness to map addresses by: %w", err)
	}
	host, err := os.Hostname()
	if err != nil || len(host) < 3 || host == "localhost" {
		host = ""
	}
	return &anonymizer{key: key, host: host, ips: map[netip.Addr]netip.Addr{}, bits: map[string]bool{}}, nil
}

var (
	macText  = regexp.MustCompile(`\b[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2}){5}\b`)
	ipv4Text = regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}\b`)
	ipText   = regexp.MustCompile(ipv4Text.String() + `|[0-9A-Fa-f:]*::?[0-9A-Fa-f:]+(?:(?:\.\d{1,3}){3})?`)
)

// clean maps what is in a text. Texts are long and addresses few, so only runs of the characters that
// addresses are made of, with enough of what separates their parts, are looked at more closely.
func (a *anonymizer) clean(text []byte) []byte {
	if a.host != "" {
		text = replaceWord(text, a.host, "host")
		if short, _, full := strings.Cut(a.host, "."); full && len(short) >= 3 {
			text = replaceWord(text, short, "host")
		}
	}
	out := make([]byte, 0, len(text))
	for at := 0; at < len(text); {
		end := at
		var colons, dots, dashes int
		for end < len(text) && ofAddress[text[end]] {
			switch text[end] {
			case ':':
				colons++
			case '.':
				dots++
			case '-':
				dashes++
			}
			end++
		}
		run := text[at:end]
		if colons >= 2 || dots >= 3 || dashes >= 5 {
			run = a.run(run, at > 0 && isLetter(text[at-1]) && !isAfterColon(run) || end < len(text) && isLetter(text[end]))
		}
		out = append(out, run...)
		for at = end; at < len(text) && !ofAddress[text[at]]; at++ {
			out = append(out, text[at])
		}
	}
	return out
}

// isAfterColon tells whether a run begins with the colon of what a word names, as in peer:2001:db8::1.
func isAfterColon(run []byte) bool { return run[0] == ':' && run[1] != ':' }

// run maps the addresses in a run. One that is part of a word, as the end of std::, is no IPv6 address.
func (a *anonymizer) run(run []byte, inWord bool) []byte {
	run = macText.ReplaceAllFunc(run, func(mac []byte) []byte { return []byte(a.mac(string(mac))) })
	if inWord {
		return a.ipv4(run)
	}
	return ipText.ReplaceAllFunc(run, func(text []byte) []byte {
		if mapped := a.ip(string(text)); mapped != string(text) {
			return []byte(mapped)
		}
		return a.ipv4(text) // behind something else and a colon
	})
}

func (a *anonymizer) ipv4(text []byte) []byte {
	return ipv4Text.ReplaceAllFunc(text, func(ip []byte) []byte { return []byte(a.ip(string(ip))) })
}

// ofAddress are the characters of addresses.
var ofAddress = func() (is [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF:.-") {
		is[c] = true
	}
	return is
}()

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// replaceWord replaces a word that stands by itself.
func replaceWord(text []byte, word, by string) []byte {
	if !bytes.Contains(text, []byte(word)) {
		return text
	}
	return regexp.MustCompile(`\b`+regexp.QuoteMeta(word)+`\b`).ReplaceAll(text, []byte(by))
}

// mac keeps the vendor, and groups.
func (a *anonymizer) mac(text string) string {
	plain := strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(text))
	raw, err := hex.DecodeString(plain)
	if err != nil || len(raw) != 6 || raw[0]&1 == 1 || plain == "000000000000" {
		return text
	}
	h := hmac.New(sha256.New, a.key)
	h.Write(raw)
	copy(raw[3:], h.Sum(nil))
	parts := make([]string, 6)
	for i, b := range raw {
		parts[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(parts, text[2:3])
}

// ip maps what is an address, and leaves what only looks like one, addresses that are the same everywhere,
// and a colon before or behind an address.
func (a *anonymizer) ip(text string) string {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		if rest, ok := strings.CutSuffix(text, ":"); ok && !strings.HasSuffix(rest, ":") {
			return a.ip(rest) + ":"
		}
		if rest, ok := strings.CutPrefix(text, ":"); ok && !strings.HasPrefix(rest, ":") {
			return ":" + a.ip(rest)
		}
		return text
	}
	switch {
	case addr.Is4In6():
		return "::ffff:" + a.ip(addr.Unmap().String())
	case isCommon(addr):
		return text
	}
	return a.mapped(addr).String()
}

// isCommon tells addresses that say nothing of a host.
func isCommon(addr netip.Addr) bool {
	return addr.IsUnspecified() || addr.IsLoopback() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) ||
		addr.Is4() && (netip.MustParsePrefix("169.254.169.0/24").Contains(addr) || addr.As4()[0] == 255 || addr.As4()[0] == 0) ||
		netip.MustParsePrefix("fd00:ec2::/32").Contains(addr)
}

// mapped flips each bit, or not, by what stands before it (as Crypto-PAn does), so that prefixes survive.
// What makes an address link-local or unique-local stays.
func (a *anonymizer) mapped(addr netip.Addr) netip.Addr {
	if known, ok := a.ips[addr]; ok {
		return known
	}
	raw := addr.AsSlice()
	out := make([]byte, len(raw))
	first := 8 // IPv4: the first byte stays, so that 10/8 stays private
	switch {
	case addr.Is6() && addr.IsLinkLocalUnicast():
		first = 64
	case addr.Is4() && (addr.IsPrivate() || addr.IsLinkLocalUnicast()):
		first = 16
	}
	for i := range len(raw) * 8 {
		bit := raw[i/8] >> (7 - i%8) & 1
		if i >= first && a.flips(raw, i) {
			bit ^= 1
		}
		out[i/8] |= bit << (7 - i%8)
	}
	mapped, _ := netip.AddrFromSlice(out)
	a.ips[addr] = mapped
	return mapped
}

// flips decides for bit n by the n bits before it.
func (a *anonymizer) flips(raw []byte, n int) bool {
	prefix := make([]byte, n/8+1)
	copy(prefix, raw[:n/8+1])
	prefix[n/8] &= 0xff << (8 - n%8) & 0xff
	key := fmt.Sprintf("%d %d %x", len(raw), n, prefix)
	if known, ok := a.bits[key]; ok {
		return known
	}
	h := hmac.New(sha256.New, a.key)
	h.Write([]byte(key))
	flips := h.Sum(nil)[0]&1 == 1
	a.bits[key] = flips
	return flips
}
