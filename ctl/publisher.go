package ctl

import "mirrorgw/rules"

// Publisher puts a compiled configuration in force. It is implemented by the data path.
type Publisher interface {
	// Publish returns once every lcore works by the snapshot and none uses the previous one, so
	// that a change may be acknowledged afterwards. On error the previous snapshot stays in
	// force. The snapshot belongs to the publisher from then on and is never modified. Calls
	// must not overlap.
	Publish(*rules.Snapshot) error
}
