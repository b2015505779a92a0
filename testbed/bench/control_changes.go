package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// changer makes changes one after the other: it creates a session, modifies it, deletes it, and
// begins anew. Each changer has a source and a connection of its own.
type changer struct {
	client  *client.Client
	session api.TrafficMirrorSession // as it is created
	id      string                   // of the session, while there is one
	steps   int
}

// newChanger works with the i-th source. Its session is the second of the source and has the filter of
// another one, so that it is a new pair.
func newChanger(socket string, i int) *changer {
	return &changer{
		client: client.New(socket),
		session: api.TrafficMirrorSession{
			Common:                api.Common{Name: "extra-" + source(i).Name},
			NetworkInterfaceID:    source(i).Name,
			TrafficMirrorTargetID: "ids-2",
			TrafficMirrorFilterID: filterName(i),
			SessionNumber:         2,
		},
	}
}

func (c *changer) create(ctx context.Context) error {
	made, err := c.client.Sessions().Create(ctx, c.session)
	if err != nil {
		return err
	}
	c.id = made.Resource.TrafficMirrorSessionID
	return nil
}

func (c *changer) modify(ctx context.Context) error {
	_, err := c.client.Sessions().Modify(ctx, c.id, map[string]any{"packetLength": 64 + c.steps%1000})
	return err
}

func (c *changer) delete(ctx context.Context) error {
	_, err := c.client.Sessions().Delete(ctx, c.id)
	c.id = ""
	return err
}

// change makes the next change.
func (c *changer) change(ctx context.Context) error {
	step := c.steps % 3
	c.steps++
	switch step {
	case 0:
		return c.create(ctx)
	case 1:
		return c.modify(ctx)
	}
	return c.delete(ctx)
}

// finish leaves no session behind.
func (c *changer) finish(ctx context.Context) (err error) {
	if c.id != "" {
		err = c.delete(ctx)
	}
	c.client.Close()
	return err
}

// clock says when changes are due. It is an open loop: it does not wait for answers, so a daemon
// that is late has to catch up, and is seen to be late.
type clock struct {
	start     time.Time
	perSecond float64
	length    time.Duration
}

// due is when the k-th change, from 0, is to be sent.
func (c clock) due(k int) time.Time {
	return c.start.Add(time.Duration(float64(k) / c.perSecond * float64(time.Second)))
}

// over says whether nothing more is sent at a moment. What is late then is given up: the rate that
// was reached says so.
func (c clock) over(at time.Time) bool { return at.Sub(c.start) >= c.length }

// answers are what came back.
type answers struct {
	latencies   []float64 // milliseconds from when each change was due to its answer
	first, last time.Time // answer
}

// add notes the answer to a change that was due at a moment.
func (a *answers) add(due, answered time.Time) {
	if len(a.latencies) == 0 {
		a.first = answered
	}
	a.last = answered
	a.latencies = append(a.latencies, milliseconds(answered.Sub(due)))
}

// join adds the answers that another changer got meanwhile.
func (a *answers) join(other answers) {
	switch {
	case len(other.latencies) == 0:
		return
	case len(a.latencies) == 0:
		*a = other
		return
	}
	if other.first.Before(a.first) {
		a.first = other.first
	}
	if other.last.After(a.last) {
		a.last = other.last
	}
	a.latencies = append(a.latencies, other.latencies...)
}

// perSecond is the rate that was reached, from the first answer to the last: the time that the
// first took is not part of it.
func (a *answers) perSecond() float64 {
	return float64(len(a.latencies)-1) / a.last.Sub(a.first).Seconds()
}

// drive lets all changers work by one clock: the j-th of n makes the changes j, j+n, j+2n and so on.
func drive(ctx context.Context, changers []*changer, perSecond float64, length time.Duration) (all answers, err error) {
	clock := clock{time.Now(), perSecond, length}
	each := make([]answers, len(changers))
	faults := make([]error, len(changers))
	var working sync.WaitGroup
	for j, c := range changers {
		working.Add(1)
		go func() {
			defer working.Done()
			each[j], faults[j] = c.work(ctx, clock, j, len(changers))
		}()
	}
	working.Wait()
	for j := range changers {
		if faults[j] != nil {
			return answers{}, faults[j] // one says enough: what stops one stops all
		}
		all.join(each[j])
	}
	if len(all.latencies) < 2 {
		return answers{}, fmt.Errorf("only %d changes were made in %v", len(all.latencies), length)
	}
	return all, nil
}

// work makes the changes first, first+step, ... when they are due.
func (c *changer) work(ctx context.Context, clock clock, first, step int) (done answers, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for k := first; ; k += step {
		due := clock.due(k)
		if clock.over(due) || clock.over(time.Now()) {
			return done, nil
		}
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return done, context.Cause(ctx)
		}
		if err := c.change(ctx); err != nil {
			return done, err
		}
		done.add(due, time.Now())
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
