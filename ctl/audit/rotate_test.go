package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestRotation writes from many goroutines: every record must be in one of the files, once, and no
// file may be larger than allowed.
func TestRotation(t *testing.T) {
	path := place(t)
	const writers, each, most = 8, 200, 20 << 10
	l := open(t, Options{Path: path, MaxBytes: most, Files: 100, Patience: time.Minute})
	var all sync.WaitGroup
	for w := range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range each {
				l.Write(record(fmt.Sprintf("%d-%d", w, i)))
			}
		}()
	}
	all.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Size() > most {
			t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
		}
	}
	got := ids(read(t, files...))
	slices.Sort(got)
	if n := len(slices.Compact(got)); n != writers*each || l.Stats().Written != writers*each {
		t.Errorf("%d different records of %d, counted %+v", n, writers*each, l.Stats())
	}
}

func TestOldFilesGo(t *testing.T) {
	path := place(t)
	l := open(t, Options{Path: path, MaxBytes: 1, Files: 2, Patience: time.Minute})
	for i := range 5 {
		l.Write(record(fmt.Sprint(i)))
	}
	if got := ids(read(t, path+".2", path+".1", path)); !slices.Equal(got, []string{"2", "3", "4"}) {
		t.Errorf("kept %v", got)
	}
	if files, _ := filepath.Glob(path + "*"); len(files) != 3 {
		t.Errorf("files: %v", files)
	}
	none := open(t, Options{Path: place(t), MaxBytes: 1, Patience: time.Minute})
	for i := range 3 {
		none.Write(record(fmt.Sprint(i)))
	}
	if got := ids(read(t, none.o.Path)); !slices.Equal(got, []string{"2"}) {
		t.Errorf("with no old files: %v", got)
	}
}

// TestFileThatStays: where the file being written cannot be moved no older one is lost, however often it is
// tried, and the log goes on.
func TestFileThatStays(t *testing.T) {
	path := place(t)
	var stays atomic.Bool
	rename := func(from, to string) error {
		if from == path && stays.Load() {
			return os.ErrPermission
		}
		return os.Rename(from, to)
	}
	l := open(t, Options{Path: path, MaxBytes: 1, Files: 2, Patience: time.Minute, rename: rename})
	for i := range 3 {
		l.Write(record(fmt.Sprint(i)))
	}
	stays.Store(true)
	for i := 3; i < 7; i++ {
		l.Write(record(fmt.Sprint(i)))
	}
	if got := ids(read(t, path+".2", path+".1", path)); !slices.Equal(got, []string{"0", "1", "2", "3", "4", "5", "6"}) {
		t.Errorf("kept %v", got)
	}
	stays.Store(false)
	l.Write(record("7"))
	if got := ids(read(t, path+".2", path+".1", path)); !slices.Equal(got, []string{"1", "2", "3", "4", "5", "6", "7"}) {
		t.Errorf("then %v", got)
	}
	if files, _ := filepath.Glob(path + "*"); len(files) != 3 {
		t.Errorf("files: %v", files)
	}
}

// TestOthersRotate moves the file away, removes it and cuts it, as logrotate may.
func TestOthersRotate(t *testing.T) {
	path := place(t)
	l := open(t, Options{Path: path, Patience: time.Minute})
	l.Write(record("before"))
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	l.Write(record("moved"))
	if got := ids(read(t, path+".old", path)); !slices.Equal(got, []string{"before", "moved"}) {
		t.Errorf("after a rename: %v", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l.Write(record("removed"))
	if got := ids(read(t, path)); !slices.Equal(got, []string{"removed"}) {
		t.Errorf("after a removal: %v", got)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	l.Write(record("cut"))
	l.Reopen()
	l.Write(record("reopened"))
	if got := ids(read(t, path)); !slices.Equal(got, []string{"cut", "reopened"}) {
		t.Errorf("after a cut: %v", got)
	}
}
