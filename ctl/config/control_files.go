package config

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// CheckControl looks at what [ctl] names on this machine: the directory of the socket must exist
// and be writable (RunDirectory may be missing), what is at its path must be a socket, and the
// groups must exist.
func CheckControl(c *Config) error {
	var problems problem.List
	if c.Ctl.Socket != "" {
		addProblem(&problems, c.Ctl.src, "[ctl]", "socket", checkSocketFile(c.Ctl.Socket))
		addProblem(&problems, c.Ctl.src, "[ctl]", "admin_group", checkGroup("admin_group", c.Ctl.AdminGroup))
		addProblem(&problems, c.Ctl.src, "[ctl]", "reader_group", checkGroup("reader_group", c.Ctl.ReaderGroup))
	}
	return problems.Err()
}

// CheckState looks at where [state] keeps the resources: the directory must exist and be
// writable, and what is at the path must be a regular file that can be read and written. What is
// in it is for the store to judge.
func CheckState(c *Config) error {
	var problems problem.List
	if c.State.Path != "" {
		addProblem(&problems, c.State.src, "[state]", "path", checkStateFile(c.State.Path))
	}
	return problems.Err()
}

func addProblem(list *problem.List, t *tomldoc.Table, subject, key string, err error) {
	if err != nil {
		list.Add(problem.Problem{Position: t.Position(key), Subject: subject, Key: key, Text: err.Error()})
	}
}

func checkSocketFile(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); dir == RunDirectory && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := checkDirectory("socket "+path, dir); err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("socket %s exists and is not a socket; move it away or choose another path", path)
	}
	return nil
}

func checkStateFile(path string) error {
	if err := checkDirectory("path "+path, filepath.Dir(path)); err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // the first start
	case err != nil:
		return fmt.Errorf("path %s cannot be looked at (%w); make it readable for this user", path, rootCause(err))
	case info.IsDir():
		return fmt.Errorf("path %s is a directory; give the path of a file in it, like %s", path, filepath.Join(path, "state.db"))
	case !info.Mode().IsRegular():
		return fmt.Errorf("path %s is not a regular file; move it away or choose another path", path)
	}
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return fmt.Errorf("path %s cannot be read and written (%w); %s", path, err, accessRemedy(err))
	}
	return nil
}

// checkDirectory begins its sentences with what is to live in the directory.
func checkDirectory(what, dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: the directory %s does not exist; make it, for example with \"install -d -m 0755 %s\"", what, dir, dir)
	case err != nil:
		return fmt.Errorf("%s: the directory %s cannot be looked at (%w); make it accessible for this user", what, dir, rootCause(err))
	case !info.IsDir():
		return fmt.Errorf("%s: %s is not a directory; choose another path", what, dir)
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s: the directory %s is not writable (%w); %s", what, dir, err, accessRemedy(err))
	}
	return nil
}

func accessRemedy(err error) string {
	if errors.Is(err, syscall.EROFS) {
		return "mount its file system read-write or choose another path"
	}
	return "make it writable for this user or choose another path"
}

func checkGroup(key, name string) error {
	if name == "" {
		return nil
	}
	if _, err := GroupID(name); err != nil {
		return fmt.Errorf("%s %w", key, err)
	}
	return nil
}

// GroupID returns the number of a group by name or number. A number need not have a name.
func GroupID(name string) (int, error) {
	if n, err := strconv.ParseInt(name, 10, 64); err == nil {
		if n < 0 || n > math.MaxInt32 {
			return 0, fmt.Errorf("%q is not a group number; use one from 0 to %d, or a name", name, math.MaxInt32)
		}
		return int(n), nil
	}
	group, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("%q is not a group of this machine; make it, for example with \"groupadd --system %s\", or name another", name, name)
	}
	return strconv.Atoi(group.Gid)
}
