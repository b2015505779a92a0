package bolt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/store/storetest"
)

// TestDamage overwrites and cuts the file in many places: it either is as it was, or is refused as
// damaged; the process never ends.
func TestDamage(t *testing.T) {
	path, want := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for i := range 300 {
		data := append([]byte(nil), whole...)
		switch i % 3 {
		case 0:
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
		case 1:
			at := random.IntN(len(data) - 64)
			for n := range 64 {
				data[at+n] = byte(random.Uint32())
			}
		case 2:
			data = data[:random.IntN(len(data))]
			if len(data) == 0 {
				continue // a file without a byte is a new one
			}
		}
		broken := filepath.Join(t.TempDir(), "state.db")
		if err := os.WriteFile(broken, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Check(broken); err != nil && !strings.Contains(err.Error(), "schema") && !strings.Contains(err.Error(), "it is empty") {
			t.Fatalf("case %d: check: %v", i, err)
		}
		got, err := tryLoad(t, broken)
		if err != nil {
			refused++
			if !errors.Is(err, store.ErrDamaged) && !strings.Contains(err.Error(), "schema") {
				t.Errorf("case %d: %v", i, err)
			}
			continue
		}
		if got != want && got != "" { // empty: the older of the two meta pages, of before the first change
			t.Errorf("case %d: loaded as\n%s", i, got)
		}
	}
	t.Logf("%d of 300 refused", refused)
	if refused < 50 {
		t.Error("hardly any damage was noticed")
	}
}

func tryLoad(t *testing.T, path string) (string, error) {
	f, err := Open(path, Options{})
	if err != nil {
		return "", err
	}
	s, err := store.Open(options(t, f))
	if err != nil {
		f.Close()
		return "", err
	}
	defer s.Close()
	return export(t, s), nil
}

// TestFullDisk fills a small file system: changes fail, nothing is lost, and they succeed again
// when there is room.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to mount a small file system")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path, ballast := filepath.Join(dir, "state.db"), filepath.Join(dir, "ballast")
	s := openAt(t, path)
	storetest.Apply(t, s, resources)
	room, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 4096)
	for err == nil {
		_, err = room.Write(block)
	}
	room.Close()
	failed, made := 0, 0
	add := func(n int) error {
		_, err := s.Change(context.Background(), store.Request{}, func(tx *store.Tx) error {
			return tx.PutFilter(&ctl.Filter{Common: ctl.Common{Name: fmt.Sprintf("f%d", n), Description: strings.Repeat("x", 250)}})
		})
		return err
	}
	for n := range 50 {
		if err := add(n); err != nil {
			failed++
			if !strings.Contains(err.Error(), "no space left on device") {
				t.Error(err)
			}
		} else {
			made++
		}
	}
	if failed == 0 {
		t.Error("the disk was never full")
	}
	os.Remove(ballast)
	for n := 100; n < 110; n++ {
		if err := add(n); err != nil {
			t.Errorf("with room again: %v", err)
		}
		made++
	}
	want := export(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = openAt(t, path)
	if diff := cmp.Diff(want, export(t, s)); diff != "" || strings.Count(want, "[[filter]]") != made+1 {
		t.Errorf("%d made: %s", made, diff)
	}
	s.Close()
	if r, err := Check(path); err != nil || len(r.Problems) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
