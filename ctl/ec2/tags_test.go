package ec2

import (
	"maps"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// tagsOf reads the tags of a resource.
func (w *world) tagsOf(id string) map[string]string {
	w.Helper()
	tags := map[string]string{}
	for _, item := range w.ok("DescribeTags", filtered("resource-id", id)...).at("tagSet").children {
		tags[item.at("key").text] = item.at("value").text
	}
	return tags
}

// TestTags: the semantics of keys and of empty values.
func TestTags(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	for typ, id := range map[string]string{"traffic-mirror-target": b.target, "traffic-mirror-filter": b.filter, "traffic-mirror-filter-rule": b.rule,
		"traffic-mirror-session": b.session, "network-interface": b.source} {
		w.ok("DeleteTags", "ResourceId.1", id)
		w.ok("CreateTags", "ResourceId.1", id, "Tag.1.Key", "a", "Tag.1.Value", "1", "Tag.2.Key", "b", "Tag.2.Value", "", "Tag.3.Key", "c", "Tag.4.Key", "я ", "Tag.4.Value", "&")
		w.ok("CreateTags", "ResourceId.1", id, "Tag.1.Key", "a", "Tag.1.Value", "2")
		steps := []struct {
			remove []string
			want   map[string]string
		}{
			{p("Tag.1.Key", "no such"), map[string]string{"a": "2", "b": "", "c": "", "я ": "&"}},
			{p("Tag.1.Key", "a", "Tag.1.Value", ""), map[string]string{"a": "2", "b": "", "c": "", "я ": "&"}},
			{p("Tag.1.Key", "b", "Tag.1.Value", ""), map[string]string{"a": "2", "c": "", "я ": "&"}},
			{p("Tag.1.Key", "A"), map[string]string{"a": "2", "c": "", "я ": "&"}},
			{p("Tag.1.Key", "a", "Tag.1.Value", "2"), map[string]string{"c": "", "я ": "&"}},
			{p("Tag.1.Key", "c"), map[string]string{"я ": "&"}},
			{nil, map[string]string{}},
			{nil, map[string]string{}},
		}
		for _, step := range steps {
			w.ok("DeleteTags", append(step.remove, "ResourceId.1", id)...)
			if got := w.tagsOf(id); !maps.Equal(got, step.want) {
				t.Errorf("%s without %q: %q, want %q", typ, step.remove, got, step.want)
			}
		}
	}
}

// TestLongestKeyGoes: a key that the control socket allows and CreateTags does not can be deleted, all the same.
func TestLongestKeyGoes(t *testing.T) {
	w := newWorld(t)
	key := strings.Repeat("ж", 128)
	r := &ctl.Filter{Common: ctl.Common{Name: "web", Account: alice, Tags: map[string]string{key: "1", "stays": "2"}}}
	w.put(func(tx *store.Tx) error { c := *r; err := tx.PutFilter(&c); r.ID = c.ID; return err })
	w.refused("InvalidTagKey.Malformed", "CreateTags", "ResourceId.1", r.ID, "Tag.1.Key", key)
	w.ok("DeleteTags", "ResourceId.1", r.ID, "Tag.1.Key", key)
	if got := w.tagsOf(r.ID); !maps.Equal(got, map[string]string{"stays": "2"}) {
		t.Errorf("left %q", got)
	}
	for _, key := range []string{"", "aws:x", "AWS:x"} {
		w.refused("InvalidTagKey.Malformed", "DeleteTags", "ResourceId.1", r.ID, "Tag.1.Key", key)
	}
}

// TestTagsOfMany: one request tags many resources, or none of them.
func TestTagsOfMany(t *testing.T) {
	w := newWorld(t)
	b := w.build()
	w.ok("CreateTags", "ResourceId.1", b.target, "ResourceId.2", b.filter, "ResourceId.3", b.rule, "ResourceId.4", b.rule, "ResourceId.9", b.session, "ResourceId.10", b.source,
		"Tag.1.Key", "all", "Tag.1.Value", "v")
	if n := len(w.ok("DescribeTags", filtered("tag:all", "v")...).at("tagSet").children); n != 5 {
		t.Errorf("%d resources are tagged", n)
	}
	for _, test := range []struct {
		filters []string
		want    int
	}{{p("key", "all", "resource-type", "traffic-mirror-*"), 4}, {p("value", "v", "resource-id", b.rule), 1}, {p("resource-type", "network-interface", "key", "Name"), 1},
		{p("tag-key", "all"), 5}, {p("value", "a ?"), 1}} {
		if n := len(w.ok("DescribeTags", filtered(test.filters...)...).at("tagSet").children); n != test.want {
			t.Errorf("%q finds %d tags, want %d", test.filters, n, test.want)
		}
	}
	full := w.ok("CreateTrafficMirrorFilter").at("trafficMirrorFilter", "trafficMirrorFilterId").text
	w.ok("CreateTags", append(numberedTags(50), "ResourceId.1", full)...)
	w.refused("TagLimitExceeded", "CreateTags", "ResourceId.1", b.target, "ResourceId.2", full, "Tag.1.Key", "one more")
	if _, has := w.tagsOf(b.target)["one more"]; has {
		t.Error("one of two resources was tagged")
	}
	w.ok("CreateTags", "ResourceId.1", full, "Tag.1.Key", "k7", "Tag.1.Value", strings.Repeat("ж", 256))
	w.refused("TagLimitExceeded", "CreateTrafficMirrorFilter", specified("traffic-mirror-filter", 51)...)
	w.ok("CreateTrafficMirrorFilter", specified("traffic-mirror-filter", 50)...)
}

func specified(typ string, n int) []string {
	params := p("TagSpecification.1.ResourceType", typ)
	for i, word := range numberedTags(n) {
		if i%2 == 0 {
			word = "TagSpecification.1." + word
		}
		params = append(params, word)
	}
	return params
}
