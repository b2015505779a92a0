package server

import (
	"strconv"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/store"
)

// actionWatch allows to follow changes, and to look back at them.
const actionWatch = "mirrorgw:Watch"

// changes answers with the last events, as far as they are kept and the caller may know of them.
func (s *Server) changes(x *exchange) (*answer, error) {
	limit, err := readLimit(x)
	if err != nil {
		return nil, err
	}
	var before uint64
	if text := x.query.Get("before"); text != "" {
		if before, err = strconv.ParseUint(text, 10, 64); err != nil || before == 0 {
			return nil, fault(api.CodeInvalidValue, "before", "before is %q; give it next of the page before", text)
		}
	}
	told := eventStream{server: s}
	if x.who.isRestricted() {
		told.account = x.who.Account
	}
	page := api.Changes{Items: []api.Event{}}
	for {
		var list []store.Event
		if list, before, err = s.Store.Recent(before, limit-len(page.Items), x.query.Get("resource")); err != nil {
			return nil, err
		}
		page.Items = append(page.Items, told.told(list)...)
		if before == 0 {
			return &answer{value: page}, nil
		}
		if len(page.Items) == limit {
			page.Next = strconv.FormatUint(before, 10)
			return &answer{value: page}, nil
		}
	}
}
