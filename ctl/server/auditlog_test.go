package server_test

import (
	"testing"

	"mirrorgw/ctl/api"
)

// TestAuditIsForAdmins: neither readers nor anybody of another account read what everybody did.
func TestAuditIsForAdmins(t *testing.T) {
	a := newAccessWorld(t)
	for _, uid := range []int{uidReader, uidNobody, uidTenant} {
		for _, path := range []string{api.PathAudit, api.PathAudit + "/1-1"} {
			if status, _ := a.as(uid, "GET", path, ""); status != 403 {
				t.Errorf("uid %d reads %s: %d", uid, path, status)
			}
		}
	}
}
