package lcore

import (
	"errors"
	"testing"
	"time"

	"mirrorgw/dpdk"
)

// TestDrain: a card is waited for until it has sent everything, or says nothing, but not for ever.
func TestDrain(t *testing.T) {
	card := func(device string) *Port {
		return &Port{PortSpec: PortSpec{Device: device}, Granted: dpdk.Capabilities{TxQueues: 2, TxDesc: 512}}
	}
	both := []*Port{card("0000:3b:00.0"), card("net_null0")}
	never := errors.New("not supported")
	for _, c := range []struct {
		name        string
		ports       []*Port
		busyFor     int // looks at a queue
		err         error
		left        int
		least, most time.Duration
	}{
		{"nothing is left", both, 0, nil, 0, 0, drainLimit / 2},
		{"vdevs are not asked", both[1:], 1 << 30, nil, 0, 0, drainLimit / 2},
		{"a few frames", both, 8, nil, 0, 2 * drainLook, drainLimit},
		{"a card that says nothing", both, 0, never, 0, drainBlind, drainLimit},
		{"a link that is down", both, 1 << 30, nil, 2, drainLimit, 2 * time.Second},
	} {
		looks := 0
		begin := time.Now()
		left := drain(c.ports, func(_ dpdk.PortID, _, descriptors int) (bool, error) {
			if descriptors != 512 {
				t.Errorf("%s: %d descriptors", c.name, descriptors)
			}
			looks++
			return looks <= c.busyFor, c.err
		})
		if took := time.Since(begin); left != c.left || took < c.least || c.most > drainLimit && took > c.most {
			t.Errorf("%s: %d queues left after %v, want %d", c.name, left, took, c.left)
		}
	}
}

// TestStopDrains: what devices say themselves; none of a test can tell.
func TestStopDrains(t *testing.T) {
	g := busy(t)
	run(t, g, mirrored(g, wire0))
	received(t, g, 1000)
	stop(t, g)
	for _, p := range g.Ports() {
		if _, err := dpdk.TxPending(p.ID, 0, p.Granted.TxDesc); !dpdk.IsNotSupported(err) {
			t.Errorf("%s: %v", p.Device, err)
		}
	}
	in, out := g.PortCounters(wire0), g.PortCounters(wire1)
	if in.Rx.Packets != out.Forwarded.Packets {
		t.Errorf("%d frames received, %d forwarded", in.Rx.Packets, out.Forwarded.Packets)
	}
}
