package tally

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// NoAction is the action of requests whose path or method is unknown: what such a client writes
// there is its own and is not counted by.
const NoAction = "none"

// Control is what a control server does. The zero value is ready; the methods may be called on
// nil, which counts nothing.
type Control struct {
	watchers    atomic.Int64
	connections atomic.Int64

	mu       sync.Mutex
	requests map[answered]uint64
}

type answered struct {
	action string
	status int
}

// Answered is how many requests for an action were answered with a status.
type Answered struct {
	Action string // of the server's routes, or NoAction
	Status int    // of HTTP
	Count  uint64
}

// Answer counts a request. Actions and statuses must come from the server's own tables.
func (c *Control) Answer(action string, status int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests == nil {
		c.requests = map[answered]uint64{}
	}
	c.requests[answered{action, status}]++
}

// Answers returns all counts, by action and status.
func (c *Control) Answers() []Answered {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Answered, 0, len(c.requests))
	for a, n := range c.requests {
		all = append(all, Answered{a.action, a.status, n})
	}
	slices.SortFunc(all, func(a, b Answered) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Status, b.Status))
	})
	return all
}

// Watch counts one watcher more, or with -1 one less.
func (c *Control) Watch(n int64) {
	if c != nil {
		c.watchers.Add(n)
	}
}

// Connect counts one connection more, or with -1 one less.
func (c *Control) Connect(n int64) {
	if c != nil {
		c.connections.Add(n)
	}
}

// Watchers is how many clients follow the change stream at this moment.
func (c *Control) Watchers() int64 {
	if c == nil {
		return 0
	}
	return c.watchers.Load()
}

// Connections is how many connections are open at this moment, watchers' included.
func (c *Control) Connections() int64 {
	if c == nil {
		return 0
	}
	return c.connections.Load()
}
