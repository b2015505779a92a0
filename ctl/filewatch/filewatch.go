package filewatch

import (
	"os"
	"sync"
	"syscall"
	"time"
)

// Files are files that are watched together. They may be asked from any goroutine.
type Files struct {
	paths []string
	every time.Duration

	mu     sync.Mutex
	looked time.Time
	stamps []stamp
}

// stamp tells one content of a path from the next, as far as the file system does: a file that is
// replaced has another inode, one that is written another time.
type stamp struct {
	there            bool
	size             int64
	written, changed syscall.Timespec
	inode, device    uint64
}

// New remembers what the files are now; read them after that. Changed looks at most once in every;
// 0 is each time it is asked.
func New(every time.Duration, paths ...string) *Files {
	f := &Files{paths: paths, every: every, looked: time.Now()}
	f.stamps = f.look()
	return f
}

// Changed reports whether a file is another than when Changed last said so, or than at New. Of
// several who ask at one moment one is told.
func (f *Files) Changed() bool {
	if !f.mu.TryLock() {
		return false
	}
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.looked) < f.every {
		return false
	} else {
		f.looked = now
	}
	before := f.stamps
	f.stamps = f.look()
	for i := range before {
		if before[i] != f.stamps[i] {
			return true
		}
	}
	return false
}

func (f *Files) look() []stamp {
	stamps := make([]stamp, len(f.paths))
	for i, path := range f.paths {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			stamps[i] = stamp{true, s.Size, s.Mtim, s.Ctim, s.Ino, uint64(s.Dev)}
		}
	}
	return stamps
}
