package iam

import (
	"slices"
	"strings"
)

// Kinds of resources as their ARNs name them.
const (
	KindInterface    = "network-interface"
	KindTarget       = "traffic-mirror-target"
	KindFilter       = "traffic-mirror-filter"
	KindRule         = "traffic-mirror-filter-rule"
	KindSession      = "traffic-mirror-session"
	KindLoadBalancer = "load-balancer"             // of service mirrorgw
	KindShare        = "resource-share"            // of service ram
	KindInvitation   = "resource-share-invitation" // of service ram
)

// Action is something that can be asked for, and what its permission is checked on.
type Action struct {
	Name string // "ec2:CreateTrafficMirrorSession"

	// Kinds are the resources that must be allowed, each that the request names, and the one that it
	// makes: that one has no identifier yet and is asked for as KIND/*. No kinds: the action has no
	// resource-level permissions, its resource is "*".
	Kinds []string

	// Keys are the condition keys that the service fills in besides those that every request has
	// (CommonKeys) and those of the resource's tags.
	Keys []string
}

// CommonKeys are the condition keys that every request of the AWS endpoint has. Requests of the
// control socket have no address, agent or region.
var CommonKeys = []string{KeySourceIP, KeyCurrentTime, KeyEpochTime, KeySecureTransport, KeyUserAgent, KeyRequestedRegion, KeyRegion}

var (
	tagKeys    = []string{KeyRequestTag + "KEY", KeyTagKeys}
	createKeys = []string{KeyRequestTag + "KEY", KeyTagKeys, KeyCreateAction}
	taggable   = []string{KindInterface, KindTarget, KindFilter, KindRule, KindSession}
)

