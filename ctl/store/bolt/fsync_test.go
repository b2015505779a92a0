package bolt

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mirrorgw/ctl/store"
)

const fsyncFile = "MIRRORGW_TEST_FSYNC_FILE"

// TestFailedSync lets each fdatasync of a short life fail, one after the other: what Save refused
// must not be in the file after a later Save that was taken.
func TestFailedSync(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace, which makes a system call fail")
	}
	refused := 0
	for nth := 1; nth <= 12; nth++ {
		path := filepath.Join(t.TempDir(), "state.db")
		life := exec.Command(strace, "-f", "-qq", "-o", os.DevNull, "-e", "trace=fdatasync",
			"-e", fmt.Sprintf("inject=fdatasync:error=EIO:when=%d", nth), os.Args[0], "-test.run=^TestLifeOfFailedSync$", "-test.v")
		life.Env = append(os.Environ(), fsyncFile+"="+path)
		said, err := life.CombinedOutput()
		if strings.Contains(string(said), "ptrace") {
			t.Skipf("strace may not trace here: %s", said)
		}
		if err != nil {
			t.Fatalf("fdatasync %d: %v\n%s", nth, err, said)
		}
		refused += strings.Count(string(said), "refused:")
		compareSaved(t, path, string(said))
	}
	if refused < 6 {
		t.Errorf("only %d saves were refused", refused)
	}
}

// TestLifeOfFailedSync is what TestFailedSync runs under strace: four saves, and what became of
// each on its output. The thread is one, because strace counts by thread.
func TestLifeOfFailedSync(t *testing.T) {
	path := os.Getenv(fsyncFile)
	if path == "" {
		t.Skip("a part of TestFailedSync")
	}
	runtime.LockOSThread()
	f, err := Open(path, Options{})
	if err != nil {
		fmt.Println("refused: open:", err)
		return
	}
	for i, id := range []string{"a", "b", "c", "d"} {
		err := f.Save(&store.Batch{Revision: uint64(i + 1), Writes: []store.Write{{Kind: store.KindSession, ID: id, Value: []byte(id)}}})
		if err != nil {
			fmt.Println("refused:", id, err)
			continue
		}
		fmt.Println("taken:", id)
	}
	f.Close()
}

// compareSaved looks for what was taken, and for what was refused before something was taken.
func compareSaved(t *testing.T, path, said string) {
	t.Helper()
	f, err := Open(path, Options{})
	if err != nil {
		if strings.Contains(said, "taken:") {
			t.Fatal(err)
		}
		return
	}
	defer f.Close()
	saved, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	var found, taken string
	for _, r := range saved.Records[store.KindSession] {
		found += r.ID
	}
	refusedLast := ""
	for _, id := range []string{"a", "b", "c", "d"} {
		if strings.Contains(said, "taken: "+id) {
			taken, refusedLast = taken+id, ""
		} else if refusedLast == "" {
			refusedLast = id
		}
	}
	if found != taken && found != taken+refusedLast { // the last one may be there whole
		t.Errorf("the file has %q, taken were %q:\n%s", found, taken, said)
	}
}
