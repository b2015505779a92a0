package cloudwatch

import (
	"maps"
	"slices"
)

// Actions lists the names of the actions that there are, sorted.
func Actions() []string { return slices.Sorted(maps.Keys(actions)) }
