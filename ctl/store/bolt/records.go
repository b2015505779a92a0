package bolt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"time"

	"go.etcd.io/bbolt"

	"mirrorgw/ctl/store"
)

// Load implements store.Persistence. It reads every page that holds anything, so that damage is
// found now. Errors wrap store.ErrDamaged.
func (f *File) Load() (saved *store.Saved, err error) {
	defer guard(f.path, &err)()
	saved = &store.Saved{Records: map[store.Kind][]store.SavedRecord{}}
	err = f.db.View(func(tx *bbolt.Tx) error {
		if err := loadRevision(tx, saved); err != nil {
			return err
		}
		for _, kind := range kinds {
			err := each(tx, []byte(kind), 0, func(key, _, content []byte) {
				saved.Records[kind] = append(saved.Records[kind], store.SavedRecord{ID: string(key), Value: content})
			})
			if err != nil {
				return err
			}
		}
		return loadHistory(tx, saved)
	})
	if err != nil {
		return nil, damaged(f.path, err)
	}
	return saved, nil
}

func loadRevision(tx *bbolt.Tx, saved *store.Saved) error {
	value := tx.Bucket(metaBucket).Get(revisionKey)
	if value == nil {
		return nil
	}
	_, content, err := unseal(revisionKey, value, 0)
	if err != nil || len(content) != 8 {
		return fmt.Errorf("the revision cannot be read")
	}
	saved.Revision = binary.BigEndian.Uint64(content)
	return nil
}

// each reads a bucket in the order of its keys.
func each(tx *bbolt.Tx, name []byte, head int, read func(key, front, content []byte)) error {
	bucket := tx.Bucket(name)
	if bucket == nil {
		return fmt.Errorf("there is no list of %ss in it", name)
	}
	return bucket.ForEach(func(key, value []byte) error {
		front, content, err := unseal(key, value, head)
		if err != nil {
			return err
		}
		read(bytes.Clone(key), front, content)
		return nil
	})
}

// headLength is that of an event's revision and of a token's time.
const headLength = 8

func loadHistory(tx *bbolt.Tx, saved *store.Saved) error {
	var short error
	err := each(tx, eventBucket, headLength, func(key, front, content []byte) {
		if len(key) != 8 {
			short = fmt.Errorf("an event has the number %x", key)
			return
		}
		saved.Events = append(saved.Events, store.SavedEvent{
			Sequence: binary.BigEndian.Uint64(key), Revision: binary.BigEndian.Uint64(front), Value: content})
	})
	if err != nil || short != nil {
		return firstError(err, short)
	}
	err = each(tx, tokenBucket, headLength, func(key, front, content []byte) {
		saved.Tokens = append(saved.Tokens, store.SavedToken{
			Key: string(key), Time: time.Unix(0, int64(binary.BigEndian.Uint64(front))).UTC(), Value: content})
	})
	sort.SliceStable(saved.Tokens, func(i, j int) bool { return saved.Tokens[i].Time.Before(saved.Tokens[j].Time) })
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Save implements store.Persistence: one transaction, on disk when it returns. After an error, a
// full disk for example, the file is as before and the next Save may succeed. Where that is not
// certain, or somebody damages the file meanwhile, every later Save is refused.
func (f *File) Save(b *store.Batch) error {
	if f.broken != nil {
		return f.broken
	}
	transaction, err := f.save(b)
	switch {
	case err == nil:
	case f.locked:
		f.broken = err
	case f.holds(transaction):
		f.broken = fmt.Errorf("state file %s: the disk failed when the change was nearly written (%w), so whether it is there is not known; "+
			"changes are refused until mirrorgw is started again: look after the disk first", f.path, err)
		err = f.broken
	}
	return err
}

// save returns the number of the transaction that it made or tried to make.
func (f *File) save(b *store.Batch) (transaction int, err error) {
	defer guard(f.path, &err)()
	f.locked = true // should what follows end in a panic
	err = f.db.Update(func(tx *bbolt.Tx) error {
		transaction = tx.ID()
		return saveBatch(tx, b)
	})
	f.locked = false
	return transaction, err
}

// holds reports whether a transaction that failed is nevertheless what bbolt would build upon: if
// only the last fsync failed, its meta page is in the file. What cannot be read may hold it.
func (f *File) holds(transaction int) (held bool) {
	if transaction == 0 {
		return false // it did not begin
	}
	held = true
	var err error
	defer guard(f.path, &err)()
	f.locked = true
	_ = f.db.View(func(tx *bbolt.Tx) error {
		held = tx.ID() >= transaction
		return nil
	})
	f.locked = false
	return held
}

func saveBatch(tx *bbolt.Tx, b *store.Batch) error {
	for _, w := range inOrder(b.Writes) {
		if err := write(tx.Bucket([]byte(w.Kind)), w); err != nil {
			return err
		}
	}
	if err := saveEvents(tx.Bucket(eventBucket), b); err != nil {
		return err
	}
	if err := saveTokens(tx.Bucket(tokenBucket), b); err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(revisionKey, seal(revisionKey, nil, be64(b.Revision)))
}

// inOrder sorts writes by bucket and key, and keeps the last of each key: a bbolt page takes keys
// that come in order without moving others.
func inOrder(writes []store.Write) []store.Write {
	sorted := slices.Clone(writes)
	slices.SortStableFunc(sorted, func(a, b store.Write) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	last := sorted[:0]
	for i, w := range sorted {
		if next := i + 1; next == len(sorted) || sorted[next].Kind != w.Kind || sorted[next].ID != w.ID {
			last = append(last, w)
		}
	}
	return last
}

func write(bucket *bbolt.Bucket, w store.Write) error {
	key := []byte(w.ID)
	if w.Value == nil {
		return bucket.Delete(key)
	}
	return bucket.Put(key, seal(key, nil, w.Value))
}

func saveEvents(bucket *bbolt.Bucket, b *store.Batch) error {
	bucket.FillPercent = 0.95 // they come in order
	for _, e := range b.Events {
		key := be64(e.Sequence)
		if err := bucket.Put(key, seal(key, be64(e.Revision), e.Value)); err != nil {
			return err
		}
	}
	end := be64(b.OldestEvent)
	cursor := bucket.Cursor()
	var old [][]byte
	for key, _ := cursor.First(); key != nil && bytes.Compare(key, end) < 0; key, _ = cursor.Next() {
		old = append(old, key)
	}
	for _, key := range old {
		if err := bucket.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func saveTokens(bucket *bbolt.Bucket, b *store.Batch) error {
	for _, key := range b.Expired {
		if err := bucket.Delete([]byte(key)); err != nil {
			return err
		}
	}
	for _, t := range b.Tokens {
		key := []byte(t.Key)
		if err := bucket.Put(key, seal(key, be64(uint64(t.Time.UnixNano())), t.Value)); err != nil {
			return err
		}
	}
	return nil
}
