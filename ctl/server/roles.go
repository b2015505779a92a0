package server

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
)

// Role is what a peer may do.
type Role int

// The roles, each may do what the one before it may.
const (
	Nobody Role = iota
	Reader      // read and explain
	Admin       // change things
)

func (r Role) String() string { return [...]string{"nobody", "reader", "admin"}[r] }

// Roles are the groups whose members may use the API. Root and the daemon's own user are always
// admins. The zero value has no groups.
type Roles struct {
	admin, reader int // group numbers; 0 is the group root, noGroup is none
	set           bool
}

const noGroup = -1

// LookupRoles finds the groups by name or number. An empty text is no group.
func LookupRoles(adminGroup, readerGroup string) (Roles, error) {
	admin, err := lookupGroup("admin_group", adminGroup)
	if err != nil {
		return Roles{}, err
	}
	reader, err := lookupGroup("reader_group", readerGroup)
	if err != nil {
		return Roles{}, err
	}
	return Roles{admin: admin, reader: reader, set: true}, nil
}

func lookupGroup(key, text string) (int, error) {
	if text == "" {
		return noGroup, nil
	}
	if number, err := strconv.ParseUint(text, 10, 31); err == nil {
		return int(number), nil
	}
	group, err := user.LookupGroup(text)
	if err != nil {
		return 0, fmt.Errorf("[ctl] %s %q is not a group of this system; create it (groupadd --system %s) or name another", key, text, text)
	}
	number, err := strconv.Atoi(group.Gid)
	if err != nil {
		return 0, fmt.Errorf("[ctl] %s %q has the number %q; name a group with a decimal number", key, text, group.Gid)
	}
	return number, nil
}

// of is the role of a peer.
func (r Roles) of(p peer) Role {
	switch {
	case !p.known:
		return Nobody
	case p.uid == 0 || p.uid == os.Geteuid():
		return Admin
	case !r.set:
		return Nobody
	case r.admin != noGroup && slices.Contains(p.groups, r.admin):
		return Admin
	case r.reader != noGroup && slices.Contains(p.groups, r.reader):
		return Reader
	}
	return Nobody
}

// socketGroup is the group that the socket belongs to, or noGroup.
func (r Roles) socketGroup() int {
	if r.reader != noGroup {
		return r.reader
	}
	return r.admin
}
