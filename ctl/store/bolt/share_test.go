package bolt

import (
	"context"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
)

const guestResources = `
[[interface]]
name = "guest-1"
account = "222222222222"
port = "wire0"
mac = "02:00:00:00:00:77"
[[filter]]
name = "all"
account = "222222222222"
[[share]]
name = "tools"
targets = ["ids"]
[[share.principal]]
id = "222222222222"
status = "accepted"
[[session]]
name = "guest-1-to-ids"
account = "222222222222"
source = "guest-1"
target = "tmt-00000000000000aaa"
filter = "all"
number = 1
[[target]]
name = "ids"
id = "tmt-00000000000000aaa"
address = "192.0.2.10"
`

// TestMigrateSessionsOfOthers: a file of schema 1, in which sessions could name any target, keeps
// them active.
func TestMigrateSessionsOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openAt(t, path)
	storetest.Apply(t, s, guestResources)
	s.Close()
	older(t, path)
	s = openAt(t, path)
	s.Read(func(v *store.View) {
		r, ok := v.Session("222222222222", "guest-1-to-ids")
		if !ok {
			t.Fatal("the session is gone")
		}
		if active, reason := v.SessionState(r.ID); !active || r.Inactive != "" {
			t.Errorf("it is inactive: %s", reason)
		}
		if list := v.Shares(); len(list) != 1 || list[0].Name != "in-use-tmt-00000000000000aaa" || list[0].Principals[0].Status != ctl.ShareAccepted {
			t.Errorf("%+v", list)
		}
	})
	want := export(t, s)
	if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error {
		return tx.Delete(store.KindShare, tx.Shares()[0].ID)
	}); err != nil {
		t.Fatal(err)
	}
	lost := export(t, s)
	s.Close()
	if r, err := Check(path); err != nil || len(r.Problems) > 0 || r.Records[store.KindShare] != 0 || r.Schema != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, _, err := Compact(path); err != nil {
		t.Error(err)
	}
	s = openAt(t, path)
	defer s.Close()
	if got := export(t, s); got != lost || got == want {
		t.Errorf("after the restart: %s", got)
	}
}

// older takes from a file what schema 1 did not have.
func older(t *testing.T, path string) {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte(store.KindShare)); err != nil {
			return err
		}
		return tx.Bucket(metaBucket).Put(schemaKey, be64(1))
	})
	if err != nil {
		t.Fatal(err)
	}
}
