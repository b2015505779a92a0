package server_test

import (
	"fmt"
	"testing"

	"mirrorgw/ctl/iam"
)

// Users of the machine and who they are.
const (
	uidNobody   = 4100 // a user of account 1 without policies
	uidReader   = 4101 // ReadOnlyAccess
	uidMirror   = 4102 // TrafficMirroringFullAccess and what network interfaces need
	uidGuide    = 4103 // the example policy of the AWS guide, for one target
	uidTenant   = 4104 // account 2 itself
	uidCareful  = 4105 // everything, but for what has the tag keep
	uidTagger   = 4106 // may tag while creating sessions, with the key team only
	uidOperator = 4107 // a user of the gateway's own account with AdministratorAccess
	uidLooker   = 4108 // looks at targets and nothing else
	gidNetwork  = 5100 // ReadOnlyAccess
)

const (
	accountOne = "111111111111"
	accountTwo = "222222222222"
)

func directory(t *testing.T, target string) *iam.Directory {
	t.Helper()
	d, err := iam.ParseDirectory("iam.toml", []byte(fmt.Sprintf(`
[[policy]]
name = "interfaces"
document = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:*NetworkInterface*", "Resource": "*"}}'
[[policy]]
name = "guide"
document = '''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:CreateTrafficMirrorSession", "Resource": [
 "arn:aws:ec2:*:*:traffic-mirror-target/%s", "arn:aws:ec2:*:*:traffic-mirror-filter/*", "arn:aws:ec2:*:*:network-interface/*"]}]}'''
[[policy]]
name = "careful"
document = '''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
 {"Sid": "Keep", "Effect": "Deny", "Action": ["ec2:Delete*", "mirrorgw:Modify*"], "Resource": "*", "Condition": {"Null": {"aws:ResourceTag/keep": "false"}}}]}'''
[[policy]]
name = "tagger"
document = '''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:CreateTrafficMirrorSession", "Resource": "*"},
 {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:*:*:traffic-mirror-session/*", "Condition": {
  "StringEquals": {"ec2:CreateAction": "CreateTrafficMirrorSession"}, "ForAllValues:StringEquals": {"aws:TagKeys": "team"}}}]}'''
[[policy]]
name = "looker"
document = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:DescribeTrafficMirrorTargets", "Resource": "*"}}'
[[account]]
id = "111111111111"
[[account.user]]
name = "looker"
policies = ["looker"]
unix_users = ["4108"]
[[account.user]]
name = "nobody"
unix_users = ["4100"]
[[account.user]]
name = "reader"
policies = ["ReadOnlyAccess"]
unix_users = ["4101"]
unix_groups = ["5100"]
[[account.user]]
name = "mirror"
policies = ["TrafficMirroringFullAccess", "interfaces"]
unix_users = ["4102"]
[[account.user]]
name = "guide"
policies = ["guide"]
unix_users = ["4103"]
[[account.user]]
name = "careful"
policies = ["careful"]
unix_users = ["4105"]
[[account.user]]
name = "tagger"
policies = ["tagger"]
unix_users = ["4106"]
[[account]]
id = "222222222222"
unix_users = ["4104"]
[[account]]
id = "000000000000"
[[account.user]]
name = "operator"
policies = ["AdministratorAccess"]
unix_users = ["4107"]
`, target)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
