package underlay

import "time"

// bucket is a token bucket on injected time. It starts full.
type bucket struct {
	rate   float64 // tokens a second
	most   float64 // that it holds
	tokens float64
	last   time.Time
}

// newBucket holds up to one second's worth of tokens.
func newBucket(perSecond int) bucket { return newShallowBucket(perSecond, perSecond) }

func newShallowBucket(perSecond, most int) bucket {
	most = min(most, perSecond)
	return bucket{rate: float64(perSecond), most: float64(most), tokens: float64(most)}
}

// fill adds what has accrued. Time that goes backwards adds nothing.
func (b *bucket) fill(now time.Time) {
	if b.last.IsZero() {
		b.last = now
	}
	if d := now.Sub(b.last); d > 0 {
		b.tokens = min(b.most, b.tokens+d.Seconds()*b.rate)
		b.last = now
	}
}

// take reports whether every bucket has a token, and takes one from each if so.
func take(now time.Time, buckets ...*bucket) bool {
	for _, b := range buckets {
		b.fill(now)
		if b.tokens < 1 {
			return false
		}
	}
	for _, b := range buckets {
		b.tokens--
	}
	return true
}
