package sts

import (
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
)

type identity struct {
	XMLName xml.Name                              `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	Result  struct{ Arn, UserId, Account string } `xml:"GetCallerIdentityResult"`
	Meta    struct{ RequestId string }            `xml:"ResponseMetadata"`
}

func TestGetCallerIdentity(t *testing.T) {
	for _, test := range []struct {
		principal iam.Principal
		arn, id   string
	}{
		{iam.Principal{Account: "123456789012", User: "ann"}, "arn:aws:iam::123456789012:user/ann", `AIDA[A-Z2-7]{17}`},
		{iam.Principal{Account: "123456789012"}, "arn:aws:iam::123456789012:root", "123456789012"},
	} {
		reply := Service{}.Serve(&aws.Call{RequestID: "r", Action: "GetCallerIdentity", Version: Version, Principal: test.principal})
		var got identity
		if err := xml.Unmarshal(reply.Body, &got); err != nil || reply.Status != 200 || reply.Code != "" {
			t.Fatalf("%d %v\n%s", reply.Status, err, reply.Body)
		}
		r := got.Result
		if r.Arn != test.arn || r.Account != "123456789012" || !regexp.MustCompile("^"+test.id+"$").MatchString(r.UserId) || got.Meta.RequestId != "r" {
			t.Errorf("%+v", got)
		}
	}
	ids := map[string]bool{}
	for range 2 {
		for _, p := range []iam.Principal{{Account: "1", User: "a"}, {Account: "1", User: "b"}, {Account: "2", User: "a"}} {
			ids[UserID(p)] = true
		}
	}
	if len(ids) != 3 {
		t.Errorf("three users have the identifiers %v", ids)
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct{ action, version, code string }{
		{"AssumeRole", Version, "InvalidAction"},
		{"", Version, "MissingAction"},
		{"GetCallerIdentity", "2009-01-01", "NoSuchVersion"},
	} {
		reply := Service{}.Serve(&aws.Call{Action: test.action, Version: test.version})
		if reply.Status != 400 || reply.Code != test.code || !strings.Contains(string(reply.Body), "<Code>"+test.code+"</Code>") {
			t.Errorf("%s %s: %d %s", test.action, test.version, reply.Status, reply.Body)
		}
	}
}
