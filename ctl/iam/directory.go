package iam

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mirrorgw/ctl"
)

// Directory knows accounts, their users and groups, and what policies these have. It answers from
// what was read last; Reload swaps that as a whole. It is safe for concurrent use.
type Directory struct {
	path    string // empty: there is no file
	read    func(path string) (*roll, error)
	current atomic.Pointer[roll]
}

var _ Authorizer = (*Directory)(nil)

// LoadDirectory reads a file of accounts, users, groups and policies. An error holds one sentence a
// line, each with file, line and remedy. Nobody but its owner may be able to write the file.
func LoadDirectory(path string) (*Directory, error) {
	return load(&Directory{path: path, read: func(path string) (*roll, error) { return readFile(path, localUnix) }})
}

// LoadForeignDirectory is LoadDirectory for a file of another machine: users and groups of this one
// are not looked up.
func LoadForeignDirectory(path string) (*Directory, error) {
	return load(&Directory{path: path, read: func(path string) (*roll, error) { return readFile(path, foreignUnix) }})
}

// ParseDirectory is LoadDirectory for a text; name is what errors call it, and Reload changes nothing.
func ParseDirectory(name string, text []byte) (*Directory, error) {
	r, err := readDocument(name, text, localUnix)
	if err != nil {
		return nil, err
	}
	d := &Directory{}
	d.current.Store(r)
	return d, nil
}

// RootsOnly is the directory of a gateway without a file: every account has itself and nobody else.
func RootsOnly() *Directory {
	d := &Directory{}
	d.current.Store(&roll{rootsOnly: true})
	return d
}

func load(d *Directory) (*Directory, error) {
	if err := d.Reload(); err != nil {
		return nil, err
	}
	return d, nil
}

// Reload reads the file again. After an error all stays as it was.
func (d *Directory) Reload() error {
	use, err := d.Prepare()
	if err == nil {
		use()
	}
	return err
}

// Prepare reads the file and changes nothing; use has what was read count from then on, until undo.
func (d *Directory) Prepare() (use func() (undo func()), err error) {
	if d.path == "" {
		return func() func() { return func() {} }, nil
	}
	fresh, err := d.read(d.path)
	if err != nil {
		return nil, err
	}
	return func() func() {
		before := d.current.Swap(fresh)
		return func() { d.current.Store(before) }
	}, nil
}

// Warnings are sentences about what is right and has no effect.
func (d *Directory) Warnings() []string { return slices.Clone(d.current.Load().warnings) }

