package iam

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"mirrorgw/ctl"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// maxDirectoryBytes bounds the file: some thousand users and policies.
const maxDirectoryBytes = 16 << 20

// unixNames finds numbers of users and groups of a machine.
type unixNames struct {
	user, group func(name string) (int, error)
}

// localUnix asks this machine.
var localUnix = unixNames{
	user: func(name string) (int, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return 0, fmt.Errorf("%q is not a user of this machine; make it (useradd --system %s) or name another", name, name)
		}
		return strconv.Atoi(u.Uid)
	},
	group: func(name string) (int, error) {
		g, err := user.LookupGroup(name)
		if err != nil {
			return 0, fmt.Errorf("%q is not a group of this machine; make it (groupadd --system %s) or name another", name, name)
		}
		return strconv.Atoi(g.Gid)
	},
}

// nobodyUnix is the number of users and groups that are not looked up: -1 is nobody's.
const nobodyUnix = -1

// foreignUnix knows nobody by name.
var foreignUnix = unixNames{
	user:  func(string) (int, error) { return nobodyUnix, nil },
	group: func(string) (int, error) { return nobodyUnix, nil },
}

// number reads a name or a number.
func number(text string, find func(string) (int, error)) (int, error) {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return int(n), nil
	}
	return find(text)
}

// readFile reads a directory's file and the policies that it names.
func readFile(path string, names unixNames) (*roll, error) {
	data, err := readTrusted(path, maxDirectoryBytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return readDocument(path, data, names)
}

// readDocument is readFile for a text that was read.
func readDocument(path string, data []byte, names unixNames) (*roll, error) {
	var problems problem.List
	r := &reader{directory: filepath.Dir(path), names: names, policies: map[string]*Policy{},
		roll: &roll{file: path, accounts: map[string]*accountEntry{ctl.DefaultAccount: {id: ctl.DefaultAccount}},
			organization: map[string]bool{}, unixUsers: map[int]Principal{}}}
	r.document(tomldoc.Parse(path, data, &problems))
	return r.roll, problems.Err()
}

// readTrusted reads a file that gives rights, if nobody but root and this user can write it.
func readTrusted(path string, most int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hang
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file; make it or name another")
	case err != nil:
		return nil, fmt.Errorf("the file cannot be read (%w); make it readable for this user", rootCause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, rootCause(err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return nil, errors.New("this is not a regular file; give the path of one")
	case info.Mode().Perm()&0o022 != 0:
		return nil, fmt.Errorf("others than its owner can write the file (mode %04o) and give themselves rights; run chmod go-w %s", info.Mode().Perm(), path)
	case ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return nil, fmt.Errorf("the file belongs to the user with uid %d, who could give themselves rights; run chown root %s", stat.Uid, path)
	}
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	switch {
	case err != nil:
		return nil, rootCause(err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("the file has more than %d bytes; make it smaller", most)
	}
	return data, nil
}
