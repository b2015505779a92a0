package awssdk

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// story is the guide's first example by the SDK.
type story struct {
	t      *testing.T
	ctx    context.Context
	live   *live
	client *ec2.Client
}

// TestSDK mirrors the inbound TCP of one interface, changes and lists what it made, provokes
// refusals, and takes everything away.
func TestSDK(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l := start(t)
	s := &story{t: t, ctx: ctx, live: l, client: l.client(l.keyID, l.secret)}
	web, appliance := s.interfaceNamed("web-1"), s.interfaceNamed("ids-1")

	target, err := s.client.CreateTrafficMirrorTarget(ctx, &ec2.CreateTrafficMirrorTargetInput{NetworkInterfaceId: &appliance, Description: aws.String("target A")})
	s.must(err)
	filter, err := s.client.CreateTrafficMirrorFilter(ctx, &ec2.CreateTrafficMirrorFilterInput{Description: aws.String("TCP filter")})
	s.must(err)
	rule, err := s.client.CreateTrafficMirrorFilterRule(ctx, s.rule(filter.TrafficMirrorFilter.TrafficMirrorFilterId))
	s.must(err)
	session, err := s.client.CreateTrafficMirrorSession(ctx, &ec2.CreateTrafficMirrorSessionInput{
		NetworkInterfaceId: &web, SessionNumber: aws.Int32(1), VirtualNetworkId: aws.Int32(77),
		TrafficMirrorTargetId: target.TrafficMirrorTarget.TrafficMirrorTargetId,
		TrafficMirrorFilterId: filter.TrafficMirrorFilter.TrafficMirrorFilterId,
		TagSpecifications:     []types.TagSpecification{{ResourceType: types.ResourceTypeTrafficMirrorSession, Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}}},
	})
	s.must(err)
	id := *session.TrafficMirrorSession.TrafficMirrorSessionId
	if session.TrafficMirrorSession.PacketLength != nil || *session.TrafficMirrorSession.VirtualNetworkId != 77 || len(session.TrafficMirrorSession.Tags) != 1 {
		t.Errorf("the session is %+v", session.TrafficMirrorSession)
	}
	l.awaitMirrored(ctx, id, 0)

	s.filterRules(rule.TrafficMirrorFilterRule)
	s.modify(id)
	s.refusals(target.TrafficMirrorTarget.TrafficMirrorTargetId, web, appliance)
	s.pages(filter.TrafficMirrorFilter.TrafficMirrorFilterId)

	_, err = s.client.DeleteTrafficMirrorSession(ctx, &ec2.DeleteTrafficMirrorSessionInput{TrafficMirrorSessionId: &id})
	s.must(err)
	_, err = s.client.DeleteTrafficMirrorFilter(ctx, &ec2.DeleteTrafficMirrorFilterInput{TrafficMirrorFilterId: filter.TrafficMirrorFilter.TrafficMirrorFilterId})
	s.must(err)
	_, err = s.client.DeleteTrafficMirrorTarget(ctx, &ec2.DeleteTrafficMirrorTargetInput{TrafficMirrorTargetId: target.TrafficMirrorTarget.TrafficMirrorTargetId})
	s.must(err)
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// refused asserts the code of a refusal.
func (s *story) refused(err error, code string) {
	s.t.Helper()
	var refusal smithy.APIError
	if !errors.As(err, &refusal) || refusal.ErrorCode() != code {
		s.t.Errorf("%v, want %s", err, code)
	}
}

func (s *story) interfaceNamed(name string) string {
	s.t.Helper()
	found, err := s.client.DescribeNetworkInterfaces(s.ctx, &ec2.DescribeNetworkInterfacesInput{
		Filters: []types.Filter{{Name: aws.String("tag:Name"), Values: []string{name}}},
	})
	s.must(err)
	if len(found.NetworkInterfaces) != 1 {
		s.t.Fatalf("%d interfaces have the name %s", len(found.NetworkInterfaces), name)
	}
	return *found.NetworkInterfaces[0].NetworkInterfaceId
}

func (s *story) rule(filter *string) *ec2.CreateTrafficMirrorFilterRuleInput {
	return &ec2.CreateTrafficMirrorFilterRuleInput{
		TrafficMirrorFilterId: filter, TrafficDirection: types.TrafficDirectionIngress, RuleNumber: aws.Int32(100), RuleAction: types.TrafficMirrorRuleActionAccept,
		Protocol: aws.Int32(6), SourceCidrBlock: aws.String("0.0.0.0/0"), DestinationCidrBlock: aws.String("0.0.0.0/0"),
		DestinationPortRange: &types.TrafficMirrorPortRangeRequest{FromPort: aws.Int32(1), ToPort: aws.Int32(65535)},
	}
}

