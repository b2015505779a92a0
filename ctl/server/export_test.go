package server

import (
	"context"
	"net/http"
)

// AsPeer makes a request one of a process of another user.
func AsPeer(r *http.Request, uid int, groups ...int) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), peerKey{}, peer{known: true, pid: 7, uid: uid, groups: groups}))
}

// Operations are the methods and paths of all routes.
func (s *Server) Operations() (all [][2]string) {
	for _, r := range s.routes {
		all = append(all, [2]string{r.method, r.path})
	}
	return all
}
