package lcore

import "testing"

// The stages are told what time it is, so that first fragments are forgotten: with every poll, by
// the clock whose rate the pipe was made for.
func TestStagesAreToldTheTime(t *testing.T) {
	g := openGateway(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	run(t, g, plain(g))
	pipe := g.workers[0].pipe
	eventually(t, "the first poll", func() bool { return pipe.Now() != 0 })
	first := pipe.Now()
	twoHeartbeats(t, g)
	if now := pipe.Now(); now <= first {
		t.Errorf("the time was %d and is %d", first, now)
	}
}
