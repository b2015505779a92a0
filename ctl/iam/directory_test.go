package iam_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mirrorgw/ctl/iam"
)

const directoryTOML = `organization = ["111111111111", "222222222222"]

[[policy]]
name = "one-target"
document = '''
` + guidePolicy + `
'''

[[policy]]
name = "no-deletes"
file = "no-deletes.json"

[[account]]
id = "111111111111"
[[account.group]]
name = "analysts"
policies = ["ReadOnlyAccess"]
[[account.group]]
name = "careful"
policies = ["no-deletes"]
[[account.user]]
name = "alice"
groups = ["analysts", "careful"]
policies = ["one-target"]
unix_users = ["4001"]
[[account.user]]
name = "carol"
groups = ["careful"]
policies = ["AdministratorAccess"]
unix_groups = ["5001", "5002"]

[[account]]
id = "222222222222"
unix_users = ["4002"]
[[account.user]]
name = "bob"
policies = ["TrafficMirroringFullAccess"]

[[account]]
id = "333333333333"
`

const noDeletes = `{"Version": "2012-10-17", "Statement": {"Sid": "NoDeletes", "Effect": "Deny", "Action": "ec2:Delete*", "Resource": "*"}}`

// writeDirectory returns the path of a file in a directory of its own.
func writeDirectory(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "iam.toml")
	for name, content := range map[string]string{path: text, filepath.Join(filepath.Dir(path), "no-deletes.json"): noDeletes} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func loadDirectory(t *testing.T, text string) *iam.Directory {
	t.Helper()
	d, err := iam.LoadDirectory(writeDirectory(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDirectoryDecides(t *testing.T) {
	d := loadDirectory(t, directoryTOML)
	target := func(account, id string) []iam.Resource {
		return []iam.Resource{{ARN: iam.ResourceARN("us-east-1", account, iam.KindTarget, id)}}
	}
	for _, c := range []struct {
		account, user, action string
		resources             []iam.Resource
		allowed               bool
		reason                string
	}{
		{"111111111111", "alice", "ec2:CreateTrafficMirrorSession", createSession("tmt-12345645678").Resources, true, `statement 1 of policy "one-target" of user "alice"`},
		{"111111111111", "alice", "ec2:CreateTrafficMirrorSession", createSession("tmt-1").Resources, false, "no statement of the policies of arn:aws:iam::111111111111:user/alice"},
		{"111111111111", "alice", "ec2:DescribeTrafficMirrorSessions", nil, true, `policy "ReadOnlyAccess" of group "analysts"`},
		{"111111111111", "carol", "ec2:CreateTrafficMirrorTarget", target("111111111111", "*"), true, `policy "AdministratorAccess" of user "carol"`},
		{"111111111111", "carol", "ec2:DeleteTrafficMirrorTarget", target("111111111111", "tmt-1"), false, `statement "NoDeletes" of policy "no-deletes" of group "careful" denies`},
		{"111111111111", "carol", "ec2:CreateTags", target("222222222222", "tmt-1"), false, "belongs to account 222222222222"},
		{"111111111111", "carol", "ec2:CreateTrafficMirrorSession", target("222222222222", "tmt-1"), true, "AdministratorAccess"},
		{"111111111111", "carol", "mirrorgw:Apply", nil, true, "AdministratorAccess"},
		{"111111111111", "bob", "ec2:DescribeTrafficMirrorSessions", nil, false, `account 111111111111 has no user "bob"`},
		{"222222222222", "bob", "ec2:DescribeTrafficMirrorSessions", nil, true, "TrafficMirroringFullAccess"},
		{"222222222222", "bob", "sts:GetCallerIdentity", nil, true, "who they are"},
		{"222222222222", "", "ec2:DeleteTrafficMirrorTarget", target("222222222222", "tmt-1"), true, "account 222222222222 itself"},
		{"222222222222", "", "ec2:DeleteTrafficMirrorTarget", target("111111111111", "tmt-1"), false, "belongs to account 111111111111"},
		{"222222222222", "", "mirrorgw:Export", nil, false, "not the gateway's own"},
		{"222222222222", "", "ec2:*", nil, false, "not an action"},
		{"000000000000", "", "mirrorgw:Export", nil, true, "itself"},
		{"000000000000", "", "ec2:DeleteTrafficMirrorTarget", target("111111111111", "tmt-1"), true, "itself"},
		{"444444444444", "", "ec2:DescribeTrafficMirrorSessions", nil, false, `there is no account "444444444444" in `},
		{"", "", "sts:GetCallerIdentity", nil, false, "there is no account"},
	} {
		q := &iam.Question{Principal: iam.Principal{Account: c.account, User: c.user, Groups: []string{"careless"}}, Action: c.action, Resources: c.resources}
		got := d.Authorize(q)
		if got.Allowed != c.allowed || !strings.Contains(got.Reason, c.reason) || got.Allowed != (got.Resource == "") {
			t.Errorf("%s %s %s %v: %+v, want %v because %s", c.account, c.user, c.action, c.resources, got, c.allowed, c.reason)
		}
	}
}

func TestDirectoryKnows(t *testing.T) {
	d := loadDirectory(t, directoryTOML)
	if got := d.Groups("111111111111", "alice"); !slices.Equal(got, []string{"analysts", "careful"}) {
		t.Errorf("groups of alice: %q", got)
	}
	if got := d.Groups("222222222222", "alice"); got != nil {
		t.Errorf("groups of an alice that there is not: %q", got)
	}
	if !d.SameOrganization("111111111111", "222222222222") || d.SameOrganization("111111111111", "333333333333") || !d.SameOrganization("333333333333", "333333333333") {
		t.Error("accounts 1 and 2 are in the organization, 3 is not")
	}
	if got := d.Accounts(); !slices.Equal(got, []string{"000000000000", "111111111111", "222222222222", "333333333333"}) {
		t.Errorf("accounts: %q", got)
	}
	for _, c := range []struct {
		uid  int
		gids []int
		want string
	}{
		{4001, []int{5002}, "arn:aws:iam::111111111111:user/alice"}, {4002, nil, "arn:aws:iam::222222222222:root"},
		{4003, []int{7, 5002}, "arn:aws:iam::111111111111:user/carol"}, {4003, []int{7}, ""}, {0, []int{0}, ""}, {-1, []int{-1}, ""},
	} {
		p, ok := d.UnixPrincipal(c.uid, c.gids)
		if ok != (c.want != "") || ok && p.ARN() != c.want {
			t.Errorf("uid %d, groups %v: %+v %v, want %q", c.uid, c.gids, p, ok, c.want)
		}
	}
	none := iam.RootsOnly()
	if d := none.Authorize(&iam.Question{Principal: iam.Principal{Account: account}, Action: "ec2:CreateTags", Resources: []iam.Resource{{ARN: arn("x", "1")}}}); !d.Allowed {
		t.Errorf("without a file an account may do everything in it: %+v", d)
	}
	for _, who := range []iam.Principal{{}, {Account: "1"}, alice} {
		if d := none.Authorize(&iam.Question{Principal: who, Action: "ec2:CreateTags"}); d.Allowed {
			t.Errorf("without a file there is no %+v: %+v", who, d)
		}
	}
}

// TestBadDirectories changes one thing each.
func TestBadDirectories(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"222222222222"]`, `"999999999999"]`, `organization names account "999999999999", which is not in this file`},
		{`organization =`, `organisation =`, `unknown key "organisation"; did you mean "organization"?`},
		{`"ec2:CreateTrafficMirrorSession"`, `"ec2"`, `iam.toml:5: policy "one-target": statement 1 (line 4): action "ec2" is not SERVICE:ACTION`},
		{`file = "no-deletes.json"`, `file = "none.json"`, "file none.json: there is no such file"},
		{`file = "no-deletes.json"`, `file = "/"`, "not a regular file"},
		{`file = "no-deletes.json"`, ``, "both document and file, or neither"},
		{`name = "no-deletes"`, `name = "one-target"`, "a policy of this name already"},
		{`name = "no-deletes"`, `name = "ReadOnlyAccess"`, "a policy of this name already"},
		{`name = "no-deletes"`, `name = "no deletes"`, `name "no deletes" is not 1 to 128 letters`},
		{`id = "333333333333"`, `id = "111111111111"`, "is there twice"},
		{`id = "333333333333"`, `id = "33333333333"`, "not 12 digits"},
		{`id = "333333333333"`, ``, "id is missing"},
		{`name = "careful"`, `name = "analysts"`, "this group twice"},
		{`name = "carol"`, `name = "alice"`, "this user twice"},
		{`name = "carol"`, `name = "cärol"`, "is not 1 to 64 letters"},
		{`policies = ["AdministratorAccess"]`, `policies = ["AdminAccess"]`, `no policy "AdminAccess"`},
		{`policies = ["AdministratorAccess"]`, `policies = ["one-target", "one-target"]`, "attached twice"},
		{`groups = ["careful"]`, `groups = ["carefull"]`, `has no group "carefull"`},
		{`groups = ["careful"]`, `groups = ["careful", "careful"]`, "is there twice"},
		{`groups = ["careful"]`, `groups = "careful"`, "not a list"},
		{`["4001"]`, `["0"]`, "names root"},
		{`["4001"]`, `["4002"]`, "who is arn:aws:iam::111111111111:user/alice already"},
		{`["4001"]`, `["no-such-user-here"]`, "is not a user of this machine"},
		{`["5001", "5002"]`, `["no-such-group-here"]`, "is not a group of this machine"},
		{`["5001", "5002"]`, `["5001", "5001"]`, "for a second user"},
		{`unix_groups`, `unix_group`, "did you mean"},
	} {
		text := strings.Replace(directoryTOML, c.old, c.new, 1)
		if text == directoryTOML {
			t.Fatalf("%q is not in the document", c.old)
		}
		if _, err := iam.LoadDirectory(writeDirectory(t, text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.new, err, c.want)
		}
	}
	foreign := strings.NewReplacer(`["4001"]`, `["no-such-user-here", "nor-this"]`, `["5001", "5002"]`, `["no-such-group-here"]`).Replace(directoryTOML)
	d, err := iam.LoadForeignDirectory(writeDirectory(t, foreign))
	if err != nil {
		t.Fatalf("a directory of another machine: %v", err)
	}
	if got := d.Groups(account, "alice"); len(got) != 2 {
		t.Errorf("groups of alice: %q", got)
	}
}

func TestFilesThatOthersCanWriteAreRefused(t *testing.T) {
	path := writeDirectory(t, directoryTOML)
	policy := filepath.Join(filepath.Dir(path), "no-deletes.json")
	for _, c := range []struct {
		spoil, mend func() error
		want        string
	}{
		{func() error { return os.Chmod(path, 0o620) }, func() error { return os.Chmod(path, 0o640) }, "mode 0620"},
		{func() error { return os.Chmod(policy, 0o602) }, func() error { return os.Chmod(policy, 0o600) }, "no-deletes.json: others than its owner can write"},
		{func() error { return os.Chown(path, 4001, 0) }, func() error { return os.Chown(path, 0, 0) }, "belongs to the user with uid 4001"},
		{func() error { return os.Truncate(path, 17<<20) }, func() error { return os.WriteFile(path, []byte(directoryTOML), 0o600) }, "more than 16777216 bytes"},
		{func() error { return os.Truncate(policy, 40000) }, func() error { return os.WriteFile(policy, []byte(noDeletes), 0o600) }, "more than 32768 bytes"},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := iam.LoadDirectory(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %s", err, c.want)
		}
		if err := c.mend(); err != nil {
			t.Fatal(err)
		}
		if _, err := iam.LoadDirectory(path); err != nil {
			t.Errorf("mended: %v", err)
		}
	}
	if _, err := iam.LoadDirectory(path + "x"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no file: %v", err)
	}
}

// TestReload reads while many ask: they get the old answer or the new one.
func TestReload(t *testing.T) {
	path := writeDirectory(t, directoryTOML)
	d, err := iam.LoadDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	q := &iam.Question{Principal: alice, Action: "ec2:DescribeTrafficMirrorSessions"}
	var asking sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		asking.Add(1)
		go func() {
			defer asking.Done()
			for {
				select {
				case <-stop:
					return
				default:
					if got := d.Authorize(q); !got.Allowed && !strings.Contains(got.Reason, "no policy is attached") {
						t.Errorf("neither the old nor the new answer: %+v", got)
					}
				}
			}
		}()
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		write(fmt.Sprintf("[[account]]\nid = %q\n[[account.user]]\nname = \"alice\"\n", account))
		if err := d.Reload(); err != nil {
			t.Fatal(err)
		}
		if got := d.Authorize(q); got.Allowed {
			t.Fatalf("alice has no policy any more: %+v", got)
		}
		write(directoryTOML)
		if err := d.Reload(); err != nil {
			t.Fatal(err)
		}
		write("[[account]]\nid = 7\n")
		if err := d.Reload(); err == nil || !strings.Contains(err.Error(), "iam.toml:2: ") {
			t.Fatalf("a bad file: %v", err)
		}
		if got := d.Authorize(q); !got.Allowed {
			t.Fatalf("a bad file changes nothing: %+v", got)
		}
	}
	close(stop)
	asking.Wait()
}

func TestSimulate(t *testing.T) {
	d := loadDirectory(t, directoryTOML)
	s, err := d.Simulate(&iam.Question{Principal: alice, Action: "ec2:DeleteTags"})
	if err != nil || s.Allowed || s.Statement != "NoDeletes" || s.Policy != "no-deletes" || len(s.Policies) != 3 || len(s.Principal.Groups) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := d.Simulate(&iam.Question{Principal: iam.Principal{Account: account, User: "mallory"}, Action: "ec2:DeleteTags"}); err == nil {
		t.Error("there is no mallory")
	}
}
