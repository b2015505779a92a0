package history

import (
	"cmp"
	"slices"
)

// Kind is what a series is of. The numbers are on disk.
type Kind uint8

// The kinds. What is written first goes first where there is not enough space.
const (
	Gateway  Kind = 1 // all copies together
	Port     Kind = 2
	Lcore    Kind = 3
	Skips    Kind = 4 // copies skipped for one reason
	Drops    Kind = 5 // production frames dropped for one reason
	Rollup   Kind = 6 // all instances with one value of one dimension
	Instance Kind = 7
)

// Key identifies a series. Keys compare with ==.
type Key struct {
	Kind    Kind
	Step    int    // minutes of a slot: 1 or 5
	Account string // of an instance or a rollup, else empty

	// Name is the instance, port or reason, the number of the lcore, or, of a rollup, the value
	// of the dimension.
	Name string

	Dimension string // of a rollup: AutoScalingGroupName, ImageId or InstanceType

	Group, Image, Type string // of an instance; each may be empty
}

// The dimensions of rollups, by their names in CloudWatch.
const (
	ByGroup = "AutoScalingGroupName"
	ByImage = "ImageId"
	ByType  = "InstanceType"
)

// Metrics are the columns of an Instance, by their names in CloudWatch. Values are bytes, or packets.
var Metrics = []string{
	"NetworkMirrorIn", "NetworkMirrorOut", "NetworkSkipMirrorIn", "NetworkSkipMirrorOut",
	"NetworkPacketsMirrorIn", "NetworkPacketsMirrorOut", "NetworkPacketsSkipMirrorIn", "NetworkPacketsSkipMirrorOut",
}

// Columns of a Rollup: for metric i of Metrics, Sum(i), Lowest(i) and Highest(i), and Samples.
func Sum(metric int) int     { return 3 * metric }
func Lowest(metric int) int  { return 3*metric + 1 }
func Highest(metric int) int { return 3*metric + 2 }

// Samples is the column of a Rollup that says of how many instances there was a value.
const Samples = 24

// merge says what becomes of two values of one column and slot.
type merge uint8

const (
	add merge = iota
	lowest
	highest
)

type column struct {
	name  string
	merge merge
}

// columns of each kind. A new one goes to the end: the numbers are on disk.
var columns = map[Kind][]column{
	Gateway:  named("matched_packets", "matched_bytes", "mirrored_packets", "mirrored_bytes", "skipped_packets", "skipped_bytes", "truncated_packets"),
	Port:     named("rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "copies_packets", "copies_bytes", "dropped_packets"),
	Lcore:    named("busy_us", "polled_us"),
	Skips:    named("packets", "bytes"),
	Drops:    named("packets"),
	Instance: named(Metrics...),
	Rollup:   rollupColumns(),
}

// maxColumns is the most that a kind may have: a set of them is one number.
const maxColumns = 32

func named(names ...string) (list []column) {
	for _, name := range names {
		list = append(list, column{name, add})
	}
	return list
}

func rollupColumns() (list []column) {
	for _, name := range Metrics {
		list = append(list, column{name, add}, column{name + ".lowest", lowest}, column{name + ".highest", highest})
	}
	return append(list, column{"samples", highest})
}

// Columns are the names of the columns of a kind, in their order; nil for no kind. Units are in the
// names; CloudWatch's metrics are bytes, those with Packets in the name packets.
func (k Kind) Columns() (names []string) {
	for _, c := range columns[k] {
		names = append(names, c.name)
	}
	return names
}

// Column is the index of a column of a kind, or -1.
func (k Kind) Column(name string) int {
	return slices.IndexFunc(columns[k], func(c column) bool { return c.name == name })
}

// valid says whether a series may have this key; what comes from a disk may not.
func (k *Key) valid() bool {
	if columns[k.Kind] == nil || k.Step != 1 && k.Step != 5 {
		return false
	}
	for _, text := range []string{k.Account, k.Name, k.Dimension, k.Group, k.Image, k.Type} {
		if len(text) > maxText {
			return false
		}
	}
	return true
}

// nameKey is what series that differ only in details have in common.
type nameKey struct {
	kind                     Kind
	account, dimension, name string
}

func (k *Key) nameKey() nameKey { return nameKey{k.Kind, k.Account, k.Dimension, k.Name} }

// maxText is how long a name may be, bytes: 128 characters of resources fit.
const maxText = 1 << 10

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Image, b.Image), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Step, b.Step))
}
