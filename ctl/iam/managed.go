package iam

import "slices"

// managed are the policies that every gateway has, by name.
var managed = map[string]*Policy{}

func init() {
	for name, document := range map[string]string{
		"AdministratorAccess": `{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
}`,
		"ReadOnlyAccess": `{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Action": ["ec2:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "ram:Get*", "ram:List*",
      "mirrorgw:Get*", "mirrorgw:Describe*", "mirrorgw:Explain", "mirrorgw:Export", "mirrorgw:Watch"],
    "Resource": "*"
  }]
}`,
		"TrafficMirroringFullAccess": `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "TrafficMirroring", "Effect": "Allow", "Action": "ec2:*TrafficMirror*", "Resource": "*"},
    {"Sid": "Sources", "Effect": "Allow", "Action": ["ec2:DescribeNetworkInterfaces", "ec2:DescribeTags"], "Resource": "*"},
    {
      "Sid": "Tags",
      "Effect": "Allow",
      "Action": ["ec2:CreateTags", "ec2:DeleteTags"],
      "Resource": "arn:aws:ec2:*:*:traffic-mirror-*"
    },
    {"Sid": "Metrics", "Effect": "Allow", "Action": ["cloudwatch:Get*", "cloudwatch:List*"], "Resource": "*"},
    {"Sid": "Targets", "Effect": "Allow", "Action": ["mirrorgw:ModifyTrafficMirror*", "mirrorgw:DescribeLoadBalancers"], "Resource": "*"},
    {"Sid": "Console", "Effect": "Allow", "Action": ["mirrorgw:GetConsoleLink", "mirrorgw:Watch", "mirrorgw:GetStatistics"], "Resource": "*"}
  ]
}`,
	} {
		policy, err := ParsePolicy(name, []byte(document))
		if err != nil {
			panic(err) // a defect that every test of this package shows
		}
		managed[name] = policy
	}
}

// ManagedPolicies are the names of the policies that every gateway has.
func ManagedPolicies() []string {
	var names []string
	for name := range managed {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ManagedPolicy finds a policy that every gateway has.
func ManagedPolicy(name string) (*Policy, bool) {
	p, ok := managed[name]
	return p, ok
}
