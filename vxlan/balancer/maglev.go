package balancer

import (
	"cmp"
	"math"
	"slices"
)

// TableSize is the number of entries of a table: a prime, so that every skip visits all entries, and
// more than 100 times the 500 members up to which the shares stay within 1 % of the weights
// (Eisenbud et al., "Maglev", NSDI 2016, section 3.4 and 5.3).
const TableSize = 65537

// Entry is the entry of a flow, 0 to TableSize-1, by its hash (vxlan.FlowHash): 32 of the well mixed
// bits, below those that the outer source port shows. The data path computes the same in C.
func Entry(flow uint64) int { return int(flow >> 18 & math.MaxUint32 * TableSize >> 32) }

// Weighted is a member as the table sees it.
type Weighted struct {
	Key    string // unique; decides together with the other keys, never the order in the slice
	Weight int    // share of the entries relative to the others; 0 or less: none
}

// Table assigns the entries of a Maglev table: entry i is owned by members[table[i]]. It is nil when
// no member has weight. The same set of members yields the same owners in any order; without one
// member its entries are shared out and few others move. At most 65,536 members take part.
func Table(members []Weighted) []uint16 {
	turns := newTurns(members)
	if len(turns) == 0 {
		return nil
	}
	table := make([]uint16, TableSize)
	taken := make([]bool, TableSize)
	heaviest := int64(0)
	for i := range turns {
		heaviest = max(heaviest, turns[i].weight)
	}
	for free := TableSize; ; {
		for i := range turns {
			t := &turns[i]
			if t.credit += t.weight; t.credit < heaviest {
				continue
			}
			t.credit -= heaviest
			entry := t.next(taken)
			table[entry], taken[entry] = t.index, true
			if free--; free == 0 {
				return table
			}
		}
	}
}

// TableWithout is Table for members of which some are out of use for now: each entry of such a
// member goes to its owner in the table of the others, and no other entry moves at all. Hence the
// failure of a member moves its own flows only, and its return brings back exactly those. It is nil
// when all are out. len(out) is len(members).
func TableWithout(members []Weighted, out []bool) []uint16 {
	return without(Table(members), members, out)
}

// without makes the table of TableWithout from that of all members, which it leaves alone.
func without(full []uint16, members []Weighted, out []bool) []uint16 {
	rest := slices.Clone(members)
	all := true
	for i := range rest {
		if out[i] && rest[i].Weight > 0 {
			rest[i].Weight, all = 0, false
		}
	}
	if all {
		return slices.Clone(full)
	}
	table := Table(rest)
	if table == nil {
		return nil
	}
	for entry, owner := range full {
		if !out[owner] {
			table[entry] = owner
		}
	}
	return table
}

// turns are a member's preferences and its claim to the next turn. The heaviest member has a turn in
// each round, one of half its weight in every other round (paper, end of section 3.4).
type turns struct {
	key            string
	index          uint16
	weight, credit int64
	at, skip       int // next preferred entry, and the step to the one after
}

func newTurns(members []Weighted) []turns {
	list := make([]turns, 0, len(members))
	for i, m := range members {
		if m.Weight <= 0 || i > math.MaxUint16 {
			continue
		}
		h := hash(m.Key)
		list = append(list, turns{key: m.Key, index: uint16(i), weight: int64(m.Weight),
			at: int(h % TableSize), skip: int(mix(h^0x9e3779b97f4a7c15)%(TableSize-1)) + 1})
	}
	slices.SortStableFunc(list, func(a, b turns) int { return cmp.Compare(a.key, b.key) })
	return list
}

// next returns the most preferred entry that is free. There is one.
func (t *turns) next(taken []bool) int {
	for {
		entry := t.at
		if t.at += t.skip; t.at >= TableSize {
			t.at -= TableSize
		}
		if !taken[entry] {
			return entry
		}
	}
}

// hash is FNV-1a, mixed. It is the same in every run and version: after a restart flows find the
// member that they had.
func hash(key string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 0x100000001b3
	}
	return mix(h)
}

// mix spreads every bit over all bits (the finalizer of MurmurHash3).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
