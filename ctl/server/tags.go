package server

import (
	"fmt"
	"net/http"
	"reflect"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

func (s *Server) tagRoutes() []*route {
	tags, changed := reflect.TypeFor[api.Tags](), reflect.TypeFor[api.Changed[api.Tags]]()
	path := api.PathTags + "/{id}"
	headers := []parameter{ifMatchHeader}
	return []*route{
		{method: http.MethodGet, path: path, summary: "Get the tags of a resource", role: Reader, response: tags,
			status: http.StatusOK, codes: []string{api.CodeNotFound}, handle: s.getTags},
		{method: http.MethodPut, path: path, summary: "Replace all tags of a resource", role: Admin, request: tags, response: changed,
			status: http.StatusOK, headers: headers, codes: changeCodes, handle: s.putTags},
		{method: http.MethodPatch, path: path, summary: "Set some tags of a resource; null removes one", role: Admin, request: tags, patch: true,
			response: changed, status: http.StatusOK, headers: headers, codes: changeCodes, handle: s.patchTags},
		{method: http.MethodDelete, path: path, summary: "Remove all tags of a resource", role: Admin, response: changed,
			status: http.StatusOK, headers: headers, codes: changeCodes, handle: s.deleteTags},
	}
}

func (s *Server) getTags(x *exchange) (*answer, error) {
	id := x.r.PathValue("id")
	var tags api.Tags
	var revision uint64
	var err error
	s.Store.Read(func(v *store.View) {
		revision = v.Revision()
		tags, err = tagsOf(x, v, id)
	})
	if err != nil {
		return nil, err
	}
	return &answer{value: tags, revision: revision}, nil
}

func tagsOf(x *exchange, v *store.View, id string) (api.Tags, error) {
	_, record, ok := v.Find(id)
	if !ok || !x.sees(v, record) {
		return api.Tags{}, fault(api.CodeNotFound, "", "there is no resource with the identifier %q; tags are set by identifier, not by name", id)
	}
	tags := api.Tags{ResourceID: id, Tags: *tagField(copyRecord(record))}
	if tags.Tags == nil {
		tags.Tags = map[string]string{}
	}
	return tags, nil
}

func (s *Server) putTags(x *exchange) (*answer, error) {
	var wanted api.Tags
	if err := strictjson.Decode(x.body, &wanted); err != nil {
		return nil, err
	}
	return s.setTags(x, func(before api.Tags) (api.Tags, error) {
		if wanted.ResourceID == "" {
			wanted.ResourceID = before.ResourceID
		}
		return wanted, nil
	})
}

func (s *Server) patchTags(x *exchange) (*answer, error) {
	return s.setTags(x, func(before api.Tags) (after api.Tags, err error) {
		err = strictjson.Merge(x.body, &before, &after)
		return after, err
	})
}

func (s *Server) deleteTags(x *exchange) (*answer, error) {
	return s.setTags(x, func(before api.Tags) (api.Tags, error) { return api.Tags{ResourceID: before.ResourceID}, nil })
}

// setTags replaces the tags of the resource in the path by what change makes of them.
func (s *Server) setTags(x *exchange, change func(api.Tags) (api.Tags, error)) (*answer, error) {
	request, err := changeRequest(x)
	if err != nil {
		return nil, err
	}
	id := x.r.PathValue("id")
	var after api.Tags
	result, err := s.change(x, request, func(tx *store.Tx) error {
		before, err := tagsOf(x, &tx.View, id)
		if err != nil {
			return err
		}
		if after, err = change(before); err != nil {
			return err
		}
		var f faults
		f.same("resourceId", before.ResourceID, after.ResourceID)
		if err := f.err(); err != nil {
			return err
		}
		_, record, _ := tx.Find(id)
		changed := copyRecord(record)
		*tagField(changed) = after.Tags
		return put(tx, changed)
	})
	if err != nil {
		return nil, err
	}
	if after.Tags == nil {
		after.Tags = map[string]string{}
	}
	return &answer{value: api.Changed[api.Tags]{Resource: after, Revision: result.Revision, Warnings: warnings(result)}, revision: result.Revision}, nil
}

// copyRecord copies a record deeply enough for its tags to be replaced.
func copyRecord(record any) any {
	switch r := record.(type) {
	case *ctl.Interface:
		c := *r
		return &c
	case *ctl.Target:
		c := *r
		return &c
	case *ctl.Filter:
		c := *r
		return &c
	case *ctl.Session:
		c := *r
		return &c
	case *ctl.LoadBalancer:
		c := *r
		return &c
	case *ctl.Share:
		return r.Clone()
	case *store.RuleRecord:
		rule := *r.Rule
		return &store.RuleRecord{FilterID: r.FilterID, Rule: &rule}
	}
	panic(fmt.Sprintf("the store has a record of type %T", record))
}

func tagField(record any) *map[string]string {
	switch r := record.(type) {
	case *ctl.Interface:
		return &r.Tags
	case *ctl.Target:
		return &r.Tags
	case *ctl.Filter:
		return &r.Tags
	case *ctl.Session:
		return &r.Tags
	case *ctl.LoadBalancer:
		return &r.Tags
	case *ctl.Share:
		return &r.Tags
	case *store.RuleRecord:
		return &r.Rule.Tags
	}
	panic(fmt.Sprintf("the store has a record of type %T", record))
}

func put(tx *store.Tx, record any) error {
	switch r := record.(type) {
	case *ctl.Interface:
		return tx.PutInterface(r)
	case *ctl.Target:
		return tx.PutTarget(r)
	case *ctl.Filter:
		return tx.PutFilter(r)
	case *ctl.Session:
		return tx.PutSession(r)
	case *ctl.LoadBalancer:
		return tx.PutLoadBalancer(r)
	case *ctl.Share:
		return tx.PutShare(r)
	case *store.RuleRecord:
		return tx.PutRule(r.FilterID, r.Rule)
	}
	panic(fmt.Sprintf("the store has a record of type %T", record))
}
