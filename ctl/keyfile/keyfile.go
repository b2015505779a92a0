package keyfile

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mirrorgw/ctl/filewatch"
	"mirrorgw/ctl/iam"
)

// lookEvery is how often at most a request looks whether the file has changed.
const lookEvery = 2 * time.Second

// Groups says which groups a user is in.
type Groups interface {
	Groups(account, user string) []string
}

// Options say where the keys are.
type Options struct {
	Path    string
	Account string // of keys that name none: 12 digits
	Groups  Groups // nil: nobody is in a group
	Log     *slog.Logger
	Now     func() time.Time // nil: time.Now
}

// File is the access keys of a file. It is safe for concurrent use.
type File struct {
	Options
	files   *filewatch.Files
	reload  sync.Mutex // what was read last is stored last
	entries atomic.Pointer[map[string]entry]
}

var _ iam.Keys = (*File)(nil)

// entry is a key and until when it is one.
type entry struct {
	key     iam.Key
	expires time.Time // zero: never
}

func (e *entry) gone(now time.Time) bool { return !e.expires.IsZero() && !now.Before(e.expires) }

// Open reads the keys. Errors are sentences, one a line.
func Open(o Options) (*File, error) { return open(o, lookEvery) }

func open(o Options, every time.Duration) (*File, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &File{Options: o, files: filewatch.New(every, o.Path)}
	return f, f.Reload()
}

// Reload reads the file now. After an error the keys before stay.
func (f *File) Reload() error {
	f.reload.Lock()
	defer f.reload.Unlock()
	entries, err := read(f.Path, f.Account)
	if err == nil {
		f.entries.Store(&entries)
		f.tell(entries)
	}
	return err
}

// Prepare reads the file now and changes nothing; use has the keys that were read count from then on, unless
// the file was read again meanwhile: what counts then is younger.
func (f *File) Prepare() (use func(), err error) {
	before := f.entries.Load()
	entries, err := read(f.Path, f.Account)
	if err != nil {
		return nil, err
	}
	return func() {
		if f.entries.CompareAndSwap(before, &entries) {
			f.tell(entries)
		}
	}, nil
}

func (f *File) tell(entries map[string]entry) {
	expired := 0
	for _, e := range entries {
		if e.gone(f.Now()) {
			expired++
		}
	}
	f.Log.Info("access keys", "file", f.Path, "keys", len(entries), "expired", expired)
}

// Key implements iam.Keys. A key that has expired is none.
func (f *File) Key(id string) (iam.Key, bool) {
	if f.files.Changed() {
		if err := f.Reload(); err != nil {
			f.Log.Error("the new access keys are not used, those before stay", "error", err)
		}
	}
	entries := f.entries.Load()
	if entries == nil {
		return iam.Key{}, false
	}
	e, ok := (*entries)[id]
	if !ok || e.gone(f.Now()) {
		return iam.Key{}, false
	}
	key := e.key
	if f.Groups != nil && key.Principal.User != "" {
		key.Principal.Groups = f.Groups.Groups(key.Principal.Account, key.Principal.User)
	}
	return key, true
}

// Len is how many keys there are, those that have expired included.
func (f *File) Len() int {
	if entries := f.entries.Load(); entries != nil {
		return len(*entries)
	}
	return 0
}
