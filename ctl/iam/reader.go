package iam

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"mirrorgw/ctl/tomldoc"
)

// reader fills a roll from a file.
type reader struct {
	*roll
	directory string // that paths of policies are relative to
	names     unixNames
	policies  map[string]*Policy
}

func (r *reader) document(root *tomldoc.Table) {
	policies, accounts := root.Tables("policy"), root.Tables("account")
	members, _ := root.Strings("organization")
	root.Done()
	for _, t := range policies {
		r.policy(t)
	}
	seen := map[string]bool{}
	for _, t := range accounts {
		r.account(t, seen)
	}
	for _, id := range members {
		if r.accounts[id] == nil {
			root.Errorf("organization", "organization names account %q, which is not in this file; add [[account]] id = %q", id, id)
		}
		r.organization[id] = true
	}
}

// required reads a name of at most most characters.
func requiredName(t *tomldoc.Table, most int) (string, bool) {
	name, ok := t.Required("name", "alice")
	if ok && !isName(name, most) {
		t.Errorf("name", "name %q is not 1 to %d letters, digits and _+=,.@- of ASCII; choose another", name, most)
		return name, false
	}
	return name, ok
}

func (r *reader) policy(t *tomldoc.Table) {
	defer t.Done()
	name, ok := requiredName(t, 128)
	document, inline := t.String("document")
	file, apart := t.String("file")
	if !ok {
		return
	}
	t.SetSubject("policy %q", name)
	_, builtIn := ManagedPolicy(name)
	if _, twice := r.policies[name]; builtIn || twice {
		t.Errorf("name", "there is a policy of this name already (%s are built in); choose another", strings.Join(ManagedPolicies(), ", "))
		return
	}
	r.policies[name] = nil // there is one, whether it can be read or not
	text := []byte(document)
	switch {
	case inline == apart:
		t.Errorf("document", "there are both document and file, or neither; write document = '''{…}''' or file = \"%s.json\"", name)
		return
	case apart:
		var err error
		if text, err = r.policyFile(file); err != nil {
			t.Errorf("file", "file %s: %v", file, err)
			return
		}
	}
	policy, err := ParsePolicy(name, text)
	if err != nil {
		key := "document"
		if apart {
			key = "file"
		}
		t.Errorf(key, "%v", strings.TrimPrefix(err.Error(), fmt.Sprintf("policy %q: ", name)))
		return
	}
	r.policies[name] = policy
	r.warnings = append(r.warnings, policy.Warnings()...)
}

func (r *reader) policyFile(path string) ([]byte, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.directory, path)
	}
	return readTrusted(path, MaxPolicyBytes)
}

func (r *reader) account(t *tomldoc.Table, seen map[string]bool) {
	id, ok := t.Required("id", "111111111111")
	groups, users := t.Tables("group"), t.Tables("user")
	root := r.unixKeys(t)
	defer t.Done()
	switch {
	case !ok:
		return
	case !isAccount(id):
		t.Errorf("id", "account %q is not 12 digits; write one like id = \"111111111111\"", id)
		return
	case seen[id]:
		t.Errorf("id", "account %q is there twice; keep its users under one [[account]]", id)
		return
	}
	seen[id] = true
	t.SetSubject("account %s", id)
	entry := &accountEntry{id: id, users: map[string]*userEntry{}}
	r.accounts[id] = entry
	r.mapUnix(t, root, Principal{Account: id})
	attached := map[string][]Attached{}
	for _, g := range groups {
		r.group(g, attached)
	}
	for _, u := range users {
		r.user(u, entry, attached)
	}
}

// attach finds policies by name.
func (r *reader) attach(t *tomldoc.Table, to string) (all []Attached) {
	names, _ := t.Strings("policies")
	for i, name := range names {
		policy, known := r.policies[name]
		if !known {
			policy, known = ManagedPolicy(name)
		}
		switch {
		case !known:
			t.Errorf("policies", "there is no policy %q; add [[policy]] name = %q, or use one of %s", name, name, strings.Join(ManagedPolicies(), ", "))
		case slices.Contains(names[:i], name):
			t.Errorf("policies", "policy %q is attached twice; keep one", name)
		default:
			all = append(all, Attached{Policy: policy, To: to})
		}
	}
	return all
}

func (r *reader) group(t *tomldoc.Table, attached map[string][]Attached) {
	defer t.Done()
	name, ok := requiredName(t, 128)
	t.SetSubject("group %q", name)
	policies := r.attach(t, t.Subject())
	if _, twice := attached[name]; twice && ok {
		t.Errorf("name", "the account has this group twice; keep one")
	}
	attached[name] = policies
}

func (r *reader) user(t *tomldoc.Table, account *accountEntry, attached map[string][]Attached) {
	defer t.Done()
	name, ok := requiredName(t, 64)
	t.SetSubject("user %q", name)
	u := &userEntry{policies: r.attach(t, t.Subject())}
	u.groups, _ = t.Strings("groups")
	for i, group := range u.groups {
		policies, known := attached[group]
		switch {
		case !known:
			t.Errorf("groups", "account %s has no group %q; add [[account.group]] name = %q", account.id, group, group)
		case slices.Contains(u.groups[:i], group):
			t.Errorf("groups", "group %q is there twice; keep one", group)
		}
		u.policies = append(u.policies, policies...)
	}
	keys := r.unixKeys(t)
	if account.users[name] != nil && ok {
		t.Errorf("name", "the account has this user twice; keep one")
		return
	}
	account.users[name] = u
	r.mapUnix(t, keys, Principal{Account: account.id, User: name, Groups: u.groups})
}

// unixKeys are the users and groups of the machine that a table names.
func (r *reader) unixKeys(t *tomldoc.Table) (keys struct{ users, groups []string }) {
	keys.users, _ = t.Strings("unix_users")
	keys.groups, _ = t.Strings("unix_groups")
	return keys
}

// mapUnix says who users and members of groups of the machine are.
func (r *reader) mapUnix(t *tomldoc.Table, keys struct{ users, groups []string }, p Principal) {
	for _, name := range keys.users {
		uid, err := number(name, r.names.user)
		other, twice := r.unixUsers[uid]
		switch {
		case err != nil:
			t.Errorf("unix_users", "unix_users: %v", err)
		case uid == 0:
			t.Errorf("unix_users", "unix_users names root, who may always do everything; name another")
		case twice && uid != nobodyUnix:
			t.Errorf("unix_users", "unix_users names %s, who is %s already; keep one of the two", name, other.ARN())
		default:
			r.unixUsers[uid] = p
		}
	}
	for _, name := range keys.groups {
		gid, err := number(name, r.names.group)
		if err != nil {
			t.Errorf("unix_groups", "unix_groups: %v", err)
		}
		twice := slices.ContainsFunc(r.unixGroups, func(g unixGroup) bool { return g.gid == gid })
		if twice && gid != nobodyUnix {
			t.Errorf("unix_groups", "unix_groups names %s for a second user; keep one of the two", name)
		}
		r.unixGroups = append(r.unixGroups, unixGroup{gid, p})
	}
}

// rootCause drops the operation and the path that os errors repeat.
func rootCause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
