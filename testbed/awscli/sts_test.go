package awscli

import (
	"context"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/sts"
)

const (
	keyID  = "AKIDEXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

type keys struct{}

func (keys) Key(id string) (iam.Key, bool) {
	k := iam.Key{ID: id, Secret: secret, Principal: iam.Principal{Account: "123456789012", User: "ann"}}
	if id == "ASIATEMPORARY" {
		k.SessionToken = "a token/of+a session=="
	}
	return k, id == keyID || id == "ASIATEMPORARY"
}

// serve opens a door with STS alone; its clock is off by what ahead says, in nanoseconds.
func serve(t *testing.T, ahead *atomic.Int64) Profile {
	t.Helper()
	server := aws.New(aws.Options{Keys: keys{}, Region: "local-1", Services: []aws.Service{sts.Service{}},
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	l, err := aws.Listen(netip.MustParseAddrPort("127.0.0.1:0"), false)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return Profile{Endpoint: "http://" + l.Addr().String(), Region: "local-1", KeyID: keyID, Secret: secret}
}

func TestCallerIdentity(t *testing.T) {
	var ahead atomic.Int64
	ann := serve(t, &ahead)
	var who struct{ Arn, Account, UserId string }
	ann.Run(t, "sts", "get-caller-identity").JSON(t, &who)
	if who.Arn != "arn:aws:iam::123456789012:user/ann" || who.Account != "123456789012" || !strings.HasPrefix(who.UserId, "AIDA") {
		t.Errorf("%+v", who)
	}
	session := ann
	session.KeyID, session.Token = "ASIATEMPORARY", "a token/of+a session=="
	session.Run(t, "sts", "get-caller-identity").JSON(t, &who)
	for _, test := range []struct {
		name, code string
		change     func(p *Profile)
		ahead      time.Duration
		args       []string
	}{
		{name: "wrong secret", code: "SignatureDoesNotMatch", change: func(p *Profile) { p.Secret = "x" + secret }},
		{name: "unknown key", code: "SignatureDoesNotMatch", change: func(p *Profile) { p.KeyID = "AKIDOTHER" }},
		{name: "a session's key without its token", code: "InvalidClientTokenId", change: func(p *Profile) { p.KeyID = "ASIATEMPORARY" }},
		{name: "another region", code: "SignatureDoesNotMatch", change: func(p *Profile) { p.Region = "us-east-1" }},
		{name: "a clock that is off", code: "RequestExpired", ahead: 16 * time.Minute},
		{name: "unsigned", code: "MissingAuthenticationToken", args: []string{"--no-sign-request"}},
	} {
		p := ann
		if test.change != nil {
			test.change(&p)
		}
		ahead.Store(int64(test.ahead))
		result := p.Run(t, append([]string{"sts", "get-caller-identity"}, test.args...)...)
		if result.Exit != ExitService || result.Code() != test.code {
			t.Errorf("%s: exit code %d, %s, want %s", test.name, result.Exit, result.Stderr, test.code)
		}
	}
}