// filterRules uses the newer of the two ways to see rules.
func (s *story) filterRules(rule *types.TrafficMirrorFilterRule) {
	s.t.Helper()
	found, err := s.client.DescribeTrafficMirrorFilterRules(s.ctx, &ec2.DescribeTrafficMirrorFilterRulesInput{TrafficMirrorFilterId: rule.TrafficMirrorFilterId})
	s.must(err)
	if len(found.TrafficMirrorFilterRules) != 1 || *found.TrafficMirrorFilterRules[0].TrafficMirrorFilterRuleId != *rule.TrafficMirrorFilterRuleId ||
		found.TrafficMirrorFilterRules[0].SourcePortRange != nil || *found.TrafficMirrorFilterRules[0].DestinationPortRange.ToPort != 65535 {
		s.t.Errorf("the filter's rules are %+v", found.TrafficMirrorFilterRules)
	}
	changed, err := s.client.ModifyTrafficMirrorFilterRule(s.ctx, &ec2.ModifyTrafficMirrorFilterRuleInput{
		TrafficMirrorFilterRuleId: rule.TrafficMirrorFilterRuleId, RemoveFields: []types.TrafficMirrorFilterRuleField{types.TrafficMirrorFilterRuleFieldDestinationPortRange},
	})
	s.must(err)
	if changed.TrafficMirrorFilterRule.DestinationPortRange != nil {
		s.t.Errorf("the rule is %+v", changed.TrafficMirrorFilterRule)
	}
}

func (s *story) modify(id string) {
	s.t.Helper()
	changed, err := s.client.ModifyTrafficMirrorSession(s.ctx, &ec2.ModifyTrafficMirrorSessionInput{
		TrafficMirrorSessionId: &id, PacketLength: aws.Int32(96), RemoveFields: []types.TrafficMirrorSessionField{types.TrafficMirrorSessionFieldVirtualNetworkId},
	})
	s.must(err)
	if *changed.TrafficMirrorSession.PacketLength != 96 || *changed.TrafficMirrorSession.VirtualNetworkId == 77 {
		s.t.Errorf("the session is %+v", changed.TrafficMirrorSession)
	}
	s.live.awaitMirrored(s.ctx, id, s.live.mirrored(id))
}

// refusals come as the errors that programs look for.
func (s *story) refusals(target *string, web, appliance string) {
	s.t.Helper()
	_, err := s.client.DeleteTrafficMirrorTarget(s.ctx, &ec2.DeleteTrafficMirrorTargetInput{TrafficMirrorTargetId: target})
	s.refused(err, "TrafficMirrorTargetInUse")
	_, err = s.client.CreateTrafficMirrorTarget(s.ctx, &ec2.CreateTrafficMirrorTargetInput{NetworkInterfaceId: &appliance, DryRun: aws.Bool(true)})
	s.refused(err, "DryRunOperation")
	_, err = s.client.DescribeTrafficMirrorSessions(s.ctx, &ec2.DescribeTrafficMirrorSessionsInput{TrafficMirrorSessionIds: []string{"tms-00000000000000000"}})
	s.refused(err, "InvalidTrafficMirrorSessionId.NotFound")
	_, err = s.client.CreateTrafficMirrorTarget(s.ctx, &ec2.CreateTrafficMirrorTargetInput{NetworkInterfaceId: &web})
	s.refused(err, "NetworkInterfaceNotSupported") // it has a port, and no route leads to it
	stranger := s.live.client(s.live.keyID, "not the secret of that key, by far")
	_, err = stranger.DescribeTrafficMirrorSessions(s.ctx, &ec2.DescribeTrafficMirrorSessionsInput{})
	s.refused(err, "AuthFailure")
	token := &ec2.CreateTrafficMirrorFilterInput{ClientToken: aws.String("once"), Description: aws.String("once")}
	first, err := s.client.CreateTrafficMirrorFilter(s.ctx, token)
	s.must(err)
	again, err := s.client.CreateTrafficMirrorFilter(s.ctx, token)
	s.must(err)
	if *first.TrafficMirrorFilter.TrafficMirrorFilterId != *again.TrafficMirrorFilter.TrafficMirrorFilterId {
		s.t.Error("one client token made two filters")
	}
	_, err = s.client.CreateTrafficMirrorFilter(s.ctx, &ec2.CreateTrafficMirrorFilterInput{ClientToken: aws.String("once"), Description: aws.String("twice")})
	s.refused(err, "IdempotentParameterMismatch")
}

// pages lists more filters than a page has, and tags by tag.
func (s *story) pages(tagged *string) {
	s.t.Helper()
	const more = 12
	for range more {
		_, err := s.client.CreateTrafficMirrorFilter(s.ctx, &ec2.CreateTrafficMirrorFilterInput{})
		s.must(err)
	}
	seen := map[string]bool{}
	pages := ec2.NewDescribeTrafficMirrorFiltersPaginator(s.client, &ec2.DescribeTrafficMirrorFiltersInput{MaxResults: aws.Int32(5)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		s.must(err)
		for i := range page.TrafficMirrorFilters {
			seen[*page.TrafficMirrorFilters[i].TrafficMirrorFilterId] = true
		}
	}
	if len(seen) != more+2 {
		s.t.Errorf("%d filters over all pages, want %d", len(seen), more+2)
	}
	_, err := s.client.CreateTags(s.ctx, &ec2.CreateTagsInput{Resources: []string{*tagged}, Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("ann")}}})
	s.must(err)
	tags, err := s.client.DescribeTags(s.ctx, &ec2.DescribeTagsInput{Filters: []types.Filter{{Name: aws.String("key"), Values: []string{"own*"}}}})
	s.must(err)
	if len(tags.Tags) != 1 || *tags.Tags[0].ResourceId != *tagged || *tags.Tags[0].Value != "ann" {
		s.t.Errorf("the tags are %+v", tags.Tags)
	}
}
