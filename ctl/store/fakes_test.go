package store

import (
	"errors"
	"sort"
	"sync"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// memory is a Persistence in memory that can be told to fail. Its reader may be another store.
type memory struct {
	mu       sync.Mutex
	fail     error
	revision uint64
	records  map[Kind]map[string][]byte
	events   map[uint64]SavedEvent
	tokens   map[string]SavedToken
	saves    int
}

func newMemory() *memory {
	return &memory{records: map[Kind]map[string][]byte{}, events: map[uint64]SavedEvent{}, tokens: map[string]SavedToken{}}
}

func (m *memory) Load() (*Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &Saved{Revision: m.revision, Records: map[Kind][]SavedRecord{}}
	for kind, records := range m.records {
		for id, value := range records {
			s.Records[kind] = append(s.Records[kind], SavedRecord{ID: id, Value: value})
		}
	}
	for _, e := range m.events {
		s.Events = append(s.Events, e)
	}
	sort.Slice(s.Events, func(i, j int) bool { return s.Events[i].Sequence < s.Events[j].Sequence })
	for _, t := range m.tokens {
		s.Tokens = append(s.Tokens, t)
	}
	sort.Slice(s.Tokens, func(i, j int) bool { return s.Tokens[i].Time.Before(s.Tokens[j].Time) })
	return s, nil
}

func (m *memory) Save(b *Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.saves++
	m.revision = b.Revision
	for _, w := range b.Writes {
		if m.records[w.Kind] == nil {
			m.records[w.Kind] = map[string][]byte{}
		}
		if w.Value == nil {
			delete(m.records[w.Kind], w.ID)
		} else {
			m.records[w.Kind][w.ID] = w.Value
		}
	}
	for _, e := range b.Events {
		m.events[e.Sequence] = e
	}
	for sequence := range m.events {
		if sequence < b.OldestEvent {
			delete(m.events, sequence)
		}
	}
	for _, key := range b.Expired {
		delete(m.tokens, key)
	}
	for _, t := range b.Tokens {
		m.tokens[t.Key] = t
	}
	return nil
}

func (m *memory) Close() error { return nil }

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// path is a Publisher that remembers what is in force and can be told to fail.
type path struct {
	mu        sync.Mutex
	inForce   *rules.Snapshot
	prepares  int
	discards  int
	commits   int
	refuse    func(*rules.Snapshot) error // by Prepare
	stall     bool
	preparing int           // must never be more than one
	gate      chan struct{} // not nil: Commit waits for it
}

func (p *path) Prepare(s *rules.Snapshot) (ctl.Prepared, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prepares++
	if p.preparing != 0 {
		return nil, errors.New("two preparations overlap")
	}
	if p.refuse != nil {
		if err := p.refuse(s); err != nil {
			return nil, err
		}
	}
	p.preparing++
	return &preparedPath{p, s}, nil
}

type preparedPath struct {
	path     *path
	snapshot *rules.Snapshot
}

func (p *preparedPath) Commit() error {
	p.path.mu.Lock()
	gate := p.path.gate
	p.path.mu.Unlock()
	if gate != nil {
		<-gate
	}
	p.path.mu.Lock()
	defer p.path.mu.Unlock()
	p.path.preparing--
	p.path.commits++
	p.path.inForce = p.snapshot
	if p.path.stall {
		return ctl.ErrStalled
	}
	return nil
}

func (p *preparedPath) Discard() {
	p.path.mu.Lock()
	defer p.path.mu.Unlock()
	p.path.preparing--
	p.path.discards++
}

func (p *path) snapshot() *rules.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inForce
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}
