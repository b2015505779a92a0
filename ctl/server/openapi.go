package server

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/report"
)

// openAPIVersion is the edition of the OpenAPI Specification that the document follows.
const openAPIVersion = "3.1.0"

func (s *Server) openAPI(*exchange) (*answer, error) { return &answer{value: s.openAPIDocument()}, nil }

type object = map[string]any

// openAPIDocument describes the route table.
func (s *Server) openAPIDocument() object {
	schemas := &schemas{found: object{}}
	paths := object{}
	for _, r := range s.routes {
		item, ok := paths[r.path].(object)
		if !ok {
			item = object{}
			paths[r.path] = item
		}
		item[strings.ToLower(r.method)] = s.operation(r, schemas)
	}
	return object{
		"openapi": openAPIVersion,
		"info": object{"title": "mirrorgw control API", "version": APIVersion,
			"description": "Traffic mirroring, steered while it runs. HTTP/1.1 on a unix socket."},
		"servers":    []any{object{"url": "/", "description": "the control socket"}},
		"paths":      paths,
		"components": object{"schemas": schemas.found},
	}
}

func (s *Server) operation(r *route, schemas *schemas) object {
	o := object{"operationId": operationID(r), "summary": r.summary, "responses": s.responses(r, schemas), "x-role": r.role.String()}
	var parameters []any
	for _, segment := range strings.Split(r.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			parameters = append(parameters, object{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true,
				"description": "identifier, or a name where the resource has one", "schema": object{"type": "string"}})
		}
	}
	for _, p := range r.query {
		parameters = append(parameters, p.document("query"))
	}
	for _, p := range r.headers {
		parameters = append(parameters, p.document("header"))
	}
	if parameters != nil {
		o["parameters"] = parameters
	}
	if r.request != nil {
		o["requestBody"] = object{"required": true, "content": r.requestContent(schemas)}
	}
	return o
}

// operationID is unique: the method and the path in words.
func operationID(r *route) string {
	id := strings.ToLower(r.method)
	for _, word := range strings.FieldsFunc(strings.TrimPrefix(r.path, "/"+APIVersion), func(c rune) bool { return strings.ContainsRune("/-.{}", c) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func (p *parameter) document(in string) object {
	schema := object{"type": "string"}
	if p.number {
		schema = object{"type": "integer"}
	}
	if p.many {
		schema = object{"type": "array", "items": schema}
	}
	d := object{"name": p.name, "in": in, "description": p.about, "schema": schema}
	if p.prefix {
		d["x-prefix"] = true
	}
	return d
}

func (r *route) requestContent(schemas *schemas) object {
	switch {
	case r.patch:
		return object{"application/merge-patch+json": object{"schema": object{"type": "object",
			"description": "fields of " + schemaName(r.request) + " to change (RFC 7396); null removes one"}}}
	case r.toml:
		return object{api.ContentTypeTOML: object{"schema": object{"type": "string"}},
			api.ContentType: object{"schema": schemas.of(r.request)}}
	}
	return object{api.ContentType: object{"schema": schemas.of(r.request)}}
}

func (s *Server) responses(r *route, schemas *schemas) object {
	content := object{}
	if r.response != nil {
		content[api.ContentType] = object{"schema": schemas.of(r.response)}
	}
	switch {
	case r.stream != "":
		content[r.stream] = object{"schema": object{"type": "string", "format": "binary"}}
	case r.path == api.PathWatch:
		content = object{contentTypeLines: object{"schema": schemas.of(r.response)}}
	case r.toml && r.request == nil:
		content[api.ContentTypeTOML] = object{"schema": object{"type": "string"}}
	}
	responses := object{strconv.Itoa(r.status): object{"description": "done", "content": content}}
	byStatus := map[int][]string{}
	for _, code := range slices.Concat(commonCodes, r.codes) {
		status := api.StatusOf(code)
		byStatus[status] = append(byStatus[status], code)
	}
	for status, codes := range byStatus {
		slices.Sort(codes)
		schema := schemas.of(reflect.TypeFor[api.ErrorBody]())
		if status == 503 && r.response == reflect.TypeFor[api.Health]() {
			schema = object{"anyOf": []any{schemas.of(r.response), schema}}
		}
		responses[strconv.Itoa(status)] = object{"description": strings.Join(slices.Compact(codes), ", "),
			"content": object{api.ContentType: object{"schema": schema}}}
	}
	return responses
}

// schemaName is the name of a struct type in the document.
func schemaName(t reflect.Type) string {
	name := t.Name()
	if generic, argument, ok := strings.Cut(strings.TrimSuffix(name, "]"), "["); ok {
		name = generic + argument[strings.LastIndexByte(argument, '.')+1:]
	}
	if t.PkgPath() == reflect.TypeFor[report.Report]().PkgPath() && t != reflect.TypeFor[report.Report]() {
		name = "Report" + name // its ports and sessions are others than those of the API
	}
	return name
}

// OpenAPI is the document that the daemon serves, as indented JSON.
func OpenAPI() ([]byte, error) { return json.MarshalIndent(New(Options{}).openAPIDocument(), "", "  ") }
