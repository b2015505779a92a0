package lcore

import (
	"time"

	"mirrorgw/dpdk"
)

// A worker ends between two bursts: what it has received it has sent, production and copies. But a
// card sends what it was given in its own time, and forgets the rest when its port is stopped. So the
// end of the workers is followed by a wait for the cards.

const (
	// drainLimit bounds that wait. A ring of 1,024 frames of 1,500 bytes takes 13 ms at 1 Gbit/s; a
	// card whose link is down never sends them.
	drainLimit = 100 * time.Millisecond
	// drainBlind is the wait for cards that cannot tell whether they have sent everything.
	drainBlind = 20 * time.Millisecond
	drainLook  = time.Millisecond
)

// sending says whether a transmit queue has frames that have not been sent.
type sending func(port dpdk.PortID, queue, descriptors int) (bool, error)

// drain returns when every card has sent what it was given, or the limit has passed. The workers have
// stopped. It returns how many queues were not empty then.
func drain(ports []*Port, busy sending) (left int) {
	look := time.NewTicker(drainLook)
	defer look.Stop()
	for begin := time.Now(); ; <-look.C {
		left = 0
		blind := false
		for _, p := range ports {
			if dpdk.IsVdev(p.Device) {
				continue // what it was given is the kernel's, the file's or the peer's at once
			}
			for queue := range p.Granted.TxQueues {
				is, err := busy(p.ID, queue, p.Granted.TxDesc)
				blind = blind || err != nil
				if is {
					left++
				}
			}
		}
		waited := time.Since(begin)
		if waited >= drainLimit || left == 0 && (!blind || waited >= drainBlind) {
			return left
		}
	}
}
