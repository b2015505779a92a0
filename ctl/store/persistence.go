package store

import (
	"errors"
	"time"
)

// Persistence keeps the state where it survives the process. It knows nothing of records but
// bytes. The store calls it from one goroutine at a time.
type Persistence interface {
	// Load returns all that was saved. The store reads it once, in Open.
	Load() (*Saved, error)
	// Save writes a batch, all of it or nothing; it returns when the batch would survive a loss
	// of power. After an error the next Save starts from what the last good one left.
	Save(*Batch) error
	Close() error
}

// ErrDamaged is wrapped by errors of Load and Open that say that the state cannot be trusted, as
// [state] on_damage has it. Errors that do not wrap it (a locked file, a newer schema) have other
// remedies.
var ErrDamaged = errors.New("the state is damaged")

// Saved is everything that a Persistence keeps.
type Saved struct {
	Revision uint64 // 0: nothing was ever saved
	Records  map[Kind][]SavedRecord
	Events   []SavedEvent // oldest first
	Tokens   []SavedToken // oldest first
}

// SavedRecord is one resource.
type SavedRecord struct {
	ID    string
	Value []byte // JSON
}

// SavedEvent is one event of the change stream.
type SavedEvent struct {
	Sequence uint64 // grows by one an event, from 0
	Revision uint64
	Value    []byte // JSON
}

// SavedToken is a client token that was used.
type SavedToken struct {
	Key   string // account, action and value
	Time  time.Time
	Value []byte // JSON
}

// Batch is what one Save writes.
type Batch struct {
	Revision    uint64
	Writes      []Write
	Events      []SavedEvent // to append
	OldestEvent uint64       // Sequence of the first event to keep; older ones may go
	Tokens      []SavedToken // to add
	Expired     []string     // keys of tokens to remove
}

// Write puts or removes one record. Of several for one ID the last counts.
type Write struct {
	Kind  Kind
	ID    string
	Value []byte // nil: remove it
}
