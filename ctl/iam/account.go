package iam

import (
	"fmt"
	"strings"
)

// roll is what a directory knows at one moment. It is read-only.
type roll struct {
	file         string
	accounts     map[string]*accountEntry
	organization map[string]bool // accounts
	unixUsers    map[int]Principal
	unixGroups   []unixGroup // in the order of the file
	warnings     []string
	rootsOnly    bool // any account is there, and has no users
}

// accountEntry is an account of a directory.
type accountEntry struct {
	id    string
	users map[string]*userEntry
}

// userEntry is a user with the policies of its own and of its groups.
type userEntry struct {
	groups   []string
	policies []Attached
}

// unixGroup is a group of this machine whose members are a principal.
type unixGroup struct {
	gid       int
	principal Principal
}

// principal finds who a name is. An empty user is the account itself.
func (r *roll) principal(account, user string) (Principal, []Attached, error) {
	entry := r.accounts[account]
	if entry == nil {
		if !r.rootsOnly || !isAccount(account) {
			return Principal{}, nil, fmt.Errorf("there is no account %q%s", account, r.where())
		}
		entry = &accountEntry{id: account}
	}
	if user == "" {
		return Principal{Account: account}, nil, nil
	}
	found := entry.users[user]
	if found == nil {
		return Principal{}, nil, fmt.Errorf("account %s has no user %q%s", account, user, r.where())
	}
	return Principal{Account: account, User: user, Groups: found.groups}, found.policies, nil
}

func (r *roll) where() string {
	if r.rootsOnly {
		return "; name a file of users with [iam] directory"
	}
	return " in " + r.file
}

// isAccount tells the form of an account's identifier.
func isAccount(id string) bool {
	return len(id) == 12 && strings.Trim(id, "0123456789") == ""
}

// isName tells names of users, groups and policies (IAM User Guide, "IAM and AWS STS quotas").
func isName(name string, most int) bool {
	foreign := func(c rune) bool { return c > 'z' || !isAlphanumeric(byte(c)) && !strings.ContainsRune("_+=,.@-", c) }
	return name != "" && len(name) <= most && !strings.ContainsFunc(name, foreign)
}