// actions are all of the gateway's (Service Authorization Reference, "Actions, resources, and
// condition keys for Amazon EC2"). Different from there, CreateTrafficMirrorSession is not checked
// on the session that it makes, since the AWS guide's example policy names target, filter and
// network interface only and is to be enough. Whoever gives tags while creating needs
// ec2:CreateTags on what is created too, with ec2:CreateAction.
var actions = []Action{
	{"ec2:CreateTrafficMirrorTarget", []string{KindTarget, KindInterface}, tagKeys},
	{"ec2:DeleteTrafficMirrorTarget", []string{KindTarget}, nil},
	{"ec2:DescribeTrafficMirrorTargets", nil, nil},
	{"ec2:CreateTrafficMirrorFilter", []string{KindFilter}, tagKeys},
	{"ec2:DeleteTrafficMirrorFilter", []string{KindFilter}, nil},
	{"ec2:DescribeTrafficMirrorFilters", nil, nil},
	{"ec2:ModifyTrafficMirrorFilterNetworkServices", []string{KindFilter}, nil},
	{"ec2:CreateTrafficMirrorFilterRule", []string{KindFilter, KindRule}, tagKeys},
	{"ec2:ModifyTrafficMirrorFilterRule", []string{KindFilter, KindRule}, nil},
	{"ec2:DeleteTrafficMirrorFilterRule", []string{KindFilter, KindRule}, nil},
	{"ec2:DescribeTrafficMirrorFilterRules", nil, nil},
	{"ec2:CreateTrafficMirrorSession", []string{KindInterface, KindFilter, KindTarget}, tagKeys},
	{"ec2:ModifyTrafficMirrorSession", []string{KindSession, KindFilter, KindTarget}, nil},
	{"ec2:DeleteTrafficMirrorSession", []string{KindSession}, nil},
	{"ec2:DescribeTrafficMirrorSessions", nil, nil},

	{"ec2:CreateTags", taggable, createKeys},
	{"ec2:DeleteTags", taggable, tagKeys},
	{"ec2:DescribeTags", nil, nil},

	{"ec2:CreateNetworkInterface", []string{KindInterface}, tagKeys},
	{"ec2:ModifyNetworkInterfaceAttribute", []string{KindInterface}, nil},
	{"ec2:DeleteNetworkInterface", []string{KindInterface}, nil},
	{"ec2:DescribeNetworkInterfaces", nil, nil},

	{"ram:CreateResourceShare", nil, tagKeys},
	{"ram:UpdateResourceShare", []string{KindShare}, nil},
	{"ram:DeleteResourceShare", []string{KindShare}, nil},
	{"ram:AssociateResourceShare", []string{KindShare}, nil},
	{"ram:DisassociateResourceShare", []string{KindShare}, nil},
	{"ram:TagResource", []string{KindShare}, tagKeys},
	{"ram:UntagResource", []string{KindShare}, []string{KeyTagKeys}},
	{"ram:AcceptResourceShareInvitation", []string{KindInvitation}, nil},
	{"ram:RejectResourceShareInvitation", []string{KindInvitation}, nil},
	{"ram:ListPendingInvitationResources", []string{KindInvitation}, nil},
	{"ram:GetResourceShares", nil, nil},
	{"ram:GetResourceShareAssociations", nil, nil},
	{"ram:GetResourceShareInvitations", nil, nil},
	{"ram:GetPermission", nil, nil},
	{"ram:ListPermissions", nil, nil},
	{"ram:ListResourceSharePermissions", nil, nil},
	{"ram:ListResources", nil, nil},
	{"ram:ListResourceTypes", nil, nil},
	{"ram:ListPrincipals", nil, nil},

	{ActionGetCallerIdentity, nil, nil},

	{"cloudwatch:ListMetrics", nil, nil},
	{"cloudwatch:GetMetricStatistics", nil, nil},
	{"cloudwatch:GetMetricData", nil, nil},

	// What the control socket can do and AWS has no action for. Those without kinds are of the
	// gateway as a whole, but for those in ofAccounts: they show or change resources of every account.
	{"mirrorgw:ModifyTrafficMirrorTarget", []string{KindTarget}, nil},
	{"mirrorgw:ModifyTrafficMirrorFilter", []string{KindFilter}, nil},
	{"mirrorgw:CreateLoadBalancer", []string{KindLoadBalancer}, tagKeys},
	{"mirrorgw:ModifyLoadBalancer", []string{KindLoadBalancer}, nil},
	{"mirrorgw:DeleteLoadBalancer", []string{KindLoadBalancer}, nil},
	{"mirrorgw:DescribeLoadBalancers", nil, nil},
	{"mirrorgw:Apply", nil, nil},
	{"mirrorgw:Export", nil, nil},
	{"mirrorgw:Explain", nil, nil},
	{"mirrorgw:Watch", nil, nil},
	{"mirrorgw:GetStatus", nil, nil},
	{"mirrorgw:GetStatistics", nil, nil},
	{"mirrorgw:GetHealth", nil, nil},
	{"mirrorgw:GetReadiness", nil, nil},
	{"mirrorgw:GetVersion", nil, nil},
	{"mirrorgw:GetOpenAPI", nil, nil},
	{"mirrorgw:SimulatePolicy", nil, nil},
	{"mirrorgw:Capture", nil, nil},
	{"mirrorgw:GetAuditLog", nil, nil},
	{"mirrorgw:GetConsoleLink", nil, nil},
	{"mirrorgw:Reload", nil, nil},
	{"mirrorgw:SetLogLevel", nil, nil},
}

// ActionGetCallerIdentity needs no permission, and no policy can take it away (AWS STS API
// Reference, GetCallerIdentity).
const ActionGetCallerIdentity = "sts:GetCallerIdentity"

// gatewayService is the service of the actions that AWS does not have.
const gatewayService = "mirrorgw"

// Actions are all actions that there are.
func Actions() []Action { return slices.Clone(actions) }

// FindAction finds an action by name, without regard to case.
func FindAction(name string) (Action, bool) {
	for _, a := range actions {
		if strings.EqualFold(a.Name, name) {
			return a, true
		}
	}
	return Action{}, false
}

// ResourceKinds are the kinds of resources that the permission for an action is checked on; none:
// the resource is "*". It reports false for an action that there is not. See Action.Kinds.
func ResourceKinds(action string) ([]string, bool) {
	a, ok := FindAction(action)
	return a.Kinds, ok
}

// ofAccounts are those of the gateway's actions without kinds that show to each account its own.
var ofAccounts = []string{"mirrorgw:DescribeLoadBalancers", "mirrorgw:Watch", "mirrorgw:GetStatistics", "mirrorgw:GetConsoleLink"}

// isOfGateway tells actions that are about the gateway as a whole and not about the resources of
// one account.
func isOfGateway(name string) bool {
	a, ok := FindAction(name)
	return ok && len(a.Kinds) == 0 && strings.HasPrefix(a.Name, gatewayService+":") && !slices.Contains(ofAccounts, a.Name)
}
