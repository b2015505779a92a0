package ec2

import (
	"net/netip"

	"mirrorgw/ctl/store"
)

// named is the one resource that a parameter names.
func named[R any](k *kind[R], parameter string) func(*request, *viewer) []subject {
	return func(x *request, v *viewer) []subject { return []subject{k.seek(v, x.in.str(parameter))} }
}

// remove deletes what the action is on.
func remove(_ *request, tx *store.Tx, on []subject) (any, error) {
	if err := own(&on[0]); err != nil {
		return nil, err
	}
	return nil, tx.Delete(on[0].kind, on[0].id)
}

// writeID answers a deletion.
func writeID(element string) func(*request, *document, *outcome) {
	return func(_ *request, d *document, o *outcome) { d.text(element, o.on[0].id) }
}

// cidrText is a block as EC2 tells it, where a rule always has one: what the gateway leaves out is
// everything, of the family of the other block.
func cidrText(block, other netip.Prefix) string {
	switch {
	case block.IsValid():
		return block.String()
	case other.IsValid() && !other.Addr().Is4():
		return "::/0"
	}
	return "0.0.0.0/0"
}
