package strictjson

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Merge applies a JSON merge patch (RFC 7396) to current and stores the result in into; both are
// pointers to the same struct type, and may be the same. A null removes a field. The error is a
// *Error. The names in the patch are judged even where null removes nothing.
func Merge(patch []byte, current, into any) error {
	changes, err := parse(patch)
	if err != nil {
		return err
	}
	o, ok := changes.(object)
	if !ok {
		return malformed("", "the body is %s; send an object with the fields to change", describe(changes))
	}
	text, err := json.Marshal(current)
	if err != nil {
		return fmt.Errorf("the resource cannot be written as JSON (%w); this is a defect", err)
	}
	before, err := parse(text)
	if err != nil {
		return err
	}
	b := &binder{}
	b.checkNulls("", o, reflect.TypeOf(into).Elem())
	result := reflect.New(reflect.TypeOf(into).Elem()).Elem()
	b.bind("", mergeValue(before, o), result)
	if len(b.faults) > 0 {
		return &Error{b.faults}
	}
	reflect.ValueOf(into).Elem().Set(result)
	return nil
}

// checkNulls reports unknown names with the value null: merging drops them before they are bound.
func (b *binder) checkNulls(path string, patch object, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	known := fieldsOf(t)
	for _, m := range patch {
		index, ok := known.index[m.name]
		if !ok {
			if m.value == nil {
				b.unknown(path, m.name, known.names)
			}
			continue
		}
		if inner, isObject := m.value.(object); isObject {
			b.checkNulls(join(path, m.name), inner, t.FieldByIndex(index).Type)
		}
	}
}

// mergeValue is MergePatch of RFC 7396 section 2.
func mergeValue(target, patch any) any {
	changes, ok := patch.(object)
	if !ok {
		return patch
	}
	result := object{}
	if fields, ok := target.(object); ok {
		result = append(result, fields...)
	}
	at := make(map[string]int, len(result)) // a patch may have very many fields
	for i := range result {
		at[result[i].name] = i
	}
	removed := map[int]bool{}
	for _, m := range changes {
		i, exists := at[m.name]
		switch {
		case m.value == nil && exists:
			removed[i] = true
		case m.value == nil:
		case exists:
			result[i].value = mergeValue(result[i].value, m.value)
		default:
			result = append(result, member{m.name, mergeValue(nil, m.value)})
		}
	}
	return result.without(removed)
}
