package audit

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func idsOf(p *Page) (all []string) {
	for _, e := range p.Entries {
		all = append(all, e.Record.RequestID)
	}
	return all
}

// TestReadBackwards: page after page there is every record that is kept, the newest first, however files
// rotate in between.
func TestReadBackwards(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		directory, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		l := open(t, Options{Path: directory + "/audit.log", MaxBytes: rapid.Int64Range(1, 3000).Draw(rt, "bytes"), Files: 100, Patience: time.Minute})
		defer l.Close()
		n := rapid.IntRange(0, 40).Draw(rt, "records")
		for i := range n {
			l.Write(record(fmt.Sprint(i)))
		}
		q, got := &Query{Limit: rapid.IntRange(1, 12).Draw(rt, "limit")}, []string(nil)
		for {
			page, err := l.Read(q)
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, idsOf(page)...)
			for _, e := range page.Entries[:min(1, len(page.Entries))] {
				if one, err := l.At(e.Position); err != nil || one.Record.RequestID != e.Record.RequestID {
					rt.Fatalf("%s at its position: %+v, %v", e.Record.RequestID, one, err)
				}
			}
			if q.Before = page.Next; page.Next == nil {
				break
			}
			l.Write(record("later"))
		}
		if len(got) != n {
			rt.Fatalf("%d of %d: %v", len(got), n, got)
		}
		for i := range got {
			if got[i] != fmt.Sprint(n-1-i) {
				rt.Fatalf("order %v", got)
			}
		}
	})
}

func TestReadChooses(t *testing.T) {
	l := open(t, Options{Path: place(t), Patience: time.Minute})
	uid := 1000
	for i, change := range []func(*Record){
		func(r *Record) {},
		func(r *Record) { r.Identity = Identity{Type: TypeUnix, UID: &uid}; r.Action = "postSessions" },
		func(r *Record) { r.Status, r.Code = 403, "Denied"; r.Resources = []string{"tmt-1"} },
		func(r *Record) { r.Status, r.Code = 404, "NotFound"; r.Parameters = map[string]any{"id": "tmt-1"} },
		func(r *Record) { r.Door, r.UserAgent = "aws", "Boto3/1.2" },
	} {
		r := record(fmt.Sprint(i))
		change(r)
		l.Write(r)
	}
	for _, test := range []struct {
		q    Query
		want string
	}{
		{Query{}, "4 3 2 1 0"}, {Query{User: "alice"}, "4 3 2 0"}, {Query{User: "1000"}, "1"}, {Query{User: "ali"}, ""},
		{Query{Action: "createtags"}, "4 3 2 0"}, {Query{Action: "post*"}, "1"}, {Query{Action: "*e*s"}, "4 3 2 1 0"}, {Query{Action: "post"}, ""},
		{Query{Resource: "tmt-1"}, "3 2"}, {Query{Resource: "tmt"}, ""}, {Query{Outcome: OutcomeSuccess}, "4 1 0"}, {Query{Outcome: OutcomeFailure}, "3 2"},
		{Query{Outcome: OutcomeDenied}, "2"}, {Query{Door: "aws"}, "4"}, {Query{Words: "BOTO3 alice"}, "4"}, {Query{Words: "boto3 1000"}, ""},
	} {
		test.q.Limit = 10
		page, err := l.Read(&test.q)
		if err != nil || strings.Join(idsOf(page), " ") != test.want || page.Next != nil || page.Unreadable != 0 {
			t.Errorf("%+v: %v, %v, want %s", test.q, page, err, test.want)
		}
	}
}

