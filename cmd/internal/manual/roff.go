package manual

import (
	"fmt"
	"strings"
)

// Roff is the page as man(7) reads it.
func (p *Page) Roff() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s %d \"\" %s mirrorgw\n", quote(strings.ToUpper(p.program)), p.section, quote("mirrorgw "+p.version))
	fmt.Fprintf(&b, ".SH \"NAME\"\n%s \\- %s\n", escape(p.program), escape(p.summary))
	before := section
	for _, part := range p.parts {
		switch part.kind {
		case section:
			fmt.Fprintf(&b, ".SH %s\n", quote(part.term))
		case subsection:
			fmt.Fprintf(&b, ".SS %s\n", quote(part.term))
		case text:
			if before == text || before == verbatim {
				b.WriteString(".PP\n")
			}
			b.WriteString(lines(part.text))
		case item:
			fmt.Fprintf(&b, ".TP\n.B %s\n%s", quote(part.term), lines(part.text))
		case verbatim:
			b.WriteString(".PP\n.nf\n" + lines(part.text) + ".fi\n")
		}
		before = part.kind
	}
	return b.String()
}

// lines are a text's, none of them a request.
func lines(text string) string {
	var b strings.Builder
	for _, line := range strings.Split(text, "\n") {
		b.WriteString(escape(line) + "\n")
	}
	return b.String()
}

// escape keeps man(7) from taking text for requests and hyphens of options for those of words.
func escape(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}

// quote is escape for the argument of a request.
func quote(text string) string { return `"` + strings.ReplaceAll(escape(text), `"`, `\(dq`) + `"` }
