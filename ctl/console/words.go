package console

import (
	"strconv"
	"time"

	"mirrorgw/ctl/api"
)

// dash stands for what is not set.
func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// shownTime writes a time of the API (RFC 3339) as pages have times.
func shownTime(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return dash(text)
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

// number writes a number for people; 0 is absent.
func number[T int | int64](n T, absent, unit string) string {
	if n == 0 {
		return absent
	}
	text := grouped(int64(n))
	if unit != "" {
		text += " " + unit
	}
	return text
}

// grouped has commas between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// digits is a number as a form has it; 0 is nothing.
func digits[T int | int64](n T) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// badges are the kinds of badges of states of targets, sessions and links.
var badges = map[string]string{
	"reachable": "good", "active": "good", "healthy": "good", "up": "good", "worker": "plain", "calm": "good",
	"degraded": "warn", "limited": "warn", "initial": "warn", "draining": "plain", "coming-up": "warn", "unknown": "plain",
	"associated": "good", "pending": "warn", "expired": "plain",
	"matched": "good", "accepted": "good", "service": "good", "missed": "plain", "rejected": "warn", "excluded": "warn", "not-seen": "warn",
	"unresolved": "bad", "target-down": "bad", "no-listener": "bad", "unserved": "bad", "inactive": "bad", "unhealthy": "bad",
	"down": "bad", "taken-down": "bad", "unmatched": "bad", "blind": "bad",
}

// state is a badge.
func state(text, reason string) cell {
	if text == "" {
		return cell{Text: "–", Title: "nothing is known of it"}
	}
	kind := badges[text]
	if kind == "" {
		kind = "plain"
	}
	return cell{Text: text, Badge: kind, Title: reason}
}

// commonFields are those of every kind's form.
func commonFields(hint string) []field {
	return []field{
		{Name: "name", Label: "Name", Required: true, Hint: hint, Autocomplete: "off"},
		{Name: "description", Label: "Description", Autocomplete: "off"},
	}
}

// commonTexts are what they show.
func commonTexts(c *api.Common) map[string]string {
	return map[string]string{"name": c.Name, "description": c.Description}
}

// commonFacts are on every page about a resource.
func commonFacts(id string, c *api.Common) []fact {
	return []fact{
		{"Identifier", cell{Text: id, Code: true}},
		{"Description", cell{Text: dash(c.Description)}},
		{"Account", cell{Text: c.OwnerID, Code: true}},
	}
}

// digitsOf is a number that may be 0.
func digitsOf(n int) string { return strconv.Itoa(n) }
