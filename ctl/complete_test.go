package ctl

import (
	"crypto/rand"
	"strings"
	"testing"

	"mirrorgw/rules"
)

// TestComplete asserts that drawn values are well-formed, unique and lasting.
func TestComplete(t *testing.T) {
	doc := &Document{}
	for i := range 500 {
		account := DefaultAccount
		if i%2 == 0 {
			account = "111111111111"
		}
		doc.Sessions = append(doc.Sessions, Session{Common: Common{Account: account}, VNI: i % 3})
	}
	if err := doc.Complete(rand.Reader); err != nil {
		t.Fatal(err)
	}
	ids, vnis := map[string]bool{}, map[vniKey]int{}
	for i, s := range doc.Sessions {
		if !isIDOf(PrefixSession, s.ID) || ids[s.ID] {
			t.Errorf("ID %q is malformed or not unique", s.ID)
		}
		if i%3 == 0 {
			vnis[vniKey{s.Account, s.VNI}]++
			if s.VNI < rules.VNIMin || s.VNI > rules.VNIMax {
				t.Errorf("drew VNI %d", s.VNI)
			}
		}
		ids[s.ID] = true
	}
	for key, n := range vnis {
		if n > 1 || key.vni <= 2 {
			t.Errorf("VNI %d drawn though in use", key.vni)
		}
	}
	before := doc.Sessions[7]
	if err := doc.Complete(rand.Reader); err != nil || doc.Sessions[7].ID != before.ID || doc.Sessions[7].VNI != before.VNI {
		t.Error("a second Complete changed something")
	}
}

// TestDrawAvoidsTaken feeds chosen "random" bytes: zero and VNIs in use must be drawn again.
func TestDrawAvoidsTaken(t *testing.T) {
	doc := &Document{Sessions: []Session{{Common: Common{ID: "tms-00000000000000001"}, VNI: 5}, {Common: Common{ID: "tms-00000000000000002"}}}}
	if err := doc.Complete(strings.NewReader("\x00\x00\x00" + "\x00\x00\x05" + "\x00\x01\x00")); err != nil || doc.Sessions[1].VNI != 256 {
		t.Errorf("VNI %d, %v", doc.Sessions[1].VNI, err)
	}
	doc.Sessions[1].VNI = 0
	if err := doc.Complete(strings.NewReader("")); err == nil {
		t.Error("no random bytes and no error")
	}
}

func TestBuildKeepsDocument(t *testing.T) {
	doc, err := ParseDocument("resources.toml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Build(doc, cfg(t, gateway), Options{}); err != nil {
		t.Fatal(err)
	}
	if doc.Targets[0].ID != "" || doc.Filters[0].Rules[0].ID != "" {
		t.Error("Build modified the document")
	}
}
