package testbed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/ctl/audit"
	"mirrorgw/testbed/awscli"
)

const (
	accountA, accountB = "111111111111", "222222222222"
	allowedTarget      = "tmt-0123456789abcdef0"
	otherTarget        = "tmt-0123456789abcdef1"
)

// accountsIAM is the guide's example of a policy: ian may mirror to one target only.
const accountsIAM = `[[policy]]
name = "one-target"
document = '''
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "ec2:CreateTrafficMirrorSession", "Resource": [
    "arn:aws:ec2:*:*:traffic-mirror-target/` + allowedTarget + `",
    "arn:aws:ec2:*:*:traffic-mirror-filter/*", "arn:aws:ec2:*:*:network-interface/*"]}]}
'''
[[account]]
id = "` + accountA + `"
[[account.user]]
name = "ian"
policies = ["one-target"]
[[account]]
id = "` + accountB + `"
`

const accountsResources = `[[interface]]
id = "eni-0123456789abcdef0"
name = "web-a"
account = "` + accountA + `"
port = "wire0"
[[interface]]
id = "eni-0123456789abcdef1"
name = "web-b"
account = "` + accountB + `"
port = "wire1"
[[target]]
id = "` + allowedTarget + `"
name = "allowed"
account = "` + accountA + `"
address = "192.0.2.10"
[[target]]
id = "` + otherTarget + `"
name = "other"
account = "` + accountA + `"
address = "192.0.2.20"
[[filter]]
id = "tmf-0123456789abcdef0"
name = "none"
account = "` + accountA + `"
[[filter]]
id = "tmf-0123456789abcdef1"
name = "none"
account = "` + accountB + `"
`

func accountKey(id, account, user string) string {
	key := "[[key]]\nid = \"" + id + "\"\nsecret = \"" + strings.ReplaceAll(awsSecret, " ", "/") + "\"\naccount = \"" + account + "\"\n"
	if user != "" {
		key += "user = \"" + user + "\"\n"
	}
	return key
}

// TestAWSAccounts: a user may do what the policy says; another account sees a target while it is
// shared; the audit log tells all of it.
func TestAWSAccounts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	g := newSteered(t)
	profile := g.withEndpoint(accountKey("AKIDROOTA", accountA, "") + accountKey("AKIDIAN", accountA, "ian") + accountKey("AKIDROOTB", accountB, ""))
	g.more += "\n[iam]\ndirectory = \"" + filepath.Join(g.dir, "iam.toml") + "\"\n[audit]\npath = \"" + filepath.Join(g.dir, "audit.log") + "\"\n"
	g.write()
	writeFile(t, filepath.Join(g.dir, "iam.toml"), accountsIAM)
	writeFile(t, filepath.Join(g.dir, "resources.toml"), accountsResources)
	s := g.start("--apply", "resources.toml")
	as := func(key string) awscli.Profile { p := profile; p.KeyID = key; return p }
	a, ian, b := as("AKIDROOTA"), as("AKIDIAN"), as("AKIDROOTB")

	create := func(p awscli.Profile, end, target, number string) awscli.Result {
		return p.Run(t, "ec2", "create-traffic-mirror-session", "--network-interface-id", "eni-0123456789abcdef"+end,
			"--traffic-mirror-filter-id", "tmf-0123456789abcdef"+end, "--traffic-mirror-target-id", target, "--session-number", number)
	}
	if r := create(ian, "0", allowedTarget, "1"); r.Exit != awscli.ExitOK {
		t.Errorf("the target of the policy: %+v", r)
	}
	if r := create(ian, "0", otherTarget, "2"); r.Code() != "UnauthorizedOperation" {
		t.Errorf("another target: %+v", r)
	}
	if r := create(b, "1", allowedTarget, "1"); r.Code() != "InvalidTrafficMirrorTargetId.NotFound" {
		t.Errorf("a target of another account: %+v", r)
	}
	share := shareTarget(t, a, b)
	var created struct {
		TrafficMirrorSession struct{ TrafficMirrorSessionId, OwnerId string }
	}
	create(b, "1", allowedTarget, "1").JSON(t, &created)
	if created.TrafficMirrorSession.OwnerId != accountB {
		t.Errorf("the session on a shared target is %+v", created)
	}
	a.Run(t, "ram", "delete-resource-share", "--resource-share-arn", share).JSON(t, &struct{}{})
	session, err := s.Sessions().Get(s.context(), created.TrafficMirrorSession.TrafficMirrorSessionId)
	if err != nil || session.Inactive != "share-deleted" {
		t.Errorf("the session without its share is %+v, %v", session, err)
	}
	if r := b.Run(t, "ec2", "describe-traffic-mirror-targets", "--query", "length(TrafficMirrorTargets)"); strings.TrimSpace(r.Stdout) != "0" {
		t.Errorf("the other account still sees %+v", r)
	}
	s.end()
	checkAudit(t, filepath.Join(g.dir, "audit.log"))
}

// shareTarget has account A share a target, and B accept. It returns the share's ARN.
func shareTarget(t *testing.T, a, b awscli.Profile) string {
	t.Helper()
	var share struct {
		ResourceShare struct{ ResourceShareArn string }
	}
	a.Run(t, "ram", "create-resource-share", "--name", "ids", "--principals", accountB,
		"--resource-arns", "arn:aws:ec2:local-1:"+accountA+":traffic-mirror-target/"+allowedTarget).JSON(t, &share)
	var invitations struct {
		ResourceShareInvitations []struct{ ResourceShareInvitationArn, Status string }
	}
	b.Run(t, "ram", "get-resource-share-invitations").JSON(t, &invitations)
	if len(invitations.ResourceShareInvitations) != 1 || invitations.ResourceShareInvitations[0].Status != "PENDING" {
		t.Fatalf("the other account is invited by %+v", invitations)
	}
	b.Run(t, "ram", "accept-resource-share-invitation", "--resource-share-invitation-arn",
		invitations.ResourceShareInvitations[0].ResourceShareInvitationArn).JSON(t, &struct{}{})
	return share.ResourceShare.ResourceShareArn
}

// checkAudit looks for what was done and refused, and for the secret.
func checkAudit(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(strings.ReplaceAll(awsSecret, " ", "/"))) {
		t.Error("the audit log has a secret")
	}
	seen := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var r audit.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		seen[r.Identity.ARN+" "+r.Action+" "+r.Code]++
	}
	for _, want := range []string{
		"arn:aws:iam::" + accountA + ":user/ian CreateTrafficMirrorSession ",
		"arn:aws:iam::" + accountA + ":user/ian CreateTrafficMirrorSession UnauthorizedOperation",
		"arn:aws:iam::" + accountB + ":root CreateTrafficMirrorSession InvalidTrafficMirrorTargetId.NotFound",
		"arn:aws:iam::" + accountB + ":root AcceptResourceShareInvitation ",
		"arn:aws:iam::" + accountA + ":root DeleteResourceShare ",
	} {
		if seen[want] != 1 {
			t.Errorf("the audit log has %q %d times; it has %v", want, seen[want], seen)
		}
	}
}
