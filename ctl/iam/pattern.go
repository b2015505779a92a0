package iam

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Wildcards in glyphs. No character has a negative number.
const (
	anyText rune = -1 // *: any number of characters
	anyRune rune = -2 // ?: one character
)

// glyphs is a pattern: characters and wildcards.
type glyphs []rune

// matches compares the whole text with the pattern. It goes back to the last * only, so that no
// pattern takes more steps than the product of the two lengths.
func (g glyphs) matches(text string) bool {
	p, t := 0, 0
	star, from := -1, 0 // after the last *, and where in the text what follows it was tried
	for t < len(text) {
		r, width := utf8.DecodeRuneInString(text[t:])
		switch {
		case p < len(g) && g[p] == anyText:
			star, from = p+1, t
			p++
			continue
		case p < len(g) && (g[p] == anyRune || g[p] == r):
			p++
			t += width
			continue
		case star < 0:
			return false
		}
		_, width = utf8.DecodeRuneInString(text[from:])
		from += width
		p, t = star, from
	}
	for p < len(g) && g[p] == anyText {
		p++
	}
	return p == len(g)
}

// text tells the pattern's text where it has no wildcard.
func (g glyphs) text() (string, bool) {
	var b strings.Builder
	for _, r := range g {
		if r < 0 {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// wildcards reads a text in which * and ? are wildcards, and nothing else is special.
func wildcards(text string) glyphs {
	g := make(glyphs, 0, len(text))
	for _, r := range text {
		switch r {
		case '*':
			r = anyText
		case '?':
			r = anyRune
		}
		g = append(g, r)
	}
	return g
}

// plain reads a text in which nothing is special.
func plain(text string) glyphs { return glyphs([]rune(text)) }

// template is a pattern that may hold policy variables, such as "${aws:username}".
type template struct {
	source string // as written
	pieces []piece
	fixed  glyphs // the whole pattern where there is no variable
	open   bool   // there is a variable
}

// piece is a part of a template: a pattern or a variable.
type piece struct {
	pattern  glyphs
	variable string // lower case name of a condition key; empty: pattern counts
	fallback string // value of a variable that the question does not have
	hasFall  bool
}

// parseTemplate reads a text with policy variables (IAM User Guide, "IAM policy elements: Variables
// and tags"). read makes patterns of what is not a variable: wildcards or plain. Without variables
// allowed, "${" is refused: IAM would take it as it stands, which is not what was meant.
func parseTemplate(text string, read func(string) glyphs, variables bool) (*template, error) {
	t := &template{source: text}
	rest := text
	for {
		before, after, found := strings.Cut(rest, "${")
		t.add(piece{pattern: read(before)})
		if !found {
			return t, nil
		}
		if !variables {
			return nil, fmt.Errorf("%q has a policy variable, which needs \"Version\": %q", text, Version)
		}
		inside, following, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("%q has a ${ without its }; write it like ${aws:username}", text)
		}
		p, err := parseVariable(inside)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		t.add(p)
		rest = following
	}
}

func (t *template) add(p piece) {
	t.pieces = append(t.pieces, p)
	t.open = t.open || p.variable != ""
	if !t.open {
		t.fixed = append(t.fixed, p.pattern...)
	}
}

// isEmpty tells a template that only the empty text can match.
func (t *template) isEmpty() bool { return !t.open && len(t.fixed) == 0 }

// parseVariable reads what stands between "${" and "}".
func parseVariable(inside string) (piece, error) {
	switch inside {
	case "*", "?", "$":
		return piece{pattern: plain(inside)}, nil
	}
	name, fallback, hasFall := strings.Cut(inside, ",")
	p := piece{variable: strings.ToLower(strings.TrimSpace(name)), hasFall: hasFall}
	if hasFall {
		fallback = strings.TrimSpace(fallback)
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return p, fmt.Errorf("the default of ${%s} is not in single quotes; write it like ${%s, 'none'}", inside, strings.TrimSpace(name))
		}
		p.fallback = fallback[1 : len(fallback)-1]
	}
	key, err := findKey(strings.TrimSpace(name))
	if err != nil {
		return p, fmt.Errorf("policy variable ${%s}: %w", inside, err)
	}
	if key.many {
		return p, fmt.Errorf("policy variable ${%s} may have several values; use a key with one", inside)
	}
	return p, nil
}

// resolve puts values in the place of variables; what is in them is no wildcard. It reports false
// where the question has no value, or several, for a variable.
func (t *template) resolve(f *facts) (glyphs, bool) {
	if !t.open {
		return t.fixed, true
	}
	var g glyphs
	for _, p := range t.pieces {
		if p.variable == "" {
			g = append(g, p.pattern...)
			continue
		}
		switch values := f.values(p.variable); {
		case len(values) == 1 && utf8.ValidString(values[0]):
			g = append(g, plain(values[0])...)
		case len(values) == 0 && p.hasFall:
			g = append(g, plain(p.fallback)...)
		default:
			return nil, false
		}
	}
	return g, true
}
