package server

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

func (s *Server) documentRoutes() []*route {
	flag := ": true or false; absent: false"
	document := reflect.TypeFor[api.Document]()
	return []*route{
		{method: http.MethodPost, path: api.PathApply, summary: "Make the resources equal to a document", role: Admin,
			request: document, toml: true, response: reflect.TypeFor[api.Applied](), status: http.StatusOK,
			query: []parameter{{name: "dryRun", about: "only say what would change" + flag},
				{name: "keepOthers", about: "delete nothing that the document does not have" + flag}},
			headers: []parameter{ifMatchHeader}, codes: changeCodes, handle: s.apply},
		{method: http.MethodGet, path: api.PathExport, summary: "Get all resources as the document that apply reads", role: Reader,
			toml: true, response: document, status: http.StatusOK,
			headers: []parameter{{name: "Accept", about: api.ContentTypeTOML + ", which is the default, or " + api.ContentType}}, ofGateway: true, handle: s.export},
	}
}

// documentName is what errors call the document of a request.
const documentName = "document"

func (s *Server) apply(x *exchange) (*answer, error) {
	dryRun, err := readFlag(x, "dryRun")
	if err != nil {
		return nil, err
	}
	keepOthers, err := readFlag(x, "keepOthers")
	if err != nil {
		return nil, err
	}
	request, err := changeRequest(x)
	if err != nil {
		return nil, err
	}
	request.DryRun = dryRun
	document, err := s.readDocument(x)
	if err != nil {
		return nil, err
	}
	result, err := s.change(x, request, func(tx *store.Tx) error { return tx.Reconcile(document, keepOthers) })
	if err != nil {
		return nil, err
	}
	applied := api.Applied{DryRun: dryRun, Revision: result.Revision, Events: []api.Event{}, Warnings: warnings(result)}
	for _, event := range result.Events {
		applied.Events = append(applied.Events, eventWire(event))
	}
	return &answer{value: applied, revision: result.Revision}, nil
}

func readFlag(x *exchange, name string) (bool, error) {
	switch text := x.query.Get(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, fault(api.CodeInvalidValue, name, "%s is %q; give it true or false", name, text)
	}
}

// readDocument reads one document at a time: a large one takes much memory while it is read.
func (s *Server) readDocument(x *exchange) (*ctl.Document, error) {
	select {
	case s.applying <- struct{}{}:
		defer func() { <-s.applying }()
	case <-x.r.Context().Done():
		return nil, x.r.Context().Err()
	}
	mediaType, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err == nil && mediaType == api.ContentType {
		return decodeDocument(x.body)
	}
	return ctl.ParseDocument(documentName, x.body)
}

// decodeDocument reads the JSON form. Identifiers are allowed, as in the TOML form, so that an
// export can be applied.
func decodeDocument(body []byte) (*ctl.Document, error) {
	var w api.Document
	if err := strictjson.Decode(body, &w); err != nil {
		return nil, err
	}
	var f faults
	d := &ctl.Document{
		Interfaces:    recordsOf(interfaceKind, "interfaces", w.Interfaces, &f),
		Targets:       recordsOf(targetKind, "targets", w.Targets, &f),
		Filters:       recordsOf(filterKind, "filters", w.Filters, &f),
		Sessions:      recordsOf(sessionKind, "sessions", w.Sessions, &f),
		LoadBalancers: recordsOf(balancerKind, "loadBalancers", w.LoadBalancers, &f),
		Shares:        recordsOf(shareKind, "shares", w.Shares, &f),
	}
	return d, f.err()
}

func recordsOf[W, R any](k *kind[W, R], field string, wires []W, f *faults) []*R {
	var records []*R
	for i := range wires {
		var own faults
		records = append(records, k.record(&wires[i], &own))
		for _, item := range own.items {
			item.Field = fmt.Sprintf("%s[%d].%s", field, i, item.Field)
			f.items = append(f.items, item)
		}
	}
	return records
}

func (s *Server) export(x *exchange) (*answer, error) {
	var revision uint64
	s.Store.Read(func(v *store.View) { revision = v.Revision() })
	document := s.Store.Export()
	if wantsJSON(x.r.Header.Get("Accept")) {
		return &answer{value: documentWire(document), revision: revision}, nil
	}
	var text bytes.Buffer
	if err := document.Encode(&text); err != nil {
		return nil, err
	}
	return &answer{raw: text.Bytes(), contentType: api.ContentTypeTOML, revision: revision}, nil
}

// wantsJSON reads an Accept header as simply as the choice is: JSON where it is named and TOML is
// not named before it.
func wantsJSON(accept string) bool {
	for _, one := range strings.Split(accept, ",") {
		switch mediaType, _, _ := mime.ParseMediaType(one); mediaType {
		case api.ContentType:
			return true
		case api.ContentTypeTOML:
			return false
		}
	}
	return false
}

func documentWire(d *ctl.Document) api.Document {
	return api.Document{
		Interfaces:    wiresOf(interfaceKind, d.Interfaces),
		Targets:       wiresOf(targetKind, d.Targets),
		Filters:       wiresOf(filterKind, d.Filters),
		Sessions:      wiresOf(sessionKind, d.Sessions),
		LoadBalancers: wiresOf(balancerKind, d.LoadBalancers),
		Shares:        wiresOf(shareKind, d.Shares),
	}
}

func wiresOf[W, R any](k *kind[W, R], records []*R) []W {
	var wires []W
	for _, r := range records {
		wires = append(wires, k.wire(r))
	}
	return wires
}
