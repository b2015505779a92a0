package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultSocketMode lets the owner and the socket's group connect.
const DefaultSocketMode fs.FileMode = 0o660

// maxSocketPath is what fits in sun_path with its closing zero (unix(7)).
const maxSocketPath = 107

// SocketOptions say where the daemon listens and who may connect.
type SocketOptions struct {
	Path        string
	Mode        fs.FileMode // permission bits; 0: DefaultSocketMode
	AdminGroup  string      // name or number; empty: only root and the daemon's own user change things
	ReaderGroup string      // name or number; empty: nobody else reads
	Name        string      // what errors call it; empty: control socket
	Section     string      // of gateway.toml, that errors point at; empty: ctl
}

// socketListener remembers which file is its own, so that it never removes that of a successor.
type socketListener struct {
	*net.UnixListener
	name   string // what errors call it
	path   string
	device uint64
	inode  uint64
}

// umaskLock keeps two Listens from restoring each other's umask.
var umaskLock sync.Mutex

// Listen makes the control socket, or another of the same manners. It belongs to the reader group, else to the admin group: that
// is who may connect; which of the two a peer is in decides what it may do. A socket that nobody
// listens on is the rest of a daemon that died and is replaced. Errors are one sentence.
func Listen(o SocketOptions) (net.Listener, error) {
	if o.Mode == 0 {
		o.Mode = DefaultSocketMode
	}
	if o.Name == "" {
		o.Name, o.Section = "control socket", "ctl"
	}
	roles, err := LookupRoles(o.AdminGroup, o.ReaderGroup)
	if err != nil {
		return nil, err
	}
	if err := o.checkPath(); err != nil {
		return nil, err
	}
	if err := o.removeStale(); err != nil {
		return nil, err
	}
	listener, err := o.bind()
	if err != nil {
		return nil, err
	}
	if err := listener.open(o.Mode, roles.socketGroup()); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

func (o *SocketOptions) checkPath() error {
	name, path, section := o.Name, o.Path, o.Section
	switch {
	case path == "":
		return fmt.Errorf("the %s has no path; set [%s] socket, for example \"/run/mirrorgw/%[2]s.sock\"", name, section)
	case len(path) > maxSocketPath:
		return fmt.Errorf("the %s's path %s has %d bytes; use at most %d", name, path, len(path), maxSocketPath)
	}
	directory, err := os.Stat(filepath.Dir(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the %s %s cannot be made: there is no directory %s; create it for this user", name, path, filepath.Dir(path))
	case err != nil:
		return fmt.Errorf("the %s %s cannot be made (%w); make its directory accessible for this user", name, path, err)
	case !directory.IsDir():
		return fmt.Errorf("the %s %s cannot be made: %s is not a directory; set [%s] socket to a path in one", name, path, filepath.Dir(path), section)
	}
	return nil
}

// removeStale makes room for the socket, if what is there is a socket that no daemon answers on.
func (o *SocketOptions) removeStale() error {
	name, path, section := o.Name, o.Path, o.Section
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the %s %s cannot be looked at (%w); make its directory accessible for this user", name, path, err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is not a socket; move it away or set [%s] socket to another path", path, section)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		conn.Close()
		return fmt.Errorf("another daemon answers on the %s %s; stop it first or set [%s] socket to another path", name, path, section)
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist):
	default:
		return fmt.Errorf("another daemon may be on the %s %s (%w); stop it first or set [%s] socket to another path", name, path, err, section)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the stale %s %s cannot be removed (%w); remove it, or make its directory writable for this user", name, path, err)
	}
	return nil
}

// bind makes the file so that nobody but its owner can connect before open has run. The file
// mode creation mask belongs to the process: files that other threads make at this very moment
// become private as well, which harms less than a socket that is open for a moment.
func (o *SocketOptions) bind() (*socketListener, error) {
	name, path := o.Name, o.Path
	umaskLock.Lock()
	before := unix.Umask(0o177)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	unix.Umask(before)
	umaskLock.Unlock()
	if err != nil {
		return nil, fmt.Errorf("the %s %s cannot be made (%w); make its directory writable for this user", name, path, reason(err))
	}
	listener.SetUnlinkOnClose(false)
	s := &socketListener{UnixListener: listener, name: name, path: path}
	var stat unix.Stat_t
	if err := unix.Lstat(path, &stat); err != nil {
		listener.Close()
		return nil, fmt.Errorf("the %s %s has gone again (%w); see who else uses its directory", name, path, err)
	}
	s.device, s.inode = uint64(stat.Dev), stat.Ino
	return s, nil
}

// reason strips what the sentence says already.
func reason(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// open gives the socket its group and its mode. A group of -1 leaves it to the daemon's user.
func (s *socketListener) open(mode fs.FileMode, group int) error {
	if group >= 0 {
		if err := os.Lchown(s.path, -1, group); err != nil {
			return fmt.Errorf("the %s %s cannot be given to group %d (%w); run the daemon as root or as a member of the group", s.name, s.path, group, reason(err))
		}
	}
	if err := os.Chmod(s.path, mode.Perm()); err != nil {
		return fmt.Errorf("the %s %s cannot get the mode %#o (%w); see who else uses its directory", s.name, s.path, mode.Perm(), reason(err))
	}
	return nil
}

// Close stops listening and removes the file, unless another daemon has put its own there.
func (s *socketListener) Close() error {
	var stat unix.Stat_t
	if unix.Lstat(s.path, &stat) == nil && uint64(stat.Dev) == s.device && stat.Ino == s.inode {
		os.Remove(s.path)
	}
	return s.UnixListener.Close()
}
