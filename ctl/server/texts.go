package server

import (
	"reflect"
	"strings"

	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

// wireTexts are the fields of a wire type in which words are looked for.
type wireTexts[W any] struct {
	plain []string // JSON names
	refs  []string // those of them that refer to other resources
}

func newTexts[W any]() *wireTexts[W] {
	t := &wireTexts[W]{}
	own := ""
	for i, name := range strictjson.Fields(reflect.TypeFor[W]()) {
		if !isPlain(strictjson.Field(reflect.TypeFor[W](), name)) {
			continue
		}
		t.plain = append(t.plain, name)
		if i == 0 {
			own = name // its identifier is the first field of every wire type
		}
		if name != own && referring[name] {
			t.refs = append(t.refs, name)
		}
	}
	return t
}

// referring are the fields that name other resources by their identifier.
var referring = map[string]bool{"networkInterfaceId": true, "trafficMirrorTargetId": true, "trafficMirrorFilterId": true, "loadBalancerId": true, "trafficMirrorTargetIds": true}

// references are the identifiers of the resources that one refers to.
func (t *wireTexts[W]) references(w *W) (ids []string) {
	value := reflect.ValueOf(w).Elem()
	for _, name := range t.refs {
		for _, id := range texts(strictjson.Value(value, name)) {
			if id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// have tells whether all words are somewhere in the resource.
func (t *wireTexts[W]) have(v *store.View, w *W, words []string) bool {
	if len(words) == 0 {
		return true
	}
	var all strings.Builder
	value := reflect.ValueOf(w).Elem()
	for _, name := range t.plain {
		for _, text := range texts(strictjson.Value(value, name)) {
			all.WriteString(text)
			all.WriteByte('\n')
		}
	}
	for _, id := range t.references(w) {
		if _, record, ok := v.Find(id); ok {
			all.WriteString(nameOf(record))
			all.WriteByte('\n')
		}
	}
	tags, _ := strictjson.Value(value, "tags").Interface().(map[string]string)
	for key, text := range tags {
		all.WriteString(key + "=" + text + "\n")
	}
	folded := strings.ToLower(all.String())
	for _, word := range words {
		if !strings.Contains(folded, word) {
			return false
		}
	}
	return true
}

// key is what a resource is sorted by: of a reference, the name of what it refers to.
func (t *wireTexts[W]) key(v *store.View, w *W, field string) string {
	var parts []string
	for _, text := range texts(strictjson.Value(reflect.ValueOf(w).Elem(), field)) {
		if referring[field] {
			if _, record, ok := v.Find(text); ok {
				text = nameOf(record)
			}
		}
		parts = append(parts, text)
	}
	return strings.ToLower(strings.Join(parts, " "))
}
