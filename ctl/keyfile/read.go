package keyfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// Bounds of the file.
const (
	maxBytes = 4 << 20
	maxKeys  = 10000
)

// What identifiers look like (AWS guide, "IAM and STS quotas"); secrets are 40 characters there.
var (
	idForm      = regexp.MustCompile(`^\w{4,128}$`)
	secretForm  = regexp.MustCompile(`^[!-~]{16,128}$`)
	tokenForm   = regexp.MustCompile(`^[!-~]+$`)
	accountForm = regexp.MustCompile(`^\d{12}$`)
	userForm    = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
)

// read reads and judges a file of keys.
func read(path, account string) (map[string]entry, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	var problems problem.List
	root := tomldoc.Parse(path, data, &problems)
	if err := problems.Err(); err != nil {
		return nil, withoutSyntax(path, err)
	}
	root.Private()
	tables := root.Tables("key")
	root.Done()
	if len(tables) > maxKeys {
		root.Errorf("key", "there are %d keys; keep at most %d", len(tables), maxKeys)
		tables = nil
	}
	entries := map[string]entry{}
	for _, t := range tables {
		e := readKey(t, account)
		if _, twice := entries[e.key.ID]; twice {
			t.Errorf("id", "id %q is there twice; keep one of the two", e.key.ID)
		}
		entries[e.key.ID] = e
	}
	return entries, problems.Err()
}

// withoutSyntax keeps a parser's words, which may quote a secret, out of an error.
func withoutSyntax(path string, err error) error {
	at := problem.Position{File: path}
	var found *problem.Error
	if errors.As(err, &found) {
		at = found.Problems[0].Position
	}
	return fmt.Errorf("%sthis is not valid TOML; write [[key]] and, below it, lines such as id = \"AKIA…\", with text in double quotes", at)
}

// readPrivate reads a regular file that nobody but its owner can have read or written.
func readPrivate(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hang
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file; make it with mode 0600 and a [[key]] for each access key", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the access keys cannot be read (%w); the file must belong to root, with mode 0600", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("the access keys cannot be looked at (%w); the file must belong to root, with mode 0600", err)
	}
	if err := checkPrivate(path, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the access keys cannot be read (%w); see the disk", err)
	case len(data) > maxBytes:
		return nil, fmt.Errorf("%s: the file has more than %d bytes; keep at most %d keys", path, maxBytes, maxKeys)
	}
	return data, nil
}

// checkPrivate judges owner and mode: the file is root's, or this user's own where the daemon does not
// run as root. What systemd has put into the credentials directory of the service is the service's
// alone, though its mode may let an access control list through.
func checkPrivate(path string, info fs.FileInfo) error {
	closed, owner := fs.FileMode(0o077), uint32(0)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = stat.Uid
	}
	own := owner == 0 || int(owner) == os.Geteuid()
	if directory := os.Getenv("CREDENTIALS_DIRECTORY"); directory != "" && filepath.Dir(filepath.Clean(path)) == filepath.Clean(directory) {
		closed = 0o007
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file; give the path of a file with a [[key]] for each access key", path)
	case !own:
		return fmt.Errorf("%s belongs to user %d, who could hand out access; run chown root %s, and change the keys if it is not meant to", path, owner, path)
	case info.Mode().Perm()&closed != 0:
		return fmt.Errorf("%s has mode %04o, so that others than root can read or write it; run chmod 0600 %s, and change the keys if others may have read them", path, info.Mode().Perm(), path)
	}
	return nil
}

// readKey reads one [[key]]. Sentences name the key by its ID, never by what it holds.
func readKey(t *tomldoc.Table, account string) (e entry) {
	defer t.Done()
	t.Private()
	k := &e.key
	k.ID = text(t, "id", true, idForm, "4 to 128 letters, digits and underscores")
	if k.ID != "" {
		t.SetSubject("key %q", k.ID)
	}
	k.Secret = text(t, "secret", true, secretForm, "16 to 128 printable characters without spaces")
	k.SessionToken = text(t, "session_token", false, tokenForm, "printable characters without spaces")
	k.Principal = iam.Principal{Account: account, User: text(t, "user", false, userForm, "1 to 64 letters, digits and _ + = , . @ -")}
	if t.Has("account") {
		k.Principal.Account = text(t, "account", false, accountForm, `12 digits in quotes, like "123456789012"`)
	}
	e.expires = t.Time("expires")
	return e
}

// text reads a text of a form, without ever repeating it.
func text(t *tomldoc.Table, key string, required bool, form *regexp.Regexp, is string) string {
	if !t.Has(key) {
		if required {
			t.Missing(key, "%s is missing; it is %s", key, is)
		}
		return ""
	}
	value, ok := t.Secret(key)
	if ok && !form.MatchString(value) {
		t.Errorf(key, "%s is not right; it is %s", key, is)
		return ""
	}
	return value
}
