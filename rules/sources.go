package rules

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// laySources fills Sources and Sessions: grouped by source, lowest number first.
func (s *Snapshot) laySources(p *Parts) {
	s.Sources = make([]Source, len(p.Interfaces))
	for i := range p.Sessions {
		s.Sources[p.Sessions[i].Source].Count++
	}
	first := 0
	for i := range s.Sources {
		src := &s.Sources[i]
		src.Interface, src.First = p.Interfaces[i], first
		first += src.Count
	}
	s.Sessions = p.Sessions
	if !inOrder(s.Sessions) {
		s.Sessions = s.ordered(p.Sessions)
	}
}

// inOrder reports whether sessions are grouped by source, with ascending numbers.
func inOrder(sessions []Session) bool {
	for i := 1; i < len(sessions); i++ {
		a, b := &sessions[i-1], &sessions[i]
		if a.Source > b.Source || a.Source == b.Source && a.Number > b.Number {
			return false
		}
	}
	return true
}

// ordered copies each session into its source's run. Runs are short, so insertion is the fastest
// way to sort them, and it leaves sessions of one number in the order of the input.
func (s *Snapshot) ordered(sessions []Session) []Session {
	out := make([]Session, len(sessions))
	filled := make([]int, len(s.Sources))
	for i := range sessions {
		source := sessions[i].Source
		run := out[s.Sources[source].First:][:filled[source]+1]
		at := filled[source]
		for ; at > 0 && run[at-1].Number > sessions[i].Number; at-- {
			run[at] = run[at-1]
		}
		run[at] = sessions[i]
		filled[source]++
	}
	return out
}

// checkNumbers refuses two sessions of one source with one number: now they stand side by side.
func (s *Snapshot) checkNumbers() error {
	for i := 1; i < len(s.Sessions); i++ {
		a, b := &s.Sessions[i-1], &s.Sessions[i]
		if a.Source == b.Source && a.Number == b.Number {
			return fmt.Errorf("%s has number %d, which %s has on the same source; numbers must be unique per source",
				label("session", b.Name, b.ID, i), b.Number, label("session", a.Name, a.ID, i-1))
		}
	}
	return nil
}

// keySet finds interfaces that could not be told apart: a hash table of indices, a quarter full at
// most. Its multiplier is random, so that nobody can choose MACs that make it slow.
type keySet struct {
	interfaces []Interface
	slots      []int32 // index + 1, 0: empty
	multiplier uint64
	shift      int
}

func newKeySet(interfaces []Interface) *keySet {
	width := bits.Len(uint(4 * len(interfaces)))
	return &keySet{interfaces, make([]int32, 1<<width), rand.Uint64() | 1, 64 - width}
}

// add adds interface i, or returns one that has the same port, MAC and VLAN.
func (k *keySet) add(i int) (other int, twice bool) {
	f := &k.interfaces[i]
	mask := uint64(len(k.slots) - 1)
	for at := k.hash(f); ; at++ {
		slot := &k.slots[at&mask]
		if *slot == 0 {
			*slot = int32(i) + 1
			return 0, false
		}
		if o := int(*slot) - 1; sameKey(f, &k.interfaces[o]) {
			return o, true
		}
	}
}

func (k *keySet) hash(f *Interface) uint64 {
	word := uint64(f.VLAN+1)<<48 ^ uint64(f.Port)<<58
	if f.HasMAC {
		for i, b := range f.MAC {
			word ^= uint64(b) << (8 * i)
		}
	}
	word *= k.multiplier
	return (word ^ word>>32) * k.multiplier >> k.shift
}

func sameKey(a, b *Interface) bool {
	return a.Port == b.Port && a.VLAN == b.VLAN && a.HasMAC == b.HasMAC && (!a.HasMAC || a.MAC == b.MAC)
}
