package server

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
)

// schemas collects the JSON schemas (2020-12, as OpenAPI 3.1 has them) of Go types.
type schemas struct{ found object }

// of is the schema of a type: a reference for structs.
func (s *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[map[string]any]():
		return object{"type": "object"}
	case reflect.TypeFor[api.Protocol]():
		return object{"type": []any{"integer", "string"}, "description": "IP protocol: 0 to 255, or -1 for all; in requests also a name"}
	}
	switch t.Kind() {
	case reflect.Interface:
		return object{}
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.reference(t)
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return object{"type": "number"}
	}
	panic(fmt.Sprintf("the API has a type without a schema: %s", t))
}

func (s *schemas) reference(t reflect.Type) object {
	name := schemaName(t)
	if _, ok := s.found[name]; !ok {
		schema := object{"type": "object", "additionalProperties": false}
		s.found[name] = schema // before its fields: api.Error holds itself
		properties, required := object{}, []any{}
		for _, field := range strictjson.Fields(t) {
			properties[field] = s.of(strictjson.Field(t, field))
			if strictjson.Always(t, field) {
				required = append(required, field)
			}
		}
		schema["properties"] = properties
		if len(required) > 0 {
			schema["required"] = required
		}
	}
	return object{"$ref": componentPrefix + name}
}

const componentPrefix = "#/components/schemas/"
