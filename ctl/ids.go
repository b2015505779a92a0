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
)

var (
	anyID = regexp.MustCompile(`^(eni|tmt|tmf|tmfr|tms|nlb)-[0-9a-f]{17}$`)
	hexID = regexp.MustCompile(`^[0-9a-f]{17}$`)
)

// IsID reports whether text has the form of an identifier of any kind. No name has it.
func IsID(text string) bool { return anyID.MatchString(text) }

// isIDOf reports whether text is prefix and 17 hexadecimal digits.
func isIDOf(prefix, text string) bool {
	return len(text) > len(prefix) && text[:len(prefix)] == prefix && hexID.MatchString(text[len(prefix):])
}

// NewID draws an identifier: prefix and 17 hexadecimal digits (68 bits) read from random.
func NewID(prefix string, random io.Reader) (string, error) {
	var b [9]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("no random bytes for a new %s identifier (%w); check the system's random device", prefix, err)
	}
	return prefix + hex.EncodeToString(b[:])[:17], nil
}

// DrawVNI draws 24 bits, 0 included, from random.
func DrawVNI(random io.Reader) (int, error) {
	var b [3]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0, fmt.Errorf("no random bytes for a VNI (%w); check the system's random device", err)
	}
	return int(b[0])<<16 | int(b[1])<<8 | int(b[2]), nil
}
