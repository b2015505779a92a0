package ctl

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// Limits of what a record holds.
const (
	maxDescription = 255
	maxTagKey      = 128 // EC2 API, Tag: letters of a key
	maxTagValue    = 256 // and of a value
	maxText        = 128 // letters of free text that becomes a metric's dimension
	maxMTU         = 65535
	minSourceMTU   = 68 // RFC 791 section 3.2: every module forwards 68 bytes
	maxLength      = 65535

	// MinTargetMTU and MinTargetMTUv6 are what an outer IP packet may always have, bytes
	// (RFC 791 section 3.1, RFC 8200 section 5). MaxTargetMTU is what its length field can say.
	MinTargetMTU   = 576
	MinTargetMTUv6 = 1280
	MaxTargetMTU   = maxMTU
)

// checker judges one record by itself, whatever it came from: its ranges, lengths and families.
// What a record means to others is judged by the store.
type checker struct {
	problems *problem.List
	src      *tomldoc.Table // nil: the record was never text
	subject  string
}

func (c *checker) fail(key, format string, args ...any) {
	c.failCode(api.CodeInvalidValue, key, format, args...)
}

func (c *checker) failCode(code, key, format string, args ...any) {
	c.problems.Add(problem.Problem{Position: c.src.Position(key), Subject: c.subject, Key: key,
		Text: fmt.Sprintf(format, args...), Code: code})
}

// failErr adds the error of a parser, if there is one.
func (c *checker) failErr(key string, err error) {
	if err != nil {
		c.fail(key, "%v", err)
	}
}

// number checks a range. A value of absent is right where the document does not have the key.
func (c *checker) number(key, words string, value, low, high int, absent ...int) {
	if value >= low && value <= high {
		return
	}
	for _, a := range absent {
		if value == a && !c.src.Has(key) {
			return
		}
	}
	c.fail(key, "%s %d is out of range; use a number from %d to %d", words, value, low, high)
}

// required checks a number that must be there; 0 stands for its absence.
func (c *checker) required(key, words string, value, low, high, example int) {
	if value == 0 && !c.src.Has(key) {
		c.failCode(api.CodeMissingValue, key, "%s is missing; use a number from %d to %d such as %d, the lowest is tried first", words, low, high, example)
		return
	}
	c.number(key, words, value, low, high)
}

// text checks the length of free text.
func (c *checker) text(key, words, text string, limit int) {
	if n := utf8.RuneCountInString(text); n > limit {
		c.fail(key, "%s has %d characters; shorten it to at most %d", words, n, limit)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		c.fail(key, "%s is not text; use UTF-8 without zero bytes", words)
	}
}

func (c *checker) oneOf(key, words, value string, choices ...string) {
	for _, choice := range choices {
		if value == choice {
			return
		}
	}
	c.fail(key, "%s %q is not known; use one of: %s", words, clip(value), strings.Join(choices, ", "))
}

// clip shortens what an error repeats.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

// CheckAccount returns an error that says what an account number is, or nil.
func CheckAccount(account string) error {
	if accountForm.MatchString(account) {
		return nil
	}
	return fmt.Errorf("account %q is not an account number; write 12 digits", clip(account))
}

// common checks what all kinds have. word is the kind for people, as in "load balancer".
func (c *checker) common(r *Common, word, prefix, example string) {
	switch err := config.CheckName(r.Name); {
	case r.Name == "" && !c.src.Has("name"):
		c.failCode(api.CodeMissingValue, "name", "name is missing; choose one like %q", example)
	case err != nil:
		c.fail("name", "name %q is not allowed; use 1 to 64 letters, digits, dots, underscores and hyphens", clip(r.Name))
	case IsID(r.Name):
		c.fail("name", "name %q has the form of an ID; choose a name that is not one", r.Name)
	}
	c.id(r.ID, word, prefix)
	if r.Account != "" || c.src.Has("account") {
		c.failErr("account", CheckAccount(r.Account))
	}
	c.text("description", "description", r.Description, maxDescription)
	c.tags(r.Tags)
}

func (c *checker) id(id, word, prefix string) {
	if prefix == PrefixShare {
		if (id != "" || c.src.Has("id")) && !IsUUID(id) {
			c.fail("id", "id %q is not the ID of %s %s; write a UUID in lower case, or leave it out to get one", clip(id), article(word), word)
		}
		return
	}
	if (id != "" || c.src.Has("id")) && !isIDOf(prefix, id) {
		c.fail("id", "id %q is not the ID of %s %s; write %s and 17 digits of 0-9a-f, or leave it out to get one", clip(id), article(word), word, prefix)
	}
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an"
	}
	return "a"
}

// tags checks tags. Their problems have the key "tags" and the position of the single tag.
func (c *checker) tags(tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	var table *tomldoc.Table
	if c.src != nil {
		table = c.src.Table("tags")
	}
	fail := func(key, format string, args ...any) {
		c.problems.Add(problem.Problem{Position: table.Position(key), Subject: c.subject + " tags", Key: "tags",
			Text: fmt.Sprintf(format, args...), Code: api.CodeInvalidValue})
	}
	if len(tags) > MaxTags {
		fail("", "there are %d tags; keep at most %d", len(tags), MaxTags)
	}
	for _, key := range sortedKeys(tags) {
		if n := utf8.RuneCountInString(key); n < 1 || n > maxTagKey || strings.HasPrefix(strings.ToLower(key), "aws:") || !plainText(key) {
			fail(key, "tag %q has a key that is not allowed; use 1 to %d characters that do not begin with aws:", clip(key), maxTagKey)
		}
		if n := utf8.RuneCountInString(tags[key]); n > maxTagValue || !plainText(tags[key]) {
			fail(key, "tag %q has a value of %d characters; use at most %d, of UTF-8", clip(key), n, maxTagValue)
		}
	}
}

func plainText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

func sortedKeys(tags map[string]string) []string {
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	return sorted(keys)
}
