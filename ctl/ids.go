package ctl

import (
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
)

// Prefixes of identifiers, as in AWS.
const (
	PrefixInterface    = "eni-"
	PrefixTarget       = "tmt-"
	PrefixFilter       = "tmf-"
	PrefixRule         = "tmfr-"
	PrefixSession      = "tms-"
	PrefixLoadBalancer = "nlb-"

	// PrefixShare stands for identifiers that are UUIDs, as those of AWS RAM are.
	PrefixShare = ""
)

var (
	anyID = regexp.MustCompile(`^(eni|tmt|tmf|tmfr|tms|nlb)-[0-9a-f]{17}$`)
	hexID = regexp.MustCompile(`^[0-9a-f]{17}$`)
	uuid  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// IsUUID reports whether text has the form of a UUID (RFC 9562 section 4), in lower case.
func IsUUID(text string) bool { return uuid.MatchString(text) }

// IsID reports whether text has the form of an identifier of any kind. No name has it.
func IsID(text string) bool { return anyID.MatchString(text) }

// isIDOf reports whether text is prefix and 17 hexadecimal digits.
func isIDOf(prefix, text string) bool {
	return len(text) > len(prefix) && text[:len(prefix)] == prefix && hexID.MatchString(text[len(prefix):])
}

// NewID draws an identifier: prefix and 17 hexadecimal digits (68 bits) read from random, or with
// PrefixShare a UUID of version 4 (122 bits, RFC 9562 section 5.4).
func NewID(prefix string, random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:idBytes(prefix)]); err != nil {
		return "", fmt.Errorf("no random bytes for a new %s identifier (%w); check the system's random device", prefix, err)
	}
	if prefix == PrefixShare {
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
	}
	return prefix + hex.EncodeToString(b[:])[:17], nil
}

func idBytes(prefix string) int {
	if prefix == PrefixShare {
		return 16
	}
	return 9
}

// DrawVNI draws 24 bits, 0 included, from random.
func DrawVNI(random io.Reader) (int, error) {
	var b [3]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0, fmt.Errorf("no random bytes for a VNI (%w); check the system's random device", err)
	}
	return int(b[0])<<16 | int(b[1])<<8 | int(b[2]), nil
}
