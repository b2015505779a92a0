package accounts

// table has, for each action, requests that name resources, as a query or, for RAM, as a JSON object. THEIR.kind is a
// resource of the owner, MY.kind one of the caller's own.
var table = map[string][]string{
	"ec2:CreateTrafficMirrorTarget":                {"NetworkInterfaceId=THEIR.appliance"},
	"ec2:DeleteTrafficMirrorTarget":                {"TrafficMirrorTargetId=THEIR.target"},
	"ec2:DescribeTrafficMirrorTargets":             {"TrafficMirrorTargetId.1=THEIR.target", "TrafficMirrorTargetId.1=MY.target&TrafficMirrorTargetId.2=THEIR.target", filter("network-interface-id", "THEIR.appliance")},
	"ec2:DeleteTrafficMirrorFilter":                {"TrafficMirrorFilterId=THEIR.filter"},
	"ec2:DescribeTrafficMirrorFilters":             {"TrafficMirrorFilterId.1=THEIR.filter", filter("traffic-mirror-filter-id", "THEIR.filter")},
	"ec2:ModifyTrafficMirrorFilterNetworkServices": {"TrafficMirrorFilterId=THEIR.filter&AddNetworkService.1=amazon-dns"},
	"ec2:CreateTrafficMirrorFilterRule":            {"TrafficMirrorFilterId=THEIR.filter&TrafficDirection=ingress&RuleNumber=7&RuleAction=accept&SourceCidrBlock=0.0.0.0/0&DestinationCidrBlock=0.0.0.0/0"},
	"ec2:ModifyTrafficMirrorFilterRule":            {"TrafficMirrorFilterRuleId=THEIR.rule&RuleNumber=9"},
	"ec2:DeleteTrafficMirrorFilterRule":            {"TrafficMirrorFilterRuleId=THEIR.rule"},
	"ec2:DescribeTrafficMirrorFilterRules":         {"TrafficMirrorFilterRuleId.1=THEIR.rule", "TrafficMirrorFilterId=THEIR.filter", filter("traffic-mirror-filter-rule-id", "THEIR.rule")},
	"ec2:CreateTrafficMirrorSession": {"NetworkInterfaceId=THEIR.source&TrafficMirrorTargetId=MY.target&TrafficMirrorFilterId=MY.filter&SessionNumber=30",
		"NetworkInterfaceId=MY.source&TrafficMirrorTargetId=THEIR.target&TrafficMirrorFilterId=MY.filter&SessionNumber=30",
		"NetworkInterfaceId=MY.source&TrafficMirrorTargetId=MY.target&TrafficMirrorFilterId=THEIR.filter&SessionNumber=30",
		"NetworkInterfaceId=THEIR.source&TrafficMirrorTargetId=THEIR.target&TrafficMirrorFilterId=THEIR.filter&SessionNumber=30"},
	"ec2:ModifyTrafficMirrorSession": {"TrafficMirrorSessionId=THEIR.session&SessionNumber=9", "TrafficMirrorSessionId=MY.session&TrafficMirrorTargetId=THEIR.target",
		"TrafficMirrorSessionId=MY.session&TrafficMirrorFilterId=THEIR.filter"},
	"ec2:DeleteTrafficMirrorSession": {"TrafficMirrorSessionId=THEIR.session"},
	"ec2:DescribeTrafficMirrorSessions": {"TrafficMirrorSessionId.1=THEIR.session", filter("network-interface-id", "THEIR.source"), filter("traffic-mirror-target-id", "THEIR.target"),
		filter("traffic-mirror-filter-id", "THEIR.filter")},
	"ec2:DeleteNetworkInterface":    {"NetworkInterfaceId=THEIR.source", "NetworkInterfaceId=THEIR.spare"},
	"ec2:DescribeNetworkInterfaces": {"NetworkInterfaceId.1=THEIR.source", filter("network-interface-id", "THEIR.appliance")},
	"ec2:CreateTags":                each("ResourceId.1=MY.target&ResourceId.2=KIND&Tag.1.Key=stolen&Tag.1.Value=x"),
	"ec2:DeleteTags":                each("ResourceId.1=MY.target&ResourceId.2=KIND"),
	"ec2:DescribeTags":              each(filter("resource-id", "KIND")),

	"ram:CreateResourceShare":            {`{"name":"new","resourceArns":["THEIR.targetarn"]}`},
	"ram:UpdateResourceShare":            {`{"resourceShareArn":"THEIR.share","name":"renamed"}`},
	"ram:AssociateResourceShare":         {`{"resourceShareArn":"THEIR.share","principals":["555555555555"]}`, `{"resourceShareArn":"THEIR.share","resourceArns":["MY.targetarn"]}`, `{"resourceShareArn":"MY.share","resourceArns":["THEIR.targetarn"]}`},
	"ram:DisassociateResourceShare":      {`{"resourceShareArn":"THEIR.share","resourceArns":["THEIR.targetarn"]}`, leave(guest), leave(invited), `{"resourceShareArn":"MY.share","resourceArns":["THEIR.targetarn"]}`},
	"ram:TagResource":                    {`{"resourceShareArn":"THEIR.share","tags":[{"key":"a","value":"b"}]}`},
	"ram:UntagResource":                  {`{"resourceShareArn":"THEIR.share","tagKeys":["a"]}`},
	"ram:DeleteResourceShare":            {`resourceShareArn=THEIR.share`},
	"ram:GetResourceShares":              {`{"resourceOwner":"OTHER-ACCOUNTS","resourceShareArns":["THEIR.share"]}`, `{"resourceOwner":"SELF","resourceShareArns":["THEIR.share"]}`},
	"ram:GetResourceShareAssociations":   {`{"associationType":"PRINCIPAL","resourceShareArns":["THEIR.share"]}`, `{"associationType":"RESOURCE","resourceArn":"THEIR.targetarn"}`},
	"ram:GetResourceShareInvitations":    {`{"resourceShareInvitationArns":["THEIR.invitation"]}`, `{"resourceShareArns":["THEIR.share"]}`},
	"ram:AcceptResourceShareInvitation":  {`{"resourceShareInvitationArn":"THEIR.invitation"}`},
	"ram:RejectResourceShareInvitation":  {`{"resourceShareInvitationArn":"THEIR.invitation"}`},
	"ram:ListPendingInvitationResources": {`{"resourceShareInvitationArn":"THEIR.invitation"}`},
	"ram:ListResources":                  {`{"resourceOwner":"OTHER-ACCOUNTS","resourceArns":["THEIR.targetarn"]}`, `{"resourceOwner":"SELF","resourceShareArns":["THEIR.share"]}`},
	"ram:ListPrincipals":                 {`{"resourceOwner":"OTHER-ACCOUNTS","resourceArn":"THEIR.targetarn"}`, `{"resourceOwner":"SELF","resourceShareArns":["THEIR.share"]}`},
	"ram:ListResourceSharePermissions":   {`{"resourceShareArn":"THEIR.share"}`},

	"cloudwatch:ListMetrics": {"Namespace=AWS/EC2&Dimensions.member.1.Name=InstanceId&Dimensions.member.1.Value=THEIR.instance"},
	"cloudwatch:GetMetricStatistics": {"Namespace=AWS/EC2&MetricName=NetworkMirrorIn&Dimensions.member.1.Name=InstanceId&Dimensions.member.1.Value=THEIR.instance&" +
		"StartTime=2026-11-20T12:00:00Z&EndTime=2026-11-20T14:00:00Z&Period=300&Statistics.member.1=Sum"},
	"cloudwatch:GetMetricData": {"StartTime=2026-11-20T12:00:00Z&EndTime=2026-11-20T14:00:00Z&MetricDataQueries.member.1.Id=a&" +
		"MetricDataQueries.member.1.MetricStat.Metric.Namespace=AWS/EC2&MetricDataQueries.member.1.MetricStat.Metric.MetricName=NetworkMirrorIn&" +
		"MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=InstanceId&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=THEIR.instance&" +
		"MetricDataQueries.member.1.MetricStat.Period=300&MetricDataQueries.member.1.MetricStat.Stat=Sum"},
}

