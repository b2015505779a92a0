package ec2

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// Bounds of tags in characters (EC2 API, Tag).
const (
	maxTagKey   = 127
	maxTagValue = 256
)

var tagActions = []action{
	{
		name:   "CreateTags",
		fields: []field{must(list("ResourceId", maxIDs, id(""))), must(list("Tag", maxTagSet, structure("", tagFields...)))},
		check:  readCreatedTags, on: taggedResources, change: createTags, write: writeTrue,
	},
	{
		name:   "DeleteTags",
		fields: []field{must(list("ResourceId", maxIDs, id(""))), list("Tag", maxTagSet, structure("", tagFields...))},
		check:  readDeletedTags, on: taggedResources, change: deleteTags, write: writeTrue,
	},
	{
		name:     "DescribeTags",
		fields:   describing(),
		describe: func(x *request) ([]byte, error) { return describe(x, tagItems) },
	},
}

func writeTrue(_ *request, d *document, _ *outcome) { d.flag("return", true) }

// readTags reads tags that are to be set. One key once.
func readTags(list []*value) (map[string]string, error) {
	tags := map[string]string{}
	for _, tag := range list {
		key, val := tag.str("Key"), tag.str("Value")
		if err := checkKey(key); err != nil {
			return nil, err
		}
		if _, twice := tags[key]; twice {
			return nil, invalid("InvalidParameterValue", "Duplicate tag key %s specified", quoted(key))
		}
		if n := utf8.RuneCountInString(val); n > maxTagValue {
			return nil, invalid("InvalidParameterValue", "The value of the tag %s has %d characters; use at most %d", quoted(key), n, maxTagValue)
		}
		tags[key] = val
	}
	if len(tags) == 0 {
		return nil, nil
	}
	return tags, nil
}

// checkKey judges the key of a tag that is to be set.
func checkKey(key string) error {
	if n := utf8.RuneCountInString(key); n > maxTagKey {
		return invalid("InvalidTagKey.Malformed", "The tag key %s has %d characters; use at most %d", quoted(key), n, maxTagKey)
	}
	return checkFreeKey(key)
}

// checkFreeKey judges the key of a tag that is to be deleted. It may be longer: the control socket sets such tags.
func checkFreeKey(key string) error {
	switch {
	case key == "":
		return invalid("InvalidTagKey.Malformed", "A tag key must not be empty")
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return invalid("InvalidTagKey.Malformed", "Tag keys starting with 'aws:' are reserved for internal use")
	}
	return nil
}

// specifiedTags reads the tags of what is made. All of them are of its type.
func specifiedTags(list []*value, of *resource) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	for _, specification := range list {
		if typ := specification.str("ResourceType"); typ != of.name {
			return nil, invalid("InvalidParameterValue", "%s is not a valid taggable resource type for this operation. Use %s", quoted(typ), of.name)
		}
	}
	if len(list) > 1 {
		return nil, invalid("InvalidParameterValue", "TagSpecification is there %d times for the resource type %s; give it once", len(list), quoted(of.name))
	}
	tags, err := readTags(list[0].list("Tag"))
	if err != nil {
		return nil, err
	}
	return tags, tooManyTags(of.word, tags)
}

func tooManyTags(what string, tags map[string]string) error {
	if len(tags) <= ctl.MaxTags {
		return nil
	}
	return invalid("TagLimitExceeded", "The %s would have %d tags; the maximum is %d", what, len(tags), ctl.MaxTags)
}

// taggedResources are what tags are set of, by their identifiers: names will not do.
func taggedResources(x *request, v *viewer) []subject {
	var on []subject
	for _, ref := range x.in.texts("ResourceId") {
		if !slices.ContainsFunc(on, func(s subject) bool { return s.id == ref }) {
			on = append(on, taggedResource(v, ref))
		}
	}
	return on
}

