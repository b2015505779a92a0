// Package store holds the resources: in memory with their indexes, on disk through a Persistence,
// and compiled for the data path through a ctl.Publisher.
//
// Every change goes through Store.Change, is validated against what it touches and what depends
// on that, and is answered when it is on disk and in force. One goroutine, the writer, makes all
// changes; readers see the state between two changes. Records are immutable once a store has
// them, so that readers may keep them.
package store
