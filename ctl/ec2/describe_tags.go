package ec2

// tagItem is one tag of one resource.
type tagItem struct {
	id, typ    string
	key, value string
}

// tagItems are all tags of what the account owns.
var tagItems = &kind[tagItem]{
	set: "tagSet",
	all: func(v *viewer, after string, yield func(tagItem)) {
		eachTagged(v, targets, after, yield)
		eachTagged(v, filters, after, yield)
		eachTagged(v, filterRules, after, yield)
		eachTagged(v, sessions, after, yield)
		eachTagged(v, interfaces, after, yield)
	},
	key: tagKey,
	write: func(d *document, t tagItem) {
		d.text("resourceId", t.id)
		d.text("resourceType", t.typ)
		d.text("key", t.key)
		d.text("value", t.value)
	},
	attributes: map[string]func(tagItem) []string{
		"key":           func(t tagItem) []string { return []string{t.key} },
		"resource-id":   func(t tagItem) []string { return []string{t.id} },
		"resource-type": func(t tagItem) []string { return []string{t.typ} },
		"value":         func(t tagItem) []string { return []string{t.value} },
	},
	tags: func(t tagItem) map[string]string { return map[string]string{t.key: t.value} },
}

func tagKey(t tagItem) string { return t.id + "\x00" + t.key }

// eachTagged yields the tags of one kind. after may lie within the tags of a resource.
func eachTagged[R any](v *viewer, k *kind[R], after string, yield func(tagItem)) {
	k.all(v, "", func(r R) {
		if k.owner(r) != v.account {
			return
		}
		id := k.key(r)
		for key, value := range k.tags(r) {
			if t := (tagItem{id, k.name, key, value}); tagKey(t) > after {
				yield(t)
			}
		}
	})
}