// unknownResource is what is asked for if nothing has the identifier.
var unknownResource = &resource{name: "*", word: "resource", notFound: notAnID}

func taggedResource(v *viewer, ref string) subject {
	if ctl.IsID(ref) {
		switch prefix, _, _ := strings.Cut(ref, "-"); prefix + "-" {
		case targetResource.prefix:
			return known(targets.seek(v, ref))
		case filterResource.prefix:
			return known(filters.seek(v, ref))
		case ruleResource.prefix:
			return known(filterRules.seek(v, ref))
		case sessionResource.prefix:
			return known(sessions.seek(v, ref))
		case eniResource.prefix:
			return known(interfaces.seek(v, ref))
		}
	}
	return subject{resource: unknownResource, id: ref, account: v.account}
}

// known makes the fault of a resource that is not there that of tags.
func known(s subject) subject {
	if s.record == nil {
		r := *s.resource
		r.notFound = notAnID
		s.resource = &r
	}
	return s
}

func readCreatedTags(x *request) (err error) {
	x.tags, err = readTags(x.in.list("Tag"))
	x.tagKeys = keysOf(x.tags)
	return err
}

func createTags(x *request, tx *store.Tx, on []subject) (any, error) {
	return nil, retag(tx, on, func(tags map[string]string) { maps.Copy(tags, x.tags) })
}

func readDeletedTags(x *request) error {
	x.tags = map[string]string{}
	for _, tag := range x.in.list("Tag") {
		key := tag.str("Key")
		if err := checkFreeKey(key); err != nil {
			return err
		}
		x.tagKeys = append(x.tagKeys, key)
		if tag.has("Value") {
			x.tags[key] = tag.str("Value")
		}
	}
	return nil
}

// deleteTags deletes by key, or by key and value where a value is there, even an empty one.
// Without any tag it deletes all.
func deleteTags(x *request, tx *store.Tx, on []subject) (any, error) {
	list := x.in.list("Tag")
	return nil, retag(tx, on, func(tags map[string]string) {
		if len(list) == 0 {
			clear(tags)
		}
		for _, tag := range list {
			if key := tag.str("Key"); !tag.has("Value") || tags[key] == tag.str("Value") {
				delete(tags, key)
			}
		}
	})
}

// retag changes the tags of all subjects, or of none.
func retag(tx *store.Tx, on []subject, change func(map[string]string)) error {
	for i := range on {
		s := &on[i]
		if err := own(s); err != nil {
			return err
		}
		tags := maps.Clone(s.tags)
		if tags == nil {
			tags = map[string]string{}
		}
		change(tags)
		if err := tooManyTags(s.word+" "+s.id, tags); err != nil {
			return err
		}
		if maps.Equal(tags, s.tags) {
			continue
		}
		if err := putTags(tx, s.id, tags); err != nil {
			return err
		}
	}
	return nil
}

// putTags puts a copy of the record as it is at this point of the change.
func putTags(tx *store.Tx, id string, tags map[string]string) error {
	_, record, _ := tx.Find(id)
	switch r := record.(type) {
	case *ctl.Target:
		c := *r
		c.Tags = tags
		return tx.PutTarget(&c)
	case *ctl.Filter:
		c := *r
		c.Tags = tags
		return tx.PutFilter(&c)
	case *store.RuleRecord:
		c := *r.Rule
		c.Tags = tags
		return tx.PutRule(r.FilterID, &c)
	case *ctl.Session:
		c := *r
		c.Tags = tags
		return tx.PutSession(&c)
	case *ctl.Interface:
		c := *r
		c.Tags = tags
		return tx.PutInterface(&c)
	}
	return internal("the resource %s cannot have tags; this is a defect of the gateway", id)
}

// writeTags writes the tags of a resource, sorted by key.
func writeTags(d *document, tags map[string]string) {
	each(d, "tagSet", keysOf(tags), func(key string) {
		d.text("key", key)
		d.text("value", tags[key])
	})
}