// Accounts are those that the directory names, sorted.
func (d *Directory) Accounts() []string {
	var ids []string
	for id := range d.current.Load().accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Principal finds a user of an account; an empty user is the account itself.
func (d *Directory) Principal(account, user string) (Principal, error) {
	p, _, err := d.current.Load().principal(account, user)
	return p, err
}

// Groups are the names of a user's groups; none if there is no such user.
func (d *Directory) Groups(account, user string) []string {
	p, _ := d.Principal(account, user)
	return slices.Clone(p.Groups)
}

// SameOrganization tells whether two accounts are in one organization. An account is with itself.
func (d *Directory) SameOrganization(a, b string) bool {
	o := d.current.Load().organization
	return a == b || o[a] && o[b]
}

// UnixPrincipal is who a process of this machine is, by its user and else by the first group of the
// file that it has. It reports false for those whom the directory does not name.
func (d *Directory) UnixPrincipal(uid int, gids []int) (Principal, bool) {
	r := d.current.Load()
	if p, ok := r.unixUsers[uid]; ok {
		return p, true
	}
	for _, group := range r.unixGroups {
		if slices.Contains(gids, group.gid) {
			return group.principal, true
		}
	}
	return Principal{}, false
}

// Authorize answers by the policies of the principal's user and of that user's groups, as the
// directory has them now; Principal.Groups does not count. An account itself may do everything
// there. Resources of another account are refused, whatever policies say, but where sharing is
// what the action is for, and to the account that the gateway belongs to, which looks after all.
// The time is filled in where the question does not tell it.
func (d *Directory) Authorize(q *Question) Decision {
	who, policies, err := d.current.Load().principal(q.Principal.Account, q.Principal.User)
	switch {
	case err != nil:
		return Decision{Reason: "denied: " + err.Error(), Resource: resourcesOf(q)[0].ARN}
	case strings.EqualFold(q.Action, ActionGetCallerIdentity):
		return Decision{Allowed: true, Reason: "allowed: everyone may ask who they are"}
	case who.Account != ctl.DefaultAccount:
		if d, denied := guard(q); denied {
			return d
		}
	}
	asked := *q
	asked.Principal, asked.Context = who, withTime(q.Context, time.Now())
	if who.User == "" {
		return authorizeAccount(&asked)
	}
	return Evaluate(policies, &asked)
}

// MightAllow tells whether any statement could allow a principal an action, on some resource and
// under some condition. Whoever has none can be refused before anything else is looked at.
func (d *Directory) MightAllow(p Principal, action string) bool {
	who, policies, err := d.current.Load().principal(p.Account, p.User)
	if err != nil || who.User == "" {
		return err == nil
	}
	lower := strings.ToLower(action)
	return slices.ContainsFunc(policies, func(a Attached) bool {
		return slices.ContainsFunc(a.Policy.statements, func(s *statement) bool { return s.allow && s.about(lower) })
	})
}

// guard keeps accounts apart.
func guard(q *Question) (Decision, bool) {
	if isOfGateway(q.Action) && q.Principal.User == "" {
		return Decision{Reason: fmt.Sprintf("denied: %s is about the resources of all accounts and account %s is not the gateway's own (%s)", q.Action, q.Principal.Account, ctl.DefaultAccount),
			Resource: resourcesOf(q)[0].ARN}, true
	}
	for _, r := range q.Resources {
		if account := accountOf(r.ARN); account != "" && account != q.Principal.Account && !isForSharing(q.Action, r.ARN) {
			return Decision{Reason: fmt.Sprintf("denied: %s belongs to account %s, whose resources %s may not %s", r.ARN, account, q.Principal.ARN(), q.Action), Resource: r.ARN}, true
		}
	}
	return Decision{}, false
}

// isForSharing tells actions that are done on what another account shares.
func isForSharing(action, arn string) bool {
	switch lower := strings.ToLower(action); lower {
	case "ec2:createtrafficmirrorsession", "ec2:modifytrafficmirrorsession":
		return strings.Contains(arn, ":"+KindTarget+"/")
	default:
		return strings.HasPrefix(lower, "ram:")
	}
}

func authorizeAccount(q *Question) Decision {
	if err := checkQuestion(q); err != nil {
		return Decision{Reason: "denied: " + err.Error(), Resource: resourcesOf(q)[0].ARN}
	}
	return Decision{Allowed: true, Reason: fmt.Sprintf("allowed: account %s itself may do everything in it", q.Principal.Account)}
}

// withTime adds the time where it is missing, so that no condition about it fails to be judged.
func withTime(context map[string][]string, now time.Time) map[string][]string {
	full := (&RequestFacts{Time: now}).Context()
	delete(full, KeySecureTransport)
	for name, values := range context {
		for _, key := range []string{KeyCurrentTime, KeyEpochTime} {
			if strings.EqualFold(name, key) {
				delete(full, key)
			}
		}
		full[name] = values
	}
	return full
}

// Simulation is an answer with what it was asked of.
type Simulation struct {
	Decision
	Principal Principal
	Policies  []string // that were looked at, each with whom it is attached to
}

// Simulate is Authorize, telling which policies were looked at.
func (d *Directory) Simulate(q *Question) (Simulation, error) {
	who, policies, err := d.current.Load().principal(q.Principal.Account, q.Principal.User)
	if err != nil {
		return Simulation{}, err
	}
	s := Simulation{Decision: d.Authorize(q), Principal: who}
	for i := range policies {
		s.Policies = append(s.Policies, policies[i].words())
	}
	return s, nil
}
