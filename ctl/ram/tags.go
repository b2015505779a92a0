package ram

import (
	"maps"
	"strings"
	"unicode/utf8"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

// Limits of tags (AWS RAM API, TagResource).
const (
	maxTagKey   = 128
	maxTagValue = 256
)

// tagsOf reads tags.
func tagsOf(list []tag) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[t.Key]; twice {
			return nil, invalid("The tag key %q is there twice.", clip(t.Key))
		}
		if err := checkKey(t.Key); err != nil {
			return nil, err
		}
		if n := utf8.RuneCountInString(t.Value); n > maxTagValue {
			return nil, invalid("The value of the tag %q has %d characters. Use at most %d.", clip(t.Key), n, maxTagValue)
		}
		tags[t.Key] = t.Value
	}
	return tags, tooMany(tags)
}

func checkKey(key string) error {
	if n := utf8.RuneCountInString(key); n < 1 || n > maxTagKey || strings.HasPrefix(strings.ToLower(key), "aws:") {
		return invalid("The tag key %q is not valid. Use 1 to %d characters that do not begin with aws:.", clip(key), maxTagKey)
	}
	return nil
}

func tooMany(tags map[string]string) error {
	if len(tags) > ctl.MaxTags {
		return refused("TagLimitExceededException", "There are %d tags. A resource share has at most %d.", len(tags), ctl.MaxTags)
	}
	return nil
}

type tagInput struct {
	ARN  string `json:"resourceShareArn,omitempty"`
	Tags []tag  `json:"tags,omitempty"`
}

func tagShare(x *request, in *tagInput) (any, error) {
	if in.ARN == "" {
		return nil, missing("resourceShareArn")
	}
	if len(in.Tags) == 0 {
		return nil, missing("tags")
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	return x.setTags(in.ARN, tags, sortedKeys(tags), func(r *ctl.Share) error {
		maps.Copy(r.Tags, tags)
		return tooMany(r.Tags)
	})
}

type untagInput struct {
	ARN  string   `json:"resourceShareArn,omitempty"`
	Keys []string `json:"tagKeys,omitempty"`
}

func untagShare(x *request, in *untagInput) (any, error) {
	if in.ARN == "" {
		return nil, missing("resourceShareArn")
	}
	if len(in.Keys) == 0 {
		return nil, missing("tagKeys")
	}
	for _, key := range in.Keys {
		if err := checkKey(key); err != nil {
			return nil, err
		}
	}
	return x.setTags(in.ARN, nil, in.Keys, func(r *ctl.Share) error {
		for _, key := range in.Keys {
			delete(r.Tags, key)
		}
		return nil
	})
}

// setTags changes the tags of a copy of a share.
func (x *request) setTags(arn string, requested map[string]string, keys []string, set func(*ctl.Share) error) (any, error) {
	find := func(v *store.View) (*ctl.Share, error) { return x.ownedFor(v, arn, requested, keys) }
	_, err := x.change(nil, find, func(tx *store.Tx, r *ctl.Share) error {
		changed := r.Clone()
		changed.Tags = map[string]string{}
		maps.Copy(changed.Tags, r.Tags)
		if err := set(changed); err != nil {
			return err
		}
		return tx.PutShare(changed)
	})
	x.touched(arn)
	return struct{}{}, err
}
