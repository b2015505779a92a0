package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func place(t *testing.T) string { return filepath.Join(t.TempDir(), "audit.log") }

func open(t *testing.T, o Options) *Log {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 20
	}
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func record(id string) *Record {
	return &Record{Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Door: "socket", RequestID: id, Service: "ec2", Action: "CreateTags",
		Identity: Identity{Type: TypeUser, User: "alice"}, Status: 200}
}

// read returns the records of files, in their order.
func read(t *testing.T, paths ...string) (all []Record) {
	t.Helper()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var r Record
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatalf("%s: %v in %q", path, err, lines.Text())
			}
			all = append(all, r)
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			t.Errorf("%s ends in the middle of a line", path)
		}
	}
	return all
}

func ids(records []Record) (all []string) {
	for _, r := range records {
		all = append(all, r.RequestID)
	}
	return all
}

func TestLineIsThereBeforeTheAnswer(t *testing.T) {
	path := place(t)
	l := open(t, Options{Path: path, Patience: time.Minute})
	for i := range 100 {
		l.Write(record(fmt.Sprint(i)))
		if got := read(t, path); len(got) != i+1 || got[i].RequestID != fmt.Sprint(i) {
			t.Fatalf("after record %d the file has %v", i, ids(got))
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("others may not read it: %v %v", info.Mode(), err)
	}
}

// fullDisk takes part of a line and then no more, until there is room.
type fullDisk struct {
	full   atomic.Bool
	failed chan struct{} // one for each write that failed
}

type fullFile struct {
	*os.File
	disk *fullDisk
}

func (d *fullDisk) open(path string) (file, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	return &fullFile{f.(*os.File), d}, nil
}

func (f *fullFile) Write(b []byte) (int, error) {
	if !f.disk.full.Load() {
		return f.File.Write(b)
	}
	n, _ := f.File.Write(b[:min(10, len(b))])
	select {
	case f.disk.failed <- struct{}{}:
	default:
	}
	return n, syscall.ENOSPC
}

func TestFullDisk(t *testing.T) {
	path, disk := place(t), &fullDisk{failed: make(chan struct{}, 1)}
	var told bytes.Buffer
	l := open(t, Options{Path: path, Queue: 3, Patience: time.Minute, Retry: time.Millisecond, Refuse: true, open: disk.open,
		Log: slog.New(slog.NewTextHandler(&told, nil))})
	l.Write(record("0"))
	if err := l.Ready(); err != nil {
		t.Fatal(err)
	}
	disk.full.Store(true)
	waiting := make(chan struct{})
	go func() { l.Write(record("1")); close(waiting) }() // waits for its line
	<-disk.failed
	<-disk.failed // twice: the failure is known now
	for i := 2; i < 10; i++ {
		l.Write(record(fmt.Sprint(i))) // does not wait: the disk is known to be full
	}
	if err := l.Ready(); err == nil || !strings.Contains(err.Error(), "no space left") || l.Fault() == nil {
		t.Errorf("the log is ready though the disk is full: %v", err)
	}
	if s := l.Stats(); s.Lost != 5 || s.Waiting != 3 || s.Written != 1 {
		t.Errorf("three wait and five find no room: %+v", s)
	}
	if got := read(t, path); len(got) != 1 {
		t.Errorf("half a line is in the file: %+v", got)
	}
	disk.full.Store(false)
	<-waiting
	l.Write(record("after"))
	got := read(t, path)
	want := []string{"0", "1", "2", "3", "4", "after"}
	lost := int64(0)
	kept := slices.DeleteFunc(slices.Clone(got), func(r Record) bool { lost += r.Lost; return r.Action == EventLost })
	if !slices.Equal(ids(kept), want) || lost != 5 {
		t.Errorf("the file has %v and tells of %d lost records; want %v and 5", ids(kept), lost, want)
	}
	if err := l.Ready(); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "5 records were lost") {
		t.Errorf("close: %v", err)
	}
	for _, want := range []string{"records wait", "being lost", "written again"} {
		if strings.Count(told.String(), want) != 1 {
			t.Errorf("the log should tell once that %s:\n%s", want, told.String())
		}
	}
}

func TestCloseWithAFullDisk(t *testing.T) {
	path, disk := place(t), &fullDisk{failed: make(chan struct{}, 1)}
	l := open(t, Options{Path: path, Queue: 10, Patience: time.Millisecond, Retry: time.Hour, open: disk.open})
	if err := l.Ready(); err != nil {
		t.Fatalf("without Refuse the log is always ready: %v", err)
	}
	disk.full.Store(true)
	for i := range 5 {
		l.Write(record(fmt.Sprint(i)))
	}
	<-disk.failed
	if err := l.Ready(); err != nil {
		t.Errorf("without Refuse the log is always ready: %v", err)
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "5 records were lost") {
		t.Errorf("close: %v", err)
	}
	l.Write(record("late"))
	if l.Stats().Lost != 6 || l.Close() == nil {
		t.Errorf("a record after the end is lost: %+v", l.Stats())
	}
	var none *Log
	none.Write(record("x"))
	none.Reopen()
	if none.Ready() != nil || none.Fault() != nil || none.Close() != nil || none.Stats() != (Stats{}) {
		t.Error("a nil log does nothing")
	}
}

