package console_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the templates write. Whatever else were in a page would be a user's.
var (
	elements = strings.Fields(`!doctype html head meta title link script body a header p span div form input button nav ul ol li main h1 h2 h3 footer
		section dl dt dd table caption thead tbody tr th td fieldset legend label select option datalist textarea figure figcaption strong pre code svg path rect text desc template details summary noscript`)
	attributes = strings.Fields(`lang charset name content rel href type src class id aria-hidden aria-label aria-labelledby aria-current aria-sort aria-describedby
		aria-invalid method action value role tabindex novalidate formnovalidate for autocomplete placeholder list required selected checked disabled inputmode scope
		data-label data-live data-rows title html rows hidden width height d x y viewbox preserveaspectratio data-unit data-word data-topic data-watch data-notice data-connection
		data-voice data-events data-since data-field data-link data-mark data-key data-list data-empty data-full data-plot data-series data-seconds data-top data-spark
		formaction open data-frames data-frames-form data-kept data-part data-do data-count`)
)

var attribute = regexp.MustCompile(`^\s+([^\s"'>/=]+)(?:="([^"]*)")?`)

// foreignMarkup finds an element or attribute in a page that no template writes, or an address that is
// not of this console.
func foreignMarkup(page string) error {
	for rest := page; ; {
		_, tag, found := strings.Cut(rest, "<")
		if !found {
			return nil
		}
		name := strings.ToLower(tag[:strings.IndexFunc(tag+" ", func(r rune) bool { return strings.ContainsRune(" \n>/", r) && r != '/' })])
		name = strings.TrimPrefix(name, "/")
		if !slices.Contains(elements, name) {
			return fmt.Errorf("an element <%.60s", tag)
		}
		tag = tag[strings.IndexAny(tag, " \n>"):]
		for {
			found := attribute.FindStringSubmatch(tag)
			if found == nil {
				break
			}
			if err := checkAttribute(strings.ToLower(found[1]), found[2]); err != nil {
				return fmt.Errorf("in <%s>: %w", name, err)
			}
			tag = tag[len(found[0]):]
		}
		if end := strings.TrimSpace(tag); !strings.HasPrefix(end, ">") && !strings.HasPrefix(end, "/>") {
			return fmt.Errorf("<%s> has something that is no attribute: %.60s", name, tag)
		}
		rest = tag
	}
}

func checkAttribute(name, value string) error {
	if !slices.Contains(attributes, name) {
		return fmt.Errorf("an attribute %s", name)
	}
	if (name == "href" || name == "src" || name == "action") && !(strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//")) && !strings.HasPrefix(value, "#") {
		return fmt.Errorf("an address %s", value)
	}
	return nil
}

func TestForeignMarkup(t *testing.T) {
	for page, is := range map[string]bool{
		`<p class="x">a &lt;b&gt; c</p>`: false, `<p><img></p>`: true, `<p onclick="x">`: true, `<a href="javascript:x">`: true, `<a href="//evil">`: true,
		`<a href="/a" title="<script>">b</a>`: false, `<p <b>`: true, `<script>`: false, `<svg onload="x">`: true, `<object>`: true, `<p x='y'>`: true,
	} {
		if err := foreignMarkup(page); (err != nil) != is {
			t.Errorf("%s: %v", page, err)
		}
	}
}
