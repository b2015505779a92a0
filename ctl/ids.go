package ctl

import (
	"encoding/hex"
	"fmt"
	"io"
	"regexp"

	"mirrorgw/rules"
)

// Prefixes of identifiers, as in AWS.
const (
	PrefixInterface = "eni-"
	PrefixTarget    = "tmt-"
	PrefixFilter    = "tmf-"
	PrefixRule      = "tmfr-"
	PrefixSession   = "tms-"
)

var (
	anyID = regexp.MustCompile(`^(eni|tmt|tmf|tmfr|tms)-[0-9a-f]{17}$`)
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

// completer draws what a document leaves out.
type completer struct {
	random io.Reader
	taken  map[string]bool
	vnis   map[vniKey]bool
}

type vniKey struct {
	account string
	vni     int
}

// Complete fills in every identifier and VNI that the document leaves out, from random
// (crypto/rand.Reader in production). A drawn VNI is unique in its account.
func (d *Document) Complete(random io.Reader) error {
	c := &completer{random: random, taken: map[string]bool{}, vnis: map[vniKey]bool{}}
	slots := d.idSlots()
	for _, slot := range slots {
		c.taken[*slot.id] = true
	}
	for _, slot := range slots {
		if err := c.fill(slot); err != nil {
			return err
		}
	}
	for i := range d.Sessions {
		c.vnis[vniKey{d.Sessions[i].Account, d.Sessions[i].VNI}] = true
	}
	for i := range d.Sessions {
		if s := &d.Sessions[i]; s.VNI == 0 {
			if err := c.drawVNI(s); err != nil {
				return err
			}
		}
	}
	return nil
}

type idSlot struct {
	prefix string
	id     *string
}

func (d *Document) idSlots() []idSlot {
	var slots []idSlot
	for i := range d.Interfaces {
		slots = append(slots, idSlot{PrefixInterface, &d.Interfaces[i].ID})
	}
	for i := range d.Targets {
		slots = append(slots, idSlot{PrefixTarget, &d.Targets[i].ID})
	}
	for i := range d.Filters {
		slots = append(slots, idSlot{PrefixFilter, &d.Filters[i].ID})
		for j := range d.Filters[i].Rules {
			slots = append(slots, idSlot{PrefixRule, &d.Filters[i].Rules[j].ID})
		}
	}
	for i := range d.Sessions {
		slots = append(slots, idSlot{PrefixSession, &d.Sessions[i].ID})
	}
	return slots
}

func (c *completer) fill(slot idSlot) error {
	for *slot.id == "" {
		id, err := NewID(slot.prefix, c.random)
		if err != nil {
			return err
		}
		if !c.taken[id] {
			c.taken[id], *slot.id = true, id
		}
	}
	return nil
}

// drawVNI draws 24 bits until they are a VNI that the account does not use. At most 65,536 of
// 16,777,215 are in use, so a second draw is rare.
func (c *completer) drawVNI(s *Session) error {
	var b [3]byte
	for {
		if _, err := io.ReadFull(c.random, b[:]); err != nil {
			return fmt.Errorf("no random bytes for the VNI of session %q (%w); check the system's random device", s.Name, err)
		}
		key := vniKey{s.Account, int(b[0])<<16 | int(b[1])<<8 | int(b[2])}
		if key.vni >= rules.VNIMin && !c.vnis[key] {
			c.vnis[key], s.VNI = true, key.vni
			return nil
		}
	}
}
