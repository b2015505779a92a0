package api

import "testing"

func TestActorWords(t *testing.T) {
	uid := 1000
	for want, actor := range map[string]*Actor{
		"": nil, "ann": {Type: "IAMUser", AccountID: "111111111111", UserName: "ann"}, "tom (account 222222222222)": {Type: "IAMUser", AccountID: "222222222222", UserName: "tom"},
		"account 222222222222": {Type: "Account", AccountID: "222222222222"}, "account 111111111111": {Type: "Root", AccountID: "111111111111"},
		"local uid 1000": {Type: "Unix", UID: &uid}, "an administrator of the gateway": {Type: "Unix"}, "the gateway": {Type: "Gateway"},
	} {
		if got := actor.Words("111111111111"); got != want {
			t.Errorf("%+v is %q, want %q", actor, got, want)
		}
	}
}
