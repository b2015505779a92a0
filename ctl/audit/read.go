package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Bounds of one Read. Whoever wants more goes on where it ended.
const (
	MaxEntries = 1000     // that a page has
	maxScan    = 16 << 20 // bytes of files that are looked at
	maxLine    = 1 << 20  // bytes of a line; a longer one is none of ours
	chunk      = 256 << 10
	maxFiles   = 1000
)

// Outcomes of Query.
const (
	OutcomeSuccess = "success" // carried out
	OutcomeFailure = "failure" // not carried out, for whatever reason
	OutcomeDenied  = "denied"  // refused for lack of rights
)

// ErrGone is that a position is in no file any more.
var ErrGone = errors.New("the entry is in none of the files of the audit log any more")

// Position is where a line begins, in a file whatever that is called meanwhile. Its text stays good when
// files rotate.
type Position struct {
	inode  uint64
	offset int64
}

// String is what ParsePosition reads.
func (p Position) String() string { return fmt.Sprintf("%x-%x", p.inode, p.offset) }

// ParsePosition reads what String wrote.
func ParsePosition(text string) (p Position, err error) {
	inode, offset, _ := strings.Cut(text, "-")
	if p.inode, err = strconv.ParseUint(inode, 16, 64); err == nil {
		p.offset, err = strconv.ParseInt(offset, 16, 63)
	}
	if err != nil || p.offset < 0 || p.String() != text {
		return Position{}, fmt.Errorf("%q is no position of an entry", text)
	}
	return p, nil
}

// Query chooses entries. Empty fields choose all.
type Query struct {
	Limit    int       // most entries, 1 to MaxEntries
	Before   *Position // only entries that stand before it; nil: from the end
	User     string    // user name, ARN, account, access key, or number of a user of this machine
	Action   string    // name; * stands for any characters
	Resource string    // identifier or ARN of one that was touched, or named in the parameters
	Outcome  string    // one of Outcome…
	Door     string
	Words    string // all of which stand somewhere in the line, without regard to case
}

// Entry is a line of the log.
type Entry struct {
	Position Position
	Record   Record
}

// Page is the answer to a query, the newest entry first.
type Page struct {
	Entries    []Entry
	Next       *Position // to go on before; nil: nothing older is there
	Unreadable int       // lines on the way that are no records
}

// Read reads the log from its end on, its older files too, as far as they are there.
func (l *Log) Read(q *Query) (*Page, error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	files, err := l.files()
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	if files, err = since(files, q.Before); err != nil {
		return nil, err
	}
	return q.read(files)
}

// At reads one entry.
func (l *Log) At(p Position) (*Entry, error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	files, err := l.files()
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	rest, err := since(files, &p)
	if err != nil {
		return nil, err
	}
	line := make([]byte, maxLine)
	n, err := rest[0].file.ReadAt(line, p.offset)
	if err != nil && err != io.EOF {
		return nil, rootCause(err)
	}
	line, _, whole := bytes.Cut(line[:n], []byte("\n"))
	e := &Entry{Position: p}
	if !whole || e.Record.read(line) != nil {
		return nil, ErrGone
	}
	return e, nil
}

// part is a file of the log up to a place.
type part struct {
	file  *os.File
	inode uint64
	end   int64
}

func closeAll(files []part) {
	for _, p := range files {
		p.file.Close()
	}
}

// files opens all files, the newest first. A file that is renamed meanwhile is not missed, nor there twice:
// while files move up one number is missing, two in a row end the log.
func (l *Log) files() (all []part, err error) {
	missing := false
	for i := range maxFiles {
		name := l.o.Path
		if i > 0 {
			name = fmt.Sprintf("%s.%d", l.o.Path, i)
		}
		p, err := openPart(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if missing {
				return all, nil
			}
			missing = true
			continue
		case err != nil:
			return all, fmt.Errorf("the audit log %s cannot be read (%w); let this user read it", name, rootCause(err))
		case slices.ContainsFunc(all, func(other part) bool { return other.inode == p.inode }):
			p.file.Close()
		default:
			all = append(all, p)
		}
		missing = false
	}
	return all, nil
}

func openPart(name string) (p part, err error) {
	if p.file, err = os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0); err != nil {
		return p, err
	}
	info, err := p.file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		p.file.Close()
		return p, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		p.inode = stat.Ino
	}
	p.end = info.Size()
	return p, nil
}

// since leaves out what does not stand before a position.
func since(files []part, before *Position) ([]part, error) {
	if before == nil {
		return files, nil
	}
	i := slices.IndexFunc(files, func(p part) bool { return p.inode == before.inode })
	if i < 0 || before.offset > files[i].end {
		return nil, ErrGone
	}
	files = slices.Clone(files[i:])
	files[0].end = before.offset
	return files, nil
}

// read looks at lines from the last one on, until there are enough or it has looked at maxScan bytes.
func (q *Query) read(files []part) (*Page, error) {
	page, left := &Page{}, int64(maxScan)
	for i := range files {
		b := &backwards{part: files[i], start: files[i].end}
		before := b.end
		for {
			line, at, err := b.line()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("the audit log cannot be read (%w)", rootCause(err))
			}
			left, before = left-(before-at), at
			page.add(q, line, Position{files[i].inode, at})
			if (len(page.Entries) == q.Limit || left <= 0) && (at > 0 || i+1 < len(files)) {
				page.Next = &Position{files[i].inode, at}
				return page, nil
			}
		}
	}
	return page, nil
}

func (p *Page) add(q *Query, line []byte, at Position) {
	if len(line) == 0 || len(p.Entries) == q.Limit {
		return
	}
	e := Entry{Position: at}
	switch {
	case e.Record.read(line) != nil:
		p.Unreadable++
	case q.has(line, &e.Record):
		p.Entries = append(p.Entries, e)
	}
}

// read decodes a line strictly.
func (r *Record) read(line []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(r); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("there is more than one value in the line")
	}
	return nil
}

// backwards reads lines of a part from its end.
type backwards struct {
	part
	start int64  // of what has been read
	have  []byte // from start on, not given yet
}

// line is the last line that was not given yet, and where it begins; io.EOF: there is none. A line that is
// too long comes in pieces of which all but the last, its beginning, are empty.
func (b *backwards) line() ([]byte, int64, error) {
	b.have = bytes.TrimSuffix(b.have, []byte("\n"))
	for {
		if i := bytes.LastIndexByte(b.have, '\n'); i >= 0 || b.start == 0 {
			if len(b.have) == 0 && b.start == 0 {
				return nil, 0, io.EOF
			}
			line := b.have[i+1:]
			b.have = b.have[:i+1]
			return line, b.start + int64(i) + 1, nil
		}
		if len(b.have) > maxLine {
			b.have = nil
			return nil, b.start, nil
		}
		n := min(chunk, b.start)
		more := make([]byte, n, n+int64(len(b.have)))
		if _, err := b.file.ReadAt(more, b.start-n); err != nil {
			return nil, 0, err
		}
		first := b.start == b.end
		b.start -= n
		if b.have = append(more, b.have...); first {
			b.have = bytes.TrimSuffix(b.have, []byte("\n"))
		}
	}
}
