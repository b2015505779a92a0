package strictjson

import (
	"reflect"
	"strings"
	"sync"
)

// fields are the JSON fields of a struct, those of embedded structs included.
type fields struct {
	index map[string][]int // for reflect.Value.FieldByIndex
	names []string         // in the order of the struct

	always       map[string]bool // fields that are written whatever their value
	zeroIsAbsent map[string]bool // whole numbers that are left out when they are 0
}

var fieldCache sync.Map // reflect.Type -> *fields

func fieldsOf(t reflect.Type) *fields {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.(*fields)
	}
	f := &fields{index: map[string][]int{}, always: map[string]bool{}, zeroIsAbsent: map[string]bool{}}
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || field.Anonymous || name == "-" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		f.index[name] = field.Index
		f.always[name] = !strings.Contains(options, "omitempty")
		whole := field.Type.Kind() == reflect.Int || field.Type.Kind() == reflect.Int64
		f.zeroIsAbsent[name] = whole && strings.Contains(options, "omitempty")
		f.names = append(f.names, name)
	}
	fieldCache.Store(t, f)
	return f
}

// Fields returns the JSON names of the fields of a struct type.
func Fields(t reflect.Type) []string { return fieldsOf(t).names }

// Field returns the type of the field with a JSON name, which the struct type must have.
func Field(t reflect.Type, name string) reflect.Type {
	return t.FieldByIndex(fieldsOf(t).index[name]).Type
}

// Value returns the field of a struct with a JSON name, which the struct must have.
func Value(v reflect.Value, name string) reflect.Value {
	return v.FieldByIndex(fieldsOf(v.Type()).index[name])
}

// Always reports whether a field is written whatever its value.
func Always(t reflect.Type, name string) bool { return fieldsOf(t).always[name] }
