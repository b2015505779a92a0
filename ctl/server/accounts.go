package server

import (
	"maps"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// accounts tells who resources may belong to. A number that nobody has named yet is as good as these.
func (s *Server) accounts(*exchange) (*answer, error) {
	var known map[string]int
	s.Store.Read(func(v *store.View) { known = v.Accounts() })
	for _, account := range append(s.Directory.Accounts(), ctl.DefaultAccount) {
		known[account] += 0
	}
	list := api.Accounts{Items: []api.Account{}}
	for _, account := range slices.Sorted(maps.Keys(known)) {
		list.Items = append(list.Items, api.Account{AccountID: account, Resources: known[account]})
	}
	return &answer{value: list}, nil
}
