package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
	"mirrorgw/rules"
)

const resources = `[[interface]]
name = "web-1"
port = "wire0"
mac = "02:00:00:00:00:01"
addresses = ["10.0.0.5"]
[[target]]
name = "ids"
address = "192.0.2.10"
[[filter]]
name = "web"
[[filter.rule]]
direction = "ingress"
number = 100
action = "accept"
protocol = "tcp"
destination_ports = "80-443"
[[session]]
name = "s"
source = "web-1"
target = "ids"
filter = "web"
number = 1
`

func options(t testing.TB, p store.Persistence) store.Options {
	t.Helper()
	return store.Options{Config: storetest.Config(t, "[quotas]\nrules_per_filter = 10000\n"), Persistence: p}
}

func openAt(t testing.TB, path string) *store.Store {
	t.Helper()
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(options(t, f))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func export(t testing.TB, s *store.Store) string {
	t.Helper()
	var b strings.Builder
	if err := s.Export().Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// filled makes a state file and returns its path and what is in it.
func filled(t testing.TB) (path, content string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state.db")
	s := openAt(t, path)
	storetest.Apply(t, s, resources)
	content = export(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path, content
}

func TestReopen(t *testing.T) {
	path, want := filled(t)
	s := openAt(t, path)
	defer s.Close()
	if diff := cmp.Diff(want, export(t, s)); diff != "" {
		t.Error(diff)
	}
	if info, _ := os.Stat(path); info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	events, err := s.Events(0, 0)
	if err != nil || len(events) != 5 || events[0].Revision != 1 || events[0].After == nil {
		t.Errorf("events %+v, %v", events, err)
	}
	if err := s.Wait(context.Background(), 0); err != nil {
		t.Error(err)
	}
}

func TestOpenErrors(t *testing.T) {
	path, _ := filled(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no state file\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	foreign := filepath.Join(dir, "foreign")
	put(t, foreign, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("other")); return err })
	newer := filepath.Join(dir, "newer")
	put(t, newer, func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket(metaBucket)
		return errors.Join(err, b.Put(schemaKey, be64(7)))
	})
	for name, test := range map[string]struct {
		path    string
		o       Options
		want    string
		damaged bool
	}{
		"locked":       {path, Options{}, "state file " + path + ": another process has it locked; stop the other mirrorgw, or name another file in [state] path", false},
		"no directory": {filepath.Join(dir, "no", "f"), Options{}, "state file " + filepath.Join(dir, "no", "f") + ": there is no directory " + filepath.Join(dir, "no") + "; make it, for this user only", false},
		"directory":    {dir, Options{}, "state file " + dir + ": this is a directory; give the path of a file in it", false},
		"not there":    {filepath.Join(dir, "f"), Options{ReadOnly: true}, "state file " + filepath.Join(dir, "f") + ": there is no such file; give the path that [state] path has", false},
		"newer":        {newer, Options{}, "state file " + newer + ": it has schema 7 and this mirrorgw knows none above 2; use the newer mirrorgw that wrote it", false},
		"text":         {text, Options{}, "the state is damaged", true},
		"foreign":      {foreign, Options{}, "it is a bbolt file, but not one of mirrorgw", true},
	} {
		f, err := Open(test.path, test.o)
		if err == nil {
			f.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || errors.Is(err, store.ErrDamaged) != test.damaged {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, test.want)
		}
	}
}

// put changes a file behind the store's back.
func put(t testing.TB, path string, change func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestMigrate turns a file back into what schema 0 was, and opens it.
func TestMigrate(t *testing.T) {
	path, want := filled(t)
	put(t, path, func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			plain := map[string][]byte{}
			_ = b.ForEach(func(k, v []byte) error { plain[string(k)] = append([]byte(nil), v...); return nil })
			for k, v := range plain {
				if k == string(schemaKey) {
					v = be64(0)
				} else {
					v = v[crcLength:]
				}
				if err := b.Put([]byte(k), v); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if _, err := Open(path, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "old schema 0; start mirrorgw with it once to migrate it to 2") {
		t.Errorf("read-only: %v", err)
	}
	s := openAt(t, path)
	if diff := cmp.Diff(want, export(t, s)); diff != "" {
		t.Error(diff)
	}
	s.Close()
	if r, err := Check(path); err != nil || len(r.Problems) > 0 || r.Schema != Schema || r.Records[store.KindRule] != 1 || r.Events != 5 || r.Revision != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCompact(t *testing.T) {
	path, _ := filled(t)
	s := openAt(t, path)
	if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error {
		for n := range 3000 {
			if err := tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: fmt.Sprintf("f%d", n), Description: strings.Repeat("x", 200)}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	storetest.Apply(t, s, resources) // deletes them again
	if _, _, err := Compact(path); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("of a running daemon: %v", err)
	}
	want := export(t, s)
	s.Close()
	before, after, err := Compact(path)
	if err != nil || after >= before {
		t.Errorf("%d -> %d bytes, %v", before, after, err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	s = openAt(t, path)
	defer s.Close()
	if diff := cmp.Diff(want, export(t, s)); diff != "" {
		t.Error(diff)
	}
}

// TestOneRuleOneWrite: a changed rule of a filter with 10,000 rules writes little.
func TestOneRuleOneWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(options(t, f))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	filter := &ctl.Filter{Common: ctl.Common{Name: "large"}}
	for n := range 10000 {
		filter.Rules = append(filter.Rules, &ctl.Rule{Rule: rules.Rule{Direction: rules.Direction(n % 2), Number: 1 + n/2, Protocol: -1}})
	}
	if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error { return tx.PutFilter(filter) }); err != nil {
		t.Fatal(err)
	}
	written := func() int64 { stats := f.db.Stats(); return stats.TxStats.GetPageAlloc() }
	before := written()
	if _, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error {
		r := *filter.Rules[77]
		r.Action = rules.Accept
		return tx.PutRule(filter.ID, &r)
	}); err != nil {
		t.Fatal(err)
	}
	if bytes := written() - before; bytes > 256<<10 {
		t.Errorf("%d bytes of pages were written for one rule", bytes)
	}
}