// TestReadForeignLines: what is no record is counted and passed over; half a line too.
func TestReadForeignLines(t *testing.T) {
	path := place(t)
	l := open(t, Options{Path: path, Patience: time.Minute})
	l.Write(record("1"))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	foreign := string(text) + "\nnonsense\n{\"eventName\":\"x\",\"more\":1}\n{} {}\n" + string(text[:20])
	if err := os.WriteFile(path, []byte(foreign), 0o600); err != nil {
		t.Fatal(err)
	}
	page, err := l.Read(&Query{Limit: 10})
	if err != nil || !slices.Equal(idsOf(page), []string{"1"}) || page.Unreadable != 4 {
		t.Errorf("%+v, %v", page, err)
	}
	os.Remove(path)
	if page, err := l.Read(&Query{Limit: 10}); err != nil || len(page.Entries) != 0 {
		t.Errorf("no file: %v, %v", page, err)
	}
}

// TestReadWhileFilesMove: while files are renamed one number is missing for a moment, which hides nothing.
func TestReadWhileFilesMove(t *testing.T) {
	path := place(t)
	l := open(t, Options{Path: path, Patience: time.Minute})
	l.Write(record("3"))
	for name, id := range map[string]string{".2": "2", ".3": "1"} {
		if err := os.WriteFile(path+name, record(id).line(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := l.Read(&Query{Limit: 10})
	if err != nil || !slices.Equal(idsOf(page), []string{"3", "2", "1"}) {
		t.Errorf("%v, %v", idsOf(page), err)
	}
}

// TestReadPastALongLine: a stretch without line ends, as a crash leaves one of zeros, hides nothing that is
// older, and counts as bytes that were looked at.
func TestReadPastALongLine(t *testing.T) {
	path := place(t)
	l := open(t, Options{Path: path, MaxBytes: 1 << 40, Patience: time.Minute})
	for _, length := range []int{maxLine + 1, maxLine + chunk + 1, 3 * maxLine, 3*maxLine + 1, maxScan + 1} {
		text := string(record("1").line()) + strings.Repeat("\x00", length) + "\n" + string(record("2").line())
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var all []string
		unreadable, pages := 0, 0
		for q := (&Query{Limit: 10}); ; pages++ {
			page, err := l.Read(q)
			if err != nil {
				t.Fatalf("%d bytes: %v", length, err)
			}
			all, unreadable = append(all, idsOf(page)...), unreadable+page.Unreadable
			if q.Before = page.Next; page.Next == nil {
				break
			}
		}
		if !slices.Equal(all, []string{"2", "1"}) || unreadable != 1 || pages > 0 != (length > maxScan) {
			t.Errorf("%d bytes: %v, %d unreadable, %d more pages", length, all, unreadable, pages)
		}
	}
}

// TestReadIsBounded: a query that chooses nothing ends, and can be gone on with.
func TestReadIsBounded(t *testing.T) {
	path := place(t)
	l := open(t, Options{Path: path, MaxBytes: 1 << 40, Patience: time.Minute})
	line := record("1").line()
	if err := os.WriteFile(path, []byte(strings.Repeat(string(line), maxScan/len(line)+100)), 0o600); err != nil {
		t.Fatal(err)
	}
	page, err := l.Read(&Query{Limit: 10, User: "nobody"})
	if err != nil || page.Next == nil || len(page.Entries) != 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	if page, err = l.Read(&Query{Limit: 10, User: "nobody", Before: page.Next}); err != nil || page.Next != nil {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestPositions(t *testing.T) {
	l := open(t, Options{Path: place(t), Patience: time.Minute})
	l.Write(record("1"))
	page, err := l.Read(&Query{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	here := page.Entries[0].Position
	if again, err := ParsePosition(here.String()); err != nil || again != here {
		t.Errorf("%v, %v", again, err)
	}
	for _, wrong := range []string{"", "1", "-1", "1--1", "x-1", "01-1", "1-1-1", "A-1", "1-ffffffffffffffffff"} {
		if p, err := ParsePosition(wrong); err == nil {
			t.Errorf("%q is %v", wrong, p)
		}
	}
	for _, gone := range []Position{{here.inode + 1, 0}, {here.inode, 3}, {here.inode, 1 << 40}} {
		if e, err := l.At(gone); !errors.Is(err, ErrGone) {
			t.Errorf("at %v: %+v, %v", gone, e, err)
		}
	}
}