// namesNothing are the actions whose requests name no resource of anybody.
var namesNothing = []string{"ec2:CreateNetworkInterface", "ec2:CreateTrafficMirrorFilter", "ram:GetPermission", "ram:ListPermissions", "ram:ListResourceTypes"}

// lists are requests that name nothing and tell what there is.
var lists = map[string][]string{
	"ec2:DescribeTrafficMirrorTargets": {""}, "ec2:DescribeTrafficMirrorFilters": {""}, "ec2:DescribeTrafficMirrorFilterRules": {""}, "ec2:DescribeTrafficMirrorSessions": {""},
	"ec2:DescribeNetworkInterfaces": {""}, "ec2:DescribeTags": {""}, "cloudwatch:ListMetrics": {""},
	"ram:GetResourceShares":            {`{"resourceOwner":"SELF"}`, `{"resourceOwner":"OTHER-ACCOUNTS"}`},
	"ram:GetResourceShareAssociations": {`{"associationType":"PRINCIPAL"}`, `{"associationType":"RESOURCE"}`}, "ram:GetResourceShareInvitations": {`{}`},
	"ram:ListResources":  {`{"resourceOwner":"SELF"}`, `{"resourceOwner":"OTHER-ACCOUNTS"}`},
	"ram:ListPrincipals": {`{"resourceOwner":"SELF"}`, `{"resourceOwner":"OTHER-ACCOUNTS"}`},
}

// shared are what whom a target is shared with may do with it; with RAM, ctl/ram judges.
var shared = []string{
	"ec2:DescribeTrafficMirrorTargets TrafficMirrorTargetId.1=THEIR.target",
	"ec2:DescribeTrafficMirrorTargets TrafficMirrorTargetId.1=MY.target&TrafficMirrorTargetId.2=THEIR.target",
	"ec2:DescribeTrafficMirrorTargets " + filter("network-interface-id", "THEIR.appliance"), // a target tells its interface
	"ec2:CreateTrafficMirrorSession NetworkInterfaceId=MY.source&TrafficMirrorTargetId=THEIR.target&TrafficMirrorFilterId=MY.filter&SessionNumber=30",
	"ec2:ModifyTrafficMirrorSession TrafficMirrorSessionId=MY.session&TrafficMirrorTargetId=THEIR.target",
}

// leave takes an account off the owner's share. That account itself may do so.
func leave(account string) string {
	return `{"resourceShareArn":"THEIR.share","principals":["` + account + `"]}`
}

func filter(name, value string) string { return "Filter.1.Name=" + name + "&Filter.1.Value.1=" + value }

// each is a request for every kind of resource that has tags.
func each(request string) (all []string) {
	for _, kind := range taggedKinds {
		all = append(all, replace(request, "KIND", "THEIR."+kind))
	}
	return all
}
