package live

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// Rights says what callers may do, by the API's own judgement.
type Rights interface {
	May(c *server.Caller, method, path string) bool
}

// kindPaths are where the resources of each kind are listed: who may not list them is not told of them.
var kindPaths = []struct {
	kind store.Kind
	path string
}{
	{store.KindInterface, api.PathInterfaces}, {store.KindTarget, api.PathTargets}, {store.KindFilter, api.PathFilters}, {store.KindRule, api.PathFilters},
	{store.KindSession, api.PathSessions}, {store.KindLoadBalancer, api.PathLoadBalancers}, {store.KindShare, api.PathShares},
}

// ScopeOf is what a caller may see: numbers where it may ask for counters, and resources that it may list,
// of other accounts only as far as they are shared with it.
func ScopeOf(rights Rights, c *server.Caller) *Scope {
	may := func(path string) bool { return rights.May(c, http.MethodGet, path) }
	account := ""
	if c.Principal.Account != ctl.DefaultAccount {
		account = c.Principal.Account
	}
	gateway := account == "" && may(api.PathState) && may(api.PathStats)
	health, changes := may(api.PathHealth), may(api.PathChanges)
	key, kinds := fmt.Sprintf("%s/%v/%v/%v", account, gateway, health, changes), map[store.Kind]bool{}
	for _, k := range kindPaths {
		kinds[k.kind] = may(k.path)
		key += "/" + strconv.FormatBool(kinds[k.kind])
	}
	return &Scope{Key: key, Gateway: gateway, Health: health, Changes: changes, Account: account, Sees: func(v *store.View, kind store.Kind, owner, id string) bool {
		return kinds[kind] && (account == "" || owner == account || v.Access(account, id) >= store.AccessSee)
	}}
}

// Handler streams to callers that the request's context has (server.WithCaller). The parameter topic
// names what they watch, and may be given several times.
func (h *Hub) Handler(rights Rights) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := server.CallerOf(r.Context())
		if c == nil {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		scope := ScopeOf(rights, c)
		h.Serve(w, r, Viewer{User: userOf(c), Scope: scope, Topics: r.URL.Query()["topic"], Alive: sameRights(rights, c, scope)})
	})
}

// userOf tells users apart.
func userOf(c *server.Caller) string {
	return strings.Join([]string{c.Principal.Account, c.Principal.User, strconv.Itoa(c.UID)}, "/")
}

// rightsTime is how long it takes at most until a stream ends whose viewer has lost or gained rights.
const rightsTime = 5 * time.Second

// sameRights says whether a caller may still see the same. One goroutine calls what it returns.
func sameRights(rights Rights, c *server.Caller, scope *Scope) func() bool {
	looked := time.Now()
	return func() bool {
		if time.Since(looked) < rightsTime {
			return true
		}
		looked = time.Now()
		return ScopeOf(rights, c).Key == scope.Key
	}
}
