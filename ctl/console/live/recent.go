package live

import (
	"fmt"

	"mirrorgw/ctl/store"
)

// How many changes an overview has, and how far back it looks for those that its viewers see.
const (
	recentChanges = 8
	recentLooks   = 200
)

// pathsOfKinds are those of pages about a resource; a rule is on its filter's.
var pathsOfKinds = map[store.Kind]string{store.KindInterface: "/interfaces/", store.KindTarget: pathTargets, store.KindFilter: "/filters/", store.KindRule: "/filters/",
	store.KindSession: pathSessions, store.KindLoadBalancer: "/load-balancers/", store.KindShare: "/shares/"}

var actionWords = map[string]string{store.ActionCreate: "created", store.ActionModify: "changed", store.ActionDelete: "deleted"}

// recent lists the last changes that a group sees, the newest first.
func (h *Hub) recent(g *group, v *store.View) (rows []Row) {
	list, _, err := h.Store.Recent(0, recentLooks, "")
	if err != nil {
		return nil // the page about a resource says so
	}
	for i := range list {
		e := &list[i]
		if len(rows) == recentChanges {
			break
		}
		if g.scope.sees(v, e.Kind, e.Account, e.ID) {
			rows = append(rows, h.changeRow(g, v, e))
		}
	}
	return rows
}

func (h *Hub) changeRow(g *group, v *store.View, e *store.Event) Row {
	page, name := e.ID, e.Name
	if filter := e.FilterID(); filter != "" {
		page, name = filter, "of "+filter
		if r, ok := v.Filter("", filter); ok {
			name = "of " + r.Name
		}
	}
	row := Row{"key": fmt.Sprint(e.Revision, e.ID), "time": e.Time.UnixMilli(), "by": g.scope.by(e), "what": string(e.Kind) + " " + name, "change": actionWords[e.Action]}
	if _, _, ok := v.Find(page); ok {
		row["path"] = pathsOfKinds[e.Kind] + page
	}
	return row
}
