package door

import (
	"net/netip"
	"sync"
	"time"
)

// Rate is a token bucket: so many requests a second for long, and Burst at once after a pause.
type Rate struct {
	PerSecond float64 // 0: no limit
	Burst     float64 // at least 1 where there is a limit
}

// maxBuckets bounds what is remembered of clients. Whoever is new when all of them are in use
// shares one bucket with the others that are new.
const maxBuckets = 4096

// Buckets are the token buckets of many clients. The zero value has no limit; it is safe for concurrent use.
type Buckets[K comparable] struct {
	mu     sync.Mutex
	rate   Rate
	all    map[K]*bucket
	shared bucket
}

type bucket struct {
	tokens float64
	at     time.Time // when tokens was right; zero: full
}

// Set changes the rate of all.
func (b *Buckets[K]) Set(rate Rate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rate = rate
}

// Take takes a token of a client, if there is one.
func (b *Buckets[K]) Take(client K, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate.PerSecond <= 0 {
		return true
	}
	one := b.of(client, now)
	if one.tokens < 1 {
		return false
	}
	one.tokens--
	return true
}

// Left reports whether a client has a token, and takes none.
func (b *Buckets[K]) Left(client K, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.all[client]; !known && len(b.all) < maxBuckets {
		return true
	}
	return b.rate.PerSecond <= 0 || b.of(client, now).tokens >= 1
}

// of returns the bucket of a client, filled up to now.
func (b *Buckets[K]) of(client K, now time.Time) *bucket {
	one, ok := b.all[client]
	if !ok && len(b.all) >= maxBuckets {
		b.forget(now)
	}
	switch {
	case ok:
	case len(b.all) >= maxBuckets:
		one = &b.shared
	default:
		if b.all == nil {
			b.all = map[K]*bucket{}
		}
		one = &bucket{}
		b.all[client] = one
	}
	b.fill(one, now)
	return one
}

// fill adds the tokens of the time that has passed. Requests may come here later than younger ones:
// their time is that of their heads, and a time that was counted is not counted again.
func (b *Buckets[K]) fill(one *bucket, now time.Time) {
	if one.at.IsZero() {
		one.tokens, one.at = b.rate.Burst, now
	}
	if passed := now.Sub(one.at).Seconds(); passed > 0 {
		one.tokens += passed * b.rate.PerSecond
		one.at = now
	}
	one.tokens = min(one.tokens, b.rate.Burst)
}

// forget drops the buckets that are full: they say nothing.
func (b *Buckets[K]) forget(now time.Time) {
	for client, one := range b.all {
		b.fill(one, now)
		if one.tokens >= b.rate.Burst {
			delete(b.all, client)
		}
	}
}

// Source is the client that failed authentications are counted by: an address, or an IPv6 network of 64 bits.
func Source(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
