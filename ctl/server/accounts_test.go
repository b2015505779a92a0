package server_test

import (
	"net/http"
	"testing"

	"mirrorgw/ctl/api"
)

// TestAccounts: those who look after all accounts are told which there are, and how much each has.
func TestAccounts(t *testing.T) {
	a := newAccessWorld(t)
	got := must(a.client.Accounts(background))(t)
	want := []api.Account{{AccountID: "000000000000"}, {AccountID: accountOne, Resources: 5}, {AccountID: accountTwo, Resources: 3}}
	if len(got.Items) != len(want) {
		t.Fatalf("%+v, want %+v", got.Items, want)
	}
	for i := range want {
		if got.Items[i] != want[i] {
			t.Errorf("%+v, want %+v", got.Items[i], want[i])
		}
	}
	for uid, want := range map[int]int{uidOperator: 200, uidCareful: 403, uidReader: 403, uidNobody: 403} {
		if status, text := a.as(uid, http.MethodGet, api.PathAccounts, ""); status != want {
			t.Errorf("user %d: %d %s, want %d", uid, status, text, want)
		}
	}
}
