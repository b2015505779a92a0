package server

import (
	"slices"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

var shareKind = &kind[api.ResourceShare, ctl.Share]{
	kind: store.KindShare, word: "share", plural: "shares", path: api.PathShares,
	find: (*store.View).Share, list: (*store.View).Shares, wire: shareWire, record: shareRecord,
	put:   func(tx *store.Tx, _ string, r *ctl.Share) error { return tx.PutShare(r) },
	id:    func(w *api.ResourceShare) *string { return &w.ResourceShareID },
	key:   func(r *ctl.Share) string { return r.ID },
	owner: func(w *api.ResourceShare) *string { return &w.OwnerID },
	show:  showShare,
	readOnly: func(_ *store.View, _, after *api.ResourceShare, f *faults) {
		f.observed("invitations", after.Invitations != nil)
		f.observed("creationTime", after.CreationTime != "")
		f.observed("lastUpdatedTime", after.LastUpdatedTime != "")
	},
}

func shareRecord(w *api.ResourceShare, _ *faults) *ctl.Share {
	r := &ctl.Share{Common: commonRecord(w.ResourceShareID, &w.Common), Title: w.Title, Targets: w.TrafficMirrorTargetIDs,
		AllowExternal: w.AllowExternalPrincipals == nil || *w.AllowExternalPrincipals}
	for _, p := range w.Principals {
		r.Principals = append(r.Principals, &ctl.SharePrincipal{ID: p.PrincipalID, Status: p.Status, Invitation: p.InvitationID})
	}
	return r
}

func shareWire(r *ctl.Share) api.ResourceShare {
	allow := r.AllowExternal
	w := api.ResourceShare{ResourceShareID: r.ID, Common: commonWire(&r.Common), Title: r.Title,
		AllowExternalPrincipals: &allow, TrafficMirrorTargetIDs: r.Targets}
	for _, p := range r.Principals {
		w.Principals = append(w.Principals, api.SharePrincipal{PrincipalID: p.ID, Status: p.Status, InvitationID: p.Invitation})
	}
	return w
}

// showShare adds what only those who look are told: times, and what has become of invitations.
func showShare(_ *live, v *store.View, w *api.ResourceShare) {
	r, ok := v.Share("", w.ResourceShareID)
	if !ok {
		return
	}
	w.CreationTime, w.LastUpdatedTime = timeWire(r.Created), timeWire(r.Updated)
	now := time.Now()
	for _, p := range r.Principals {
		if p.Invitation != "" && slices.ContainsFunc(w.Principals, func(one api.SharePrincipal) bool { return one.PrincipalID == p.ID }) {
			w.Invitations = append(w.Invitations, api.ShareInvitation{InvitationID: p.Invitation, PrincipalID: p.ID, Status: p.StatusAt(now),
				InvitationTime: timeWire(p.Invited), AnswerTime: timeWire(p.Answered)})
		}
	}
}
