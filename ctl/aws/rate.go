package aws

import "mirrorgw/ctl/door"

// Rates are the limits of the door.
type Rates struct {
	Key    door.Rate // requests of one access key, once authenticated
	Failed door.Rate // failed authentications of one source address (IPv6: of one /64)
}

// DefaultRates keep one client from using up the control plane's CPU, and are above what one that
// waits for its answers asks.
var DefaultRates = Rates{Key: door.Rate{PerSecond: 1000, Burst: 2000}, Failed: door.Rate{PerSecond: 10, Burst: 100}}
