package tally

import "sync/atomic"

// Changes is how long a store's changes took, a batch of changes that were made together counting
// once. The zero value is ready.
type Changes struct {
	Apply   Histogram // from the first validation to in force: everything, but the wait for its turn
	Prepare Histogram // of that: compile, and build the program
	Save    Histogram // of that: until it is on disk
	Publish Histogram // of that: until every lcore works by it

	unsaved atomic.Bool
}

// Saved notes whether the last change that was to be written to disk was.
func (c *Changes) Saved(done bool) { c.unsaved.Store(!done) }

// Unsaved says whether the last change that was to be written to disk could not be.
func (c *Changes) Unsaved() bool { return c.unsaved.Load() }
