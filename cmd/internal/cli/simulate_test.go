package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
)

func TestSimulateOverTheSocket(t *testing.T) {
	f := newFake()
	r := run(t, f, "iam simulate --user alice --action ec2:CreateTags --resource arn:aws:ec2:r:a:x/1 --resource arn:aws:ec2:r:a:x/2 --context aws:TagKeys=a --context aws:TagKeys=b=c")
	if r.code != ExitOK || r.errs != "" || r.out != "because\nprincipal  arn:aws:iam::000000000000:user/alice\npolicy     p\nstatement  2\n" {
		t.Errorf("%+v", r)
	}
	want := api.SimulateRequest{User: "alice", Action: "ec2:CreateTags", Resources: []string{"arn:aws:ec2:r:a:x/1", "arn:aws:ec2:r:a:x/2"},
		Context: map[string][]string{"aws:TagKeys": {"a", "b=c"}}}
	if diff := cmp.Diff(want, f.simulated); diff != "" {
		t.Error(diff)
	}
	if r := run(t, f, "iam simulate --user bob --action ec2:CreateTags -o json"); r.code != ExitRefused || r.errs != "" || !strings.Contains(r.out, `"allowed": false`) {
		t.Errorf("%+v", r)
	}
	for line, want := range map[string]string{
		"iam": "needs a command: simulate", "iam simulate": "which action?", "iam simulate --action a:b --context x": "is not KEY=VALUE",
		"iam simulate --action a:b -o toml": "give json", "iam simulate x": "unexpected argument",
		"iam simulate --action a:b --directory /no/such/file": "no such file",
	} {
		if r := run(t, f, line); r.code != ExitUsage || !strings.Contains(r.errs, want) {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// TestSimulateOffline asks the example policy of the AWS guide.
func TestSimulateOffline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iam.toml")
	err := os.WriteFile(path, []byte(`[[policy]]
name = "guide"
document = '''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:CreateTrafficMirrorSession", "Resource": [
 "arn:aws:ec2:*:*:traffic-mirror-target/tmt-12345645678", "arn:aws:ec2:*:*:traffic-mirror-filter/*", "arn:aws:ec2:*:*:network-interface/*"]},
 {"Sid": "Red", "Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}}]}'''
[[account]]
id = "111111111111"
[[account.user]]
name = "alice"
policies = ["guide"]
unix_users = ["a-user-of-another-machine"]
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ask := "iam simulate --directory " + path + " --account 111111111111 --user alice --action ec2:CreateTrafficMirrorSession --resource arn:aws:ec2:local-1:111111111111:"
	for more, want := range map[string]string{
		"traffic-mirror-target/tmt-12345645678":                                            `allowed: statement 1 of policy "guide" of user "alice"`,
		"traffic-mirror-target/tmt-99999999999":                                            "denied: no statement",
		"traffic-mirror-target/tmt-12345645678 --context ec2:ResourceTag/team=red":         `denied: statement "Red" of policy "guide"`,
		"traffic-mirror-target/tmt-12345645678 --context ec2:ResourceTag/team=red -o json": `"statement": "Red"`,
	} {
		r := run(t, newFake(), ask+more)
		code := ExitRefused
		if strings.HasPrefix(want, "allowed") {
			code = ExitOK
		}
		if r.code != code || !strings.Contains(r.out, want) {
			t.Errorf("%s: %+v; want %d %s", more, r, code, want)
		}
	}
	if r := run(t, newFake(), "iam simulate --directory "+path+" --user bob --action ec2:CreateTags"); r.code != ExitNotFound || !strings.Contains(r.errs, `no user "bob"`) {
		t.Errorf("%+v", r)
	}
}
