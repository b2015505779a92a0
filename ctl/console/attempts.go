package console

import (
	"net/netip"
	"time"

	"mirrorgw/ctl/door"
)

// attempts limit failed log-ins: of one address with one key, of one address, and of one key from
// wherever. The last is wide, so that strangers do not keep the owner of a key out; on loopback
// everybody of the machine has one address, so that the second is wider there.
type attempts struct {
	pairs     door.Buckets[attempt]
	addresses door.Buckets[netip.Prefix]
	keys      door.Buckets[string]
}

type attempt struct {
	from netip.Prefix
	key  string
}

func (a *attempts) setRates(loopback bool) {
	a.pairs.Set(door.Rate{PerSecond: 0.1, Burst: 5})
	a.keys.Set(door.Rate{PerSecond: 1, Burst: 100})
	a.addresses.Set(door.Rate{PerSecond: 0.5, Burst: 20})
	if loopback {
		a.addresses.Set(door.Rate{PerSecond: 2, Burst: 100})
	}
}

// allowed tells whether somebody may try.
func (a *attempts) allowed(from netip.Addr, key string, now time.Time) bool {
	source := door.Source(from)
	return a.pairs.Left(attempt{source, key}, now) && a.addresses.Left(source, now) && a.keys.Left(key, now)
}

// failed counts an attempt that failed.
func (a *attempts) failed(from netip.Addr, key string, now time.Time) {
	source := door.Source(from)
	a.pairs.Take(attempt{source, key}, now)
	a.addresses.Take(source, now)
	a.keys.Take(key, now)
}