// TestLossIsToldOnceAtTheEnd: the log is closed while more than one batch waits, and the disk has room again.
func TestLossIsToldOnceAtTheEnd(t *testing.T) {
	path, disk := place(t), &fullDisk{failed: make(chan struct{}, 1)}
	l := open(t, Options{Path: path, MaxBytes: 1 << 30, Queue: 300, Patience: time.Millisecond, Retry: time.Hour, open: disk.open})
	disk.full.Store(true)
	long := record("x")
	for i := range 20 {
		long.Resources = append(long.Resources, strings.Repeat("r", 200)+fmt.Sprint(i))
	}
	for range 400 {
		l.Write(long)
	}
	<-disk.failed
	disk.full.Store(false)
	l.Close()
	told := int64(0)
	for _, r := range read(t, path) {
		told += r.Lost
	}
	if s := l.Stats(); told != s.Lost || s.Lost == 0 || s.Lost+s.Written != 400 {
		t.Errorf("the file tells of %d lost records; %+v", told, s)
	}
}

// TestAfterHalfALine: what a crash or a disk left of a line costs no other record.
func TestAfterHalfALine(t *testing.T) {
	path := place(t)
	half := string(record("half").line()[:30])
	if err := os.WriteFile(path, append(record("0").line(), half...), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, Options{Path: path, MaxBytes: 1 << 20, Patience: time.Minute})
	l.Write(record("1"))
	l.Write(record("2"))
	page, err := l.Read(&Query{Limit: 10})
	if err != nil || !slices.Equal(idsOf(page), []string{"2", "1", "0"}) || page.Unreadable != 1 {
		t.Errorf("%+v, %v", page, err)
	}
	if err := os.Truncate(path, int64(len(record("0").line()))+5); err != nil {
		t.Fatal(err)
	}
	l.Write(record("3"))
	page, err = l.Read(&Query{Limit: 10})
	if err != nil || !slices.Equal(idsOf(page), []string{"3", "0"}) || page.Unreadable != 1 {
		t.Errorf("after a cut: %+v, %v", page, err)
	}
}

func TestPlaces(t *testing.T) {
	directory := t.TempDir()
	link := filepath.Join(directory, "link")
	if err := os.Symlink(filepath.Join(directory, "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{directory, filepath.Join(directory, "none", "audit.log"), link, "/dev/null"} {
		if l, err := Open(Options{Path: path, MaxBytes: 1}); err == nil {
			l.Close()
			t.Errorf("%s was opened", path)
		}
		if CheckPlace(path) == nil {
			t.Errorf("CheckPlace takes %s", path)
		}
	}
	if err := CheckPlace(filepath.Join(directory, "audit.log")); err != nil {
		t.Error(err)
	}
}

func TestNoSecrets(t *testing.T) {
	const secret = "wJalrXUtnFEMI"
	form := url.Values{"SecretAccessKey": {secret}, "X-Amz-Security-Token": {secret}, "Signature": {secret}, "ClientToken": {"token-1"}, "Tag.1.Key": {"a", "b"}}
	body := []byte(`{"name": "x", "number": 12345678901234567890, "list": [{"password": "` + secret + `"}], "SessionToken": ["` + secret + `"]}`)
	for name, r := range map[string]Record{"form": {Parameters: Form(form)}, "body": {Parameters: Body(body)}, "no JSON": {Parameters: Body([]byte(secret))},
		"long": {Parameters: Body(bytes.Repeat([]byte(secret), 2000))}, "long form": {Parameters: Form(url.Values{"a": {strings.Repeat(secret, 2000)}})}} {
		line := string(r.line())
		if strings.Contains(line, secret) || len(line) > 2000 {
			t.Errorf("%s: %s", name, line)
		}
	}
	if line := string((&Record{Parameters: Form(form)}).line()); !strings.Contains(line, "token-1") || !strings.Contains(line, `["a","b"]`) {
		t.Errorf("what is no secret is told: %s", line)
	}
	if line := string((&Record{Parameters: Body(body)}).line()); !strings.Contains(line, "12345678901234567890") {
		t.Errorf("numbers stay as they are: %s", line)
	}
}

func TestLinesHaveNoNewlines(t *testing.T) {
	r := record("a\nb")
	r.UserAgent, r.Parameters, r.Resources = "x\r\n{}", map[string]any{"f": func() {}}, slices.Repeat([]string{"r"}, 1000)
	r.Message = strings.Repeat("é", 5000)
	line := r.line()
	if bytes.Count(line, []byte("\n")) != 1 || len(line) > 5000 {
		t.Errorf("%q", line)
	}
	var back Record
	if err := json.Unmarshal(line, &back); err != nil || back.RequestID != "a\nb" || len(back.Resources) != maxResources+1 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestFaultsOfThePlaceAreErrors(t *testing.T) {
	l := open(t, Options{Path: place(t), Patience: time.Millisecond, Retry: time.Millisecond})
	if err := os.RemoveAll(filepath.Dir(l.o.Path)); err != nil {
		t.Fatal(err)
	}
	l.Write(record("1"))
	for l.Fault() == nil {
		l.Write(record("more"))
	}
	if err := l.Fault(); !strings.Contains(err.Error(), "no such file or directory") || errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
}
