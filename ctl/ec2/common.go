package ec2

import (
	"net/netip"

	"mirrorgw/ctl/store"
)

// named is the one resource that a parameter names.
func named[R any](k *kind[R], parameter string) func(*request, *viewer) []subject {
	return func(x *request, v *viewer) []subject { return []subject{k.seek(v, x.in.str(parameter))} }
}

// removable are the parameters whose property a RemoveField takes away.
var removable = map[string]string{
	"destination-port-range": "DestinationPortRange", "source-port-range": "SourcePortRange", "protocol": "Protocol",
	"description": "Description", "packet-length": "PacketLength", "virtual-network-id": "VirtualNetworkId",
}

// removedOnce: a property is set or removed, not both.
func removedOnce(x *request) error {
	for _, field := range x.in.texts("RemoveField") {
		if x.in.has(removable[field]) {
			return invalid("InvalidParameterCombination", "The parameter %s is given and to be removed (%s); do one of the two", removable[field], field)
		}
	}
	return nil
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
