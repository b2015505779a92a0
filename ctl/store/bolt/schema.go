package bolt

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"mirrorgw/ctl/store"
)

// Schema is the version of the file's layout that this program writes.
const Schema = 2

var (
	metaBucket  = []byte("meta")
	eventBucket = []byte("events")
	tokenBucket = []byte("tokens")
	schemaKey   = []byte("schema")
	revisionKey = []byte("revision")
)

// kinds are the buckets of records.
var kinds = []store.Kind{store.KindInterface, store.KindLoadBalancer, store.KindTarget, store.KindFilter, store.KindRule, store.KindSession, store.KindShare}

// migrations[n] brings a file from schema n to n+1, in one transaction with all later ones.
var migrations = []func(*bbolt.Tx) error{0: addChecksums, 1: addShares}

// prepare makes the buckets of a new file, migrates an old one and refuses a newer one.
func (f *File) prepare(readOnly bool) error {
	schema, fresh, err := f.schema()
	switch {
	case err != nil:
		return err
	case schema > Schema:
		return fmt.Errorf("state file %s: it has schema %d and this mirrorgw knows none above %d; use the newer mirrorgw that wrote it", f.path, schema, Schema)
	case schema == Schema && !fresh:
		return nil
	case readOnly && fresh:
		return fmt.Errorf("state file %s: it is empty; give the path of a file that mirrorgw has written", f.path)
	case readOnly:
		return fmt.Errorf("state file %s: it has the old schema %d; start mirrorgw with it once to migrate it to %d", f.path, schema, Schema)
	}
	err = f.db.Update(func(tx *bbolt.Tx) error {
		if !fresh {
			for ; schema < Schema; schema++ {
				if err := migrations[schema](tx); err != nil {
					return err
				}
			}
		}
		return layOut(tx)
	})
	if err != nil {
		return fmt.Errorf("state file %s: it could not be prepared (%w); make sure that the disk has room", f.path, err)
	}
	return nil
}

// layOut makes what is missing and writes the schema version.
func layOut(tx *bbolt.Tx) error {
	names := [][]byte{metaBucket, eventBucket, tokenBucket}
	for _, kind := range kinds {
		names = append(names, []byte(kind))
	}
	for _, name := range names {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(schemaKey, be64(Schema))
}

// schema reads the version; fresh: the file was just made. The version itself has no checksum, so
// that every program of the past and the future can read it.
func (f *File) schema() (schema int, fresh bool, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if meta == nil {
			if name, _ := tx.Cursor().First(); name != nil {
				return damaged(f.path, "it is a bbolt file, but not one of mirrorgw")
			}
			fresh = true
			return nil
		}
		value := meta.Get(schemaKey)
		if len(value) != 8 {
			return damaged(f.path, "it does not tell its schema")
		}
		schema = int(binary.BigEndian.Uint64(value))
		return nil
	})
	return schema, fresh, err
}

// addChecksums migrates from schema 0, whose values had none.
func addChecksums(tx *bbolt.Tx) error {
	return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
		type pair struct{ key, value []byte }
		var sealed []pair
		err := bucket.ForEach(func(key, value []byte) error {
			if string(key) != string(schemaKey) || string(name) != string(metaBucket) {
				sealed = append(sealed, pair{append([]byte(nil), key...), seal(key, nil, value)})
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range sealed {
			if err := bucket.Put(p.key, p.value); err != nil {
				return err
			}
		}
		return nil
	})
}

// addShares migrates from schema 1, in which a session could send to any target of any account: what
// sessions use is shared with them.
func addShares(tx *bbolt.Tx) error {
	saved := &store.Saved{Records: map[store.Kind][]store.SavedRecord{}}
	for _, kind := range []store.Kind{store.KindTarget, store.KindSession} {
		err := each(tx, []byte(kind), 0, func(key, _, content []byte) {
			saved.Records[kind] = append(saved.Records[kind], store.SavedRecord{ID: string(key), Value: content})
		})
		if err != nil {
			return err
		}
	}
	bucket, err := tx.CreateBucketIfNotExists([]byte(store.KindShare))
	if err != nil {
		return err
	}
	shares, err := store.SharesInUse(saved, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	for _, s := range shares {
		if err := bucket.Put([]byte(s.ID), seal([]byte(s.ID), nil, s.Value)); err != nil {
			return err
		}
	}
	return nil
}
